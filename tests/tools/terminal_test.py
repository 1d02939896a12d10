#!/usr/bin/env python3
"""progeny in a terminal: top draws, follows the window's size, and leaves the terminal as it was; Ctrl-C while a program runs.

    terminal_test.py <progeny>
"""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

TOOL = sys.argv[1]
PATIENCE = 60
OTHER_SCREEN, FIRST_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"


running = []


def tearDownModule():   # what a failed test has left
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


class Terminal:
    """A program as the foreground job of a pseudo-terminal."""

    def __init__(self, *arguments, rows=24, columns=80):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.master)
        self.process = subprocess.Popen([*arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave, self.output = slave, b""
        running.append(self.process)
        os.set_blocking(self.master, False)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys)

    def read(self):
        try:
            self.output += os.read(self.master, 1 << 16)
        except (BlockingIOError, OSError):
            time.sleep(0.005)

    def wait_for(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} in {self.output[-2000:]!r}")
            self.read()

    def expect(self, pattern):
        self.wait_for(lambda: re.search(pattern, self.output), pattern)

    def end(self):
        self.wait_for(lambda: self.process.poll() is not None, "end")
        for _ in range(20):
            self.read()
        self.after = termios.tcgetattr(self.master)
        os.close(self.slave)
        os.close(self.master)
        return self.process.returncode


class Top(unittest.TestCase):
    def setUp(self):
        self.child = subprocess.Popen(["sleep", "600"])

    def tearDown(self):
        self.child.kill()
        self.child.wait()

    def start(self, expected=rb"sleep 600", **size):
        terminal = Terminal(TOOL, "top", "--pid", str(os.getpid()), "--interval", "50ms", **size)
        terminal.expect(expected)
        return terminal

    def check_restored(self, terminal):
        self.assertEqual(terminal.after, terminal.before)
        self.assertLess(terminal.output.rindex(OTHER_SCREEN), terminal.output.rindex(FIRST_SCREEN))
        self.assertLess(terminal.output.rindex(HIDE_CURSOR), terminal.output.rindex(SHOW_CURSOR))

    def test_q_quits_and_the_terminal_is_as_before(self):
        terminal = self.start()
        self.assertIn(OTHER_SCREEN, terminal.output)
        self.assertNotEqual(termios.tcgetattr(terminal.master), terminal.before)
        terminal.press(b"q")
        self.assertEqual(terminal.end(), 0)
        self.check_restored(terminal)

    def test_signals_put_the_terminal_back_too(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            terminal = self.start()
            terminal.process.send_signal(number)
            self.assertEqual(terminal.end(), 128 + number)
            self.check_restored(terminal)

    def test_ctrl_c_ends_it(self):
        terminal = self.start()
        terminal.press(b"\x03")
        self.assertEqual(terminal.end(), 130)
        self.check_restored(terminal)

    def test_no_line_is_wider_than_the_window_whatever_its_size_becomes(self):
        terminal = self.start(rows=12, columns=70)
        for rows, columns in ((8, 40), (30, 120)):
            drawn = len(terminal.output)
            terminal.resize(rows, columns)
            terminal.wait_for(lambda: b"\x1b[%d;1H" % rows in terminal.output[drawn:], "frame of the new size")
            frame = terminal.output[drawn:].split(b"\x1b[H")[-1]
            for line in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", frame).split(b"\r\n"):
                self.assertLessEqual(len(line), columns)
        terminal.press(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_a_child_that_ends_leaves_the_tree(self):
        terminal = self.start()
        self.child.kill()
        self.child.wait()
        frame = lambda: terminal.output.split(b"\x1b[H")[-2:][0]
        terminal.wait_for(lambda: b"sleep 600" not in frame(), "frame without the child")
        terminal.press(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_it_ends_with_the_process_it_looks_at(self):
        terminal = Terminal(TOOL, "top", "--pid", str(self.child.pid), "--interval", "50ms")
        terminal.expect(rb"sleep 600")
        self.child.kill()
        self.child.wait()
        self.assertEqual(terminal.end(), 0)
        self.check_restored(terminal)
        self.assertIn(b"has ended", terminal.output)

    def test_it_ends_with_its_terminal(self):
        terminal = self.start()
        os.close(terminal.slave)
        os.close(terminal.master)
        self.assertIn(terminal.process.wait(PATIENCE), (0, 128 + signal.SIGHUP))

    def test_keys_scroll(self):
        first = b" %d " % os.getpid()
        terminal = self.start(expected=first, rows=4, columns=100)   # room for one row
        terminal.press(b"j")
        terminal.wait_for(lambda: first not in terminal.output.split(b"\x1b[H")[-1] and b"quits" in terminal.output.split(b"\x1b[H")[-1], "scrolled frame")
        terminal.press(b"\x1b[A")
        terminal.wait_for(lambda: first in terminal.output.split(b"\x1b[H")[-1], "frame scrolled back")
        terminal.press(b"q")
        self.assertEqual(terminal.end(), 0)


class Others(unittest.TestCase):
    def test_doctor_says_what_the_machine_offers(self):
        terminal = Terminal(TOOL, "doctor")
        self.assertEqual(terminal.end(), 0)
        for words in (rb"start methods", rb"spawn +[0-9.]+ ms", rb"RLIMIT_NOFILE", rb"available +[0-9.]+ [GM]iB"):
            self.assertRegex(terminal.output, words)

    def test_ctrl_c_reaches_the_program_once_and_the_report_is_still_told(self):
        script = "trap 'echo caught; n=1' INT; echo ready; while [ -z \"$n\" ]; do sleep 0.05; done; sleep 0.3; exit 5"
        terminal = Terminal(TOOL, "memory", "--", "sh", "-c", script)
        terminal.expect(rb"ready")
        terminal.press(b"\x03")
        self.assertEqual(terminal.end(), 5)
        self.assertEqual(terminal.output.count(b"caught\r\n"), 1)
        self.assertIn(b"all, at one moment", terminal.output)

    def test_ctrl_c_that_ends_the_program_is_130(self):
        terminal = Terminal(TOOL, "memory", "--", "sh", "-c", "echo ready; exec sleep 60")
        terminal.expect(rb"ready")
        terminal.press(b"\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertIn(b"killed by SIGINT", terminal.output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
