#!/usr/bin/env python3
"""An agent whose work never ends by itself, and which shows every message that was typed into it."""
import sys
import time

# Work that nobody ends by itself: it is there to be interrupted.
LONG_WORK_S = 600
TROUBLE = "The furnace answers 503 Service Unavailable\n\n"


def show(text):
    sys.stdout.write("\x1b[2J\x1b[H" + text)
    sys.stdout.flush()


def line():
    text = sys.stdin.readline()
    if text == "":
        sys.exit(0)
    return text.strip()


heard = []
trouble = ""
while True:
    try:
        show(f"Heard: {', '.join(heard) or 'nothing'}.\n\n{trouble}smith> ")
        heard.append(line())
        trouble = TROUBLE if heard[-1] == "melt" else ""
        show(f"Working on {heard[-1]} (Ctrl-C interrupts)\n\n{trouble}")
        time.sleep(LONG_WORK_S)
    except KeyboardInterrupt:
        pass
