# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Blocking and asynchronous waits.

C waits run in short slices: between two of them Python looks for signals, so Ctrl-C works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pastream_ng._native.errors import error_for
from pastream_ng.enums import Status

if TYPE_CHECKING:
    import asyncio

__all__ = ["SLICE_NS", "Deadline", "attempt", "wait", "wait_async", "wake"]

#: The longest time that a C call may block, in nanoseconds.
SLICE_NS = 100_000_000
_SLICE_S = SLICE_NS / 1e9

# How often to look where the system has no descriptor to wait for, in seconds.
_POLL_S = 0.005

_TIMEOUT = int(Status.TIMEOUT)


class Deadline:
    """The end of a time limit given in seconds; None never ends."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic_ns() + int(seconds * 1e9)

    def left(self) -> float | None:
        """Return the seconds that are left, at least 0; None for no end."""
        return None if self._end is None else max(0.0, (self._end - time.monotonic_ns()) / 1e9)

    def slice_ns(self) -> int:
        """Return how long the next wait may take: 0 once the time is over."""
        if self._end is None:
            return SLICE_NS
        return max(0, min(SLICE_NS, self._end - time.monotonic_ns()))


def wait(call: Callable[[int], int], timeout: float | None) -> int:
    """Repeat a C call that takes a timeout in nanoseconds until it has an answer.

    Returns the call's status; `Status.TIMEOUT` only when `timeout` seconds are over.
    """
    deadline = Deadline(timeout)
    while True:
        slice_ns = deadline.slice_ns()
        status = call(slice_ns)
        if status != _TIMEOUT or slice_ns == 0:
            return status


def attempt(act: Callable[[], int], block: Callable[[int], int], timeout: float | None) -> int:
    """Repeat `act` until it returns anything but `Status.TIMEOUT`, blocking in between.

    What `act` needs a lock for, `block` does without: a thread that waits keeps nobody else out.
    Returns the status of `act`; `Status.TIMEOUT` only when `timeout` seconds are over.
    """
    deadline = Deadline(timeout)
    while True:
        status = act()
        slice_ns = deadline.slice_ns() if status == _TIMEOUT else 0
        if slice_ns == 0:
            return status
        block(slice_ns)


async def wait_async(
    look: Callable[[int], int], arm: Callable[[], int], timeout: float | None
) -> int:
    """Await what `wait` waits for, without a thread.

    Parameters
    ----------
    look : callable
        The C call; here it is only ever given a timeout of 0.
    arm : callable
        Arms a file descriptor that becomes readable when there is something to see, and returns it,
        or a negative status.
    timeout : float or None
        Seconds.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    deadline = Deadline(timeout)
    while True:
        status = look(0)
        slice_ns = deadline.slice_ns()
        if status != _TIMEOUT or slice_ns == 0:
            return status
        fd = arm()
        if fd < 0 and fd != Status.UNSUPPORTED:
            raise error_for(fd)
        # The slice also bounds how late a device that went away is noticed.
        await _sleep_until_readable(loop, fd, slice_ns / 1e9)


def wake(woken: asyncio.Future[None]) -> None:
    """Let one that awaits go on, if it has not yet."""
    if not woken.done():
        woken.set_result(None)


class _Ticks:
    """Wakes all that wait in one event loop once a slice: one timer for many short waits."""

    __slots__ = ("_is_due", "_waiting")

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._is_due = False

    def add(self, loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None]) -> None:
        """Wake this one with the next tick, which comes within a slice."""
        self._waiting.add(woken)
        if not self._is_due:
            loop.call_later(_SLICE_S, self._tick)
            self._is_due = True

    def remove(self, woken: asyncio.Future[None]) -> None:
        """Forget one that was woken, or cancelled."""
        self._waiting.discard(woken)

    def _tick(self) -> None:
        self._is_due = False
        for woken in self._waiting:
            wake(woken)


_ticks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Ticks] = WeakKeyDictionary()


async def _sleep_until_readable(loop: asyncio.AbstractEventLoop, fd: int, seconds: float) -> None:
    """Sleep until a descriptor is readable, at most so many seconds."""
    woken = loop.create_future()
    if fd >= 0:
        try:
            loop.add_reader(fd, wake, woken)
        except NotImplementedError:  # An event loop that knows no descriptors.
            fd = -1
    if fd < 0:
        seconds = min(seconds, _POLL_S)
    ticks = timer = None
    try:
        if seconds == _SLICE_S:
            ticks = _ticks.get(loop) or _ticks.setdefault(loop, _Ticks())
            ticks.add(loop, woken)
        else:
            timer = loop.call_later(seconds, wake, woken)
        await woken
    finally:
        if ticks is not None:
            ticks.remove(woken)
        if timer is not None:
            timer.cancel()
        if fd >= 0:
            loop.remove_reader(fd)
