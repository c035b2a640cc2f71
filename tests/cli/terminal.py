"""Runs a command in a terminal of its own, 60 columns wide or as TERMINAL_WIDTH says, and presses Ctrl-C in it.

Arguments: a pattern of files, a number of lines, the command. Ctrl-C is pressed as soon as the files have so many lines.
Writes {"code", "output"} to standard output; a code below 0 is the signal that ended the command.
"""

import fcntl
import glob
import json
import os
import pty
import select
import struct
import sys
import termios


def lines_in(pattern):
    return sum(open(name).read().count("\n") for name in glob.glob(pattern))


def main():
    pattern, lines, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    started, starting = os.pipe()  # closed when the command is executed: before that, nobody would hear Ctrl-C
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(os.environ.get("TERMINAL_WIDTH", "60")), 0, 0))
        os.execvp(command[0], command)
    os.close(starting)
    os.read(started, 1)
    output, pressed = b"", False
    while True:
        if select.select([terminal], [], [], 0.01)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the command has closed its end
                break
            if not chunk:
                break
            output += chunk
        if not pressed and lines_in(pattern) >= lines:
            os.write(terminal, b"\x03")
            pressed = True
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(json.dumps({"code": code, "output": output.decode()}))


main()
