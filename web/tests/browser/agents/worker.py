#!/usr/bin/env python3
"""An agent that takes a pasted prompt, reports how far it is, and is done when the file is there that its work names."""
import json
import os
import re
import time
import tty
import urllib.request

URL, KEY = os.environ["RAVEN_MCP_URL"], os.environ["RAVEN_MCP_KEY"]


def show(text):
    os.write(1, ("\x1b[2J\x1b[H" + text).encode())


def call(tool, **arguments):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }
    request = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as response:
        return json.load(response)


def work(prompt):
    own = re.search(r"asg_[0-9a-f-]+", prompt)
    go_on = re.search(r"until (/\S+) is there", prompt)
    if not own:
        return
    call("assignment_report", assignmentId=own.group(), state="working", progress=40, summary="I read the *plan*.")
    while go_on and not os.path.exists(go_on.group(1)):
        time.sleep(0.05)
    result = "All **12** links work."
    call("assignment_report", assignmentId=own.group(), state="done", summary="Looked at all links.", result=result)


tty.setraw(0)
os.write(1, b"\x1b[?2004h")
show("> ")
typed = b""
while True:
    got = os.read(0, 65536)
    if not got:
        break
    typed += got
    if b"\x1b[201~" in typed and not typed.endswith(b"\r"):
        show("> [a paste]")
    if not typed.endswith(b"\r"):
        continue
    prompt = typed.replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"").replace(b"\r", b"\n").decode()
    typed = b""
    show("Working\r\n")
    work(prompt)
    show("> ")
