# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A terminal for the command, which the tests look at and type into."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time

__all__ = ["Terminal"]


class Terminal:
    """The command in a terminal of its own, which its stderr goes to; stdin is a pipe."""

    def __init__(self, *words: str) -> None:
        self.master, slave = pty.openpty()
        self.running = subprocess.Popen(
            [sys.executable, "-m", "pastream_ng.cli", *words],
            stdin=subprocess.PIPE,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
            preexec_fn=self._take,
            pass_fds=[slave],
        )
        os.close(slave)
        assert self.running.stdin is not None
        self.stdin = self.running.stdin
        self.seen = b""

    @staticmethod
    def _take() -> None:
        """Make the terminal the one that Ctrl-C comes from."""
        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    def read_until(self, text: bytes | None) -> None:
        """Read until the text was seen, or all there is to come."""
        deadline = time.monotonic() + 30
        while text is None or text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            ready, _, _ = select.select([self.master], [], [], 1)
            if not ready:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:  # The other side is closed.
                data = b""
            if not data:
                assert text is None, self.seen
                return
            self.seen += data

    def end(self) -> int:
        """Return the exit code."""
        self.read_until(None)
        code = self.running.wait(60)
        self.stdin.close()
        os.close(self.master)
        return code
