# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One write of frames that may have to wait, in steps that blocking and async callers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._native import lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check
from pastream_ng.enums import Status
from pastream_ng.errors import PastreamTimeoutError, StateError
from pastream_ng.rings.views import nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.rings.producer import Producer

__all__ = ["RunOver", "Write", "put_whole"]


class RunOver(StateError):
    """The run for which frames were written has ended: what a writer need not tell."""


def put_whole(ring: Producer, memory: Any, count: int) -> bool:
    """Put frames in that fit at once; False if they do not, or may not: a `Write` finds out why.

    Most writes are no more than this, so nothing is made for it that may not be needed.
    """
    start = address(memory)
    with ring._write_lock:
        return ring._write_user is nobody and lib.pst_ring_write_whole(
            ring._ring.pointer, start, count
        )


class Write:
    """Frames on their way into a ring.

    `is_late`, if given, tells whether the time to write them is over.

    Attributes
    ----------
    done : int
        Frames that are in.
    """

    def __init__(
        self,
        ring: Producer,
        memory: Any,
        count: int,
        *,
        waits: bool,
        is_late: Callable[[], bool] | None = None,
    ) -> None:
        self._ring = ring
        self._is_late = is_late
        self._start = address(memory)
        self._count = count
        self._waits = waits
        self.done = 0

    def act(self) -> int:
        """Put in what fits; `Status.TIMEOUT` if there is more, and it shall wait."""
        ring = self._ring
        with ring._write_lock:
            ring._check_writer()
            if self._is_late is not None and self._is_late():
                # What waits for room in one run of a stream must not go into the next.
                raise RunOver(
                    f"the stream stopped when {self.done} of {self._count} frames were written"
                )
            if ring.ended:
                raise StateError("the ring was ended; nothing can be written to it")
            self.done += lib.pst_ring_write(
                ring._ring.pointer,
                self._start + self.done * ring._ring.frame_bytes,
                self._count - self.done,
            )
        return 0 if self.done == self._count or not self._waits else int(Status.TIMEOUT)

    def block(self, slice_ns: int) -> int:
        """Wait for any room."""
        status = self._ring._wait_write(1, slice_ns)
        if status == Status.END:
            # What waits for room in one run of a stream must not go into the next.
            raise RunOver("the ring was ended, or the stream that plays it stopped")
        return status if status == Status.TIMEOUT else check(status)

    def look(self, _slice_ns: int) -> int:
        """Put in what fits, as `wait_async` wants it."""
        while True:
            status = self.act()
            if status != Status.TIMEOUT or self.block(0) == Status.TIMEOUT:
                return status

    def arm(self) -> int:
        """Arm a descriptor for any room, and return it."""
        return lib.pst_ring_arm_writable(self._ring._ring.pointer, 1)

    def result(self, status: int, timeout: float | None) -> int:
        """Return how many frames are in, or raise that the time was over."""
        if status != 0:
            error = PastreamTimeoutError(
                f"timeout: {self.done} of {self._count} frames were written within {timeout} s"
            )
            error.frames = self.done
            raise error
        return self.done
