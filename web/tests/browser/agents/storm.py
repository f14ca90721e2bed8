#!/usr/bin/env python3
"""An agent that has bad days: a login at a strange host, a limit that is reached, and what it has used."""
import json
import os
import sys
import time

LOGIN = "https://storm.example.evil.test/device?agent=storm"
USED = os.path.join(os.environ["HOME"], "used.jsonl")


def show(text):
    sys.stdout.write("\x1b[2J\x1b[H" + text)
    sys.stdout.flush()


def line():
    text = sys.stdin.readline()
    if text == "":
        sys.exit(0)
    return text.strip()


show(f"Storm wants you to log in.\n\nOpen {LOGIN}\n\nand enter STRM-2041\n")
line()
said = "Welcome to Storm."
while True:
    show(f"{said}\n\nstorm> ")
    if line() == "limit":
        show("You have reached your usage limit.\nIt resets in 2h 30m.\n")
        line()
        said = "Back again."
        continue
    show("Working\n")
    time.sleep(1)
    with open(USED, "a", encoding="utf-8") as used:
        print(json.dumps({"model": "storm-1", "in": 12_400, "cached": 2_400, "out": 812, "held": 50_000}), file=used)
    said = "Done."
