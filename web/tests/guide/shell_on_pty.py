"""A PTY behind pipes, for a runtime that is no program of ours.

Standard output carries the terminal's bytes; standard input takes one JSON object a line:
{"write": text} or {"cols": C, "rows": R}. Ends with the shell, or with its standard input.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

pid, master = pty.fork()
if pid == 0:
    os.environ.update(PS1="$ ", TERM="xterm-256color")
    os.execvp("sh", ["sh", "-i"])

pending = b""
while True:
    ready, _, _ = select.select([master, 0], [], [])
    if master in ready:
        try:
            output = os.read(master, 65536)
        except OSError:
            break
        os.write(1, output)
    if 0 in ready:
        received = os.read(0, 65536)
        if not received:
            break
        *lines, pending = (pending + received).split(b"\n")
        for order in map(json.loads, lines):
            if "write" in order:
                os.write(master, order["write"].encode())
            else:
                size = struct.pack("HHHH", order["rows"], order["cols"], 0, 0)
                fcntl.ioctl(master, termios.TIOCSWINSZ, size)
os.close(master)
