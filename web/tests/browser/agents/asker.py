#!/usr/bin/env python3
"""An agent that asks people: for a spawn, for a yes, for an answer, and at its own prompt."""
import json
import os
import sys
import urllib.request

WAIT_S = 50
URL, KEY = os.environ["RAVEN_MCP_URL"], os.environ["RAVEN_MCP_KEY"]


def show(text):
    sys.stdout.write("\x1b[2J\x1b[H" + text)
    sys.stdout.flush()


def line():
    text = sys.stdin.readline()
    if text == "":
        sys.exit(0)
    return text.strip()


def call(tool, /, **arguments):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
    }
    request = urllib.request.Request(URL, json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=2 * WAIT_S) as response:
        answer = json.load(response)
    if "error" in answer:
        return None, answer["error"]
    return answer["result"]["structuredContent"], None


def decided(request):
    told, error = call("approval_status", requestId=request, waitSeconds=WAIT_S)
    if error:
        return error["message"]
    return f"approved: {told['approved']}, reason: {told['reason']}"


def do(message):
    what, _, rest = message.partition(" ")
    if what == "spawn":
        told, error = call("agent_spawn", agent_type="custom", name=rest, config={"command": ["cat"]})
        return decided(error["data"]["requestId"]) if error else f"spawned {told['spawnedAgents'][0]['name']}"
    if what == "beg":
        told, error = call("approval_request", action=rest, reason="It would help me along.")
        return decided(told["requestId"]) if told else error["message"]
    if what == "ask":
        told, error = call("question_ask", question=rest, options=["red", "blue"], waitSeconds=WAIT_S)
        return f"answer: {told['answer']}" if told else error["message"]
    if what == "permit":
        show(f"Asker wants to run a command\n\n  {rest}\n\nGo on?\n  1. Yes\n  2. No\nYour choice: ")
        return "chosen: " + line()
    return "spawn, beg, ask or permit?"


said = "Welcome."
while True:
    show(f"{said}\n\nasker> ")
    message = line()
    show("Working\n")
    said = do(message)
