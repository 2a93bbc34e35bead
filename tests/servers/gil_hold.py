# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A thread that keeps Python to itself: one C call after another, each without letting go."""

from __future__ import annotations

import ctypes
import threading
import time

# Calls through PyDLL keep the GIL, unlike those through CDLL.
_usleep = ctypes.PyDLL(None).usleep
_usleep.argtypes = [ctypes.c_uint]


class GilHog:
    """Hold the GIL in one C call after another, in a thread of its own, until the block is left.

    Parameters
    ----------
    hold : float
        Seconds of each call. Between two of them other threads get one turn, if they ask for it.

    Attributes
    ----------
    n_holds : int
        Calls that have ended.
    longest : float
        Seconds that the longest call took.
    """

    def __init__(self, hold: float = 3.0) -> None:
        self.hold = hold
        self.n_holds = 0
        self.longest = 0.0
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gil-hog", daemon=True)

    def _run(self) -> None:
        while not self._leave.is_set():
            began = time.monotonic()
            _usleep(int(self.hold * 1e6))
            self.longest = max(self.longest, time.monotonic() - began)
            self.n_holds += 1

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return self._thread.ident is not None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the last call end and wait for it; also if it never started."""
        self._leave.set()
        if self.started:
            self._thread.join()

    def __enter__(self) -> GilHog:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
