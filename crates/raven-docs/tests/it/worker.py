"""An interactive agent in miniature: takes pasted prompts, keeps them, works on them by the tools of its control plane.

Its folder is its first argument. `prompts` there has every prompt that it took, one JSON text a line. A turn goes on
until `go` and its number are there, or, with `report` as the second argument, until it has reported.
"""
import json
import os
import re
import sys
import time
import tty
import urllib.request

FOLDER = sys.argv[1]
REPORTS = sys.argv[2:] == ["report"]


def show(text):
    os.write(1, text.encode())


def tool(name, arguments):
    params = {"name": name, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    request = urllib.request.Request(os.environ["RAVEN_MCP_URL"], json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + os.environ["RAVEN_MCP_KEY"])
    request.add_header("Content-Type", "application/json")
    request.add_header("Accept", "application/json, text/event-stream")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return json.load(opener.open(request, timeout=20))


def work(prompt, turn):
    if not REPORTS:
        while not os.path.exists(os.path.join(FOLDER, "go%d" % turn)):
            time.sleep(0.05)
        return
    own = re.search(r"asg_[0-9a-f]+", prompt).group()
    tool("assignment_report", {"assignmentId": own, "state": "working", "progress": 50})
    result = {"lines": len(prompt.splitlines())}
    tool("assignment_report", {"assignmentId": own, "state": "done", "summary": "all done", "result": result})


def main():
    tty.setraw(0)
    show("\x1b[?2004h\x1b[2J\x1b[H> ")
    typed, turn = b"", 0
    while True:
        typed += os.read(0, 65536)
        if b"\x1b[201~" in typed and not typed.endswith(b"\r"):
            show("\x1b[2J\x1b[H> [a paste]")
        if not typed.endswith(b"\r"):
            continue
        prompt = typed.replace(b"\x1b[200~", b"").replace(b"\x1b[201~", b"").decode()
        prompt = prompt.replace("\r", "\n").strip()
        typed, turn = b"", turn + 1
        with open(os.path.join(FOLDER, "prompts"), "a") as file:
            file.write(json.dumps(prompt) + "\n")
        show("\x1b[2J\x1b[HWorking")
        work(prompt, turn)
        show("\x1b[2J\x1b[H> ")


main()
