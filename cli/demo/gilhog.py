# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A thread that keeps the GIL to itself for long stretches, as some C extensions do.

``ctypes.PyDLL`` calls a C function without giving the GIL away. While the system's ``poll`` waits
for its timeout in such a call, no other Python thread of the process can run.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

__all__ = ["GilHog"]


def holding_sleep() -> Callable[[float], None]:
    """Return a function that waits for some seconds in C and holds the GIL meanwhile."""
    if sys.platform == "win32":
        wait = ctypes.PyDLL("kernel32").Sleep
        wait.argtypes, wait.restype = [ctypes.c_uint32], None
        return lambda seconds: wait(round(seconds * 1000))
    poll = ctypes.PyDLL(None).poll
    poll.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int]
    poll.restype = ctypes.c_int

    def hold(seconds: float) -> None:
        poll(None, 0, round(seconds * 1000))

    return hold


class GilHog:
    """Holds the GIL for ``hold_s``, lets it go for ``rest_s``, and so on until the block ends.

    Attributes
    ----------
    holds
        Pairs of start and end of every hold so far, in seconds of ``time.monotonic()``. The end is
        noted once the thread has the GIL again after the call, so a hold looks longer rather than
        shorter.
    """

    def __init__(self, hold_s: float, rest_s: float) -> None:
        self.holds: list[tuple[float, float]] = []
        self._hold_s = hold_s
        self._rest_s = rest_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gil hog", daemon=True)

    def _run(self) -> None:
        hold = holding_sleep()
        while not self._stop.wait(self._rest_s):
            start = time.monotonic()
            hold(self._hold_s)
            self.holds.append((start, time.monotonic()))

    @property
    def longest_s(self) -> float:
        """The longest hold so far, in seconds."""
        return max((end - start for start, end in self.holds), default=0.0)

    def __enter__(self) -> GilHog:
        if self._hold_s > 0:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
