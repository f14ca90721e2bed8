#!/usr/bin/env python3
"""An agent of one's own, as small as one can be: it logs in, takes messages, asks before it acts."""
import signal
import sys
import time

LOGIN = "https://login.pilot.example/oauth/authorize?client_id=pilot&scope=agent:run&state=4f1c9a"
CODE = "let-me-in"
# Work that nobody ends by itself: it is there to be interrupted.
LONG_WORK_S = 600


def show(text):
    sys.stdout.write("\x1b[2J\x1b[H" + text)
    sys.stdout.flush()


def line():
    text = sys.stdin.readline()
    if text == "":
        sys.exit(0)
    return text.strip()


def log_in():
    hint = ""
    while True:
        show(f"Pilot wants you to log in.\n\nOpen this page:\n\n{LOGIN}\n\n{hint}Paste the code: ")
        if line() == CODE:
            return
        hint = "That code is wrong.\n"


def ask(command):
    show(f"Pilot wants to run a command\n\n  {command}\n\nDo you want to go on?\n  1. Yes\n  2. No, stop\nYour choice: ")
    return line() == "1"


def work(command):
    show("Working (Ctrl-C interrupts)\n")
    time.sleep(1)
    if not ask(command):
        return "Not done."
    show(f"Working on {command} (Ctrl-C interrupts)\n")
    time.sleep(LONG_WORK_S)
    return "Done."


def interrupted(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGINT, interrupted)
log_in()
said = "Welcome to Pilot."
while True:
    show(f"{said}\n\npilot> ")
    try:
        message = line()
        said = work(f"make {message}") if message else said
    except KeyboardInterrupt:
        said = "Interrupted."
