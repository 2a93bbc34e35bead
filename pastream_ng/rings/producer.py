# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The writing end of a ring."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import integer, seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check
from pastream_ng._native.waits import attempt, wait_async
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, PastreamTimeoutError, StateError
from pastream_ng.rings.transfer import Write
from pastream_ng.rings.views import STREAM, User, WriteView, nobody

if TYPE_CHECKING:
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.rings.consumer import Waiter
    from pastream_ng.rings.regions import Regions

__all__ = ["Producer"]


class Producer:
    """Writes the frames of a ring.

    One thread at a time writes; those that call at once take turns.
    """

    def __init__(self, ring: NativeRing, regions: Regions) -> None:
        self._ring = ring
        self._regions = regions
        self._write_lock = threading.Lock()
        self._write_waiter: Waiter | None = None
        # Who keeps everybody else from writing: a view, the stream.
        self._write_user: Callable[[], User | None] = nobody

    @property
    def written(self) -> int:
        """Frames written since the ring was made."""
        return lib.pst_ring_written(self._ring.pointer)

    @property
    def ended(self) -> bool:
        """Whether the producer said that nothing more will come."""
        return lib.pst_ring_ended(self._ring.pointer)

    @property
    def write_available(self) -> int:
        """Frames that fit now, which is what the slowest reader leaves free."""
        return lib.pst_ring_writable(self._ring.pointer)

    def write(self, data: Any, size: int = -1, timeout: float | None = None) -> int:
        """Put frames in.

        Parameters
        ----------
        data : array_like or buffer
            With a dtype: (frames, channels), or (frames,) for one channel; floats of any width are
            converted, integers must have the ring's type. Otherwise contiguous bytes.
        size : int, optional
            Frames to write of `data`; -1 takes all.
        timeout : float, optional
            None does not wait: as many frames go in as fit. A number of seconds waits for room
            until all are in; ``float("inf")`` waits for ever.

        Returns
        -------
        int
            Frames that went in.

        Raises
        ------
        PastreamTimeoutError
            The time ran out; its text says how many frames went in.
        StateError
            The ring was ended, or the stream that plays it stopped meanwhile; a view is open; the
            producer is a stream.
        ArgumentError, ArgumentTypeError
            Data of a wrong shape, dtype or length.
        """
        memory, frames = self._regions.source("data", data)
        count = integer("size", size, -1, frames, "frames")
        limit = None if timeout is None else seconds("timeout", timeout)
        write = Write(self, memory, frames if count < 0 else count, waits=timeout is not None)
        return write.result(attempt(write.act, write.block, limit), timeout)

    def write_view(self, size: int, timeout: float | None = None) -> WriteView:
        """Fill the next frames where they will lie, in a ``with`` block that publishes them.

        Parameters
        ----------
        size : int
            Frames, at most the ring's length.
        timeout : float, optional
            None gives what fits now, up to `size`. A number of seconds waits, from the entry of the
            block, until all of it fits.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ring = ps.RingBuffer(size=64, dtype="float32")
        >>> with ring.write_view(10) as frames:
        ...     frames[:] = 0.5
        >>> float(ring.read().sum())
        5.0
        """
        return WriteView(self, integer("size", size, 0, self._ring.capacity, "frames"), timeout)

    def _give(self, wanted: int, timeout: float | None, take: Callable[[int], None]) -> None:
        """Run `take` once there is room as `write_view` describes it."""
        limit = None if timeout is None else seconds("timeout", timeout)

        least = wanted if timeout is not None else 0

        def act() -> int:
            with self._write_lock:
                self._check_writer()
                status = self._wait_write(least, 0) if least else 0
                if status == Status.END or self.ended:
                    raise StateError("the ring was ended; nothing can be written to it")
                if status >= 0:
                    take(wanted)
                return status

        status = attempt(act, lambda slice_ns: self._wait_write(least, slice_ns), limit)
        self._raise_write(status, wanted, timeout)

    def get_write_buffers(self, size: int) -> tuple[int, Any, Any]:
        """Give room for up to `size` frames, to be published by `advance_write_index`.

        Returns
        -------
        frames : int
            How many fit, at most `size`.
        first, second : array or memoryview
            The room, in two runs where the ring's memory is not mirrored, else in one.
        """
        wanted = integer("size", size, 0, unit="frames")
        with self._write_lock:
            self._check_writer()
            n = min(wanted, self.write_available)
            span = self._begin_write(n)
            return n, *self._regions.two(span, n, writable=True)

    def advance_write_index(self, size: int) -> int:
        """Publish the first `size` frames of `get_write_buffers`; return the new position."""
        wanted = integer("size", size, 0, unit="frames")
        with self._write_lock:
            self._check_writer()
            if wanted > self.write_available:
                raise ArgumentError(
                    f"size is {wanted}; there is room for only {self.write_available} frames"
                )
            self._commit_write(wanted)
            return self.written

    def end(self) -> None:
        """Say that nothing more will be written. Readers get the rest, then nothing. Idempotent."""
        if self._write_user() is STREAM:
            raise StateError("the stream writes this ring; stop the stream to end it")
        lib.pst_ring_end(self._ring.pointer)

    def _begin_write(self, n: int) -> Any:
        span = ffi.new("pst_span *")
        lib.pst_ring_begin_write(self._ring.pointer, n, span)
        return span

    def _commit_write(self, n: int) -> None:
        # Begun again, because C wants both on one thread: Python code may move between threads, one
        # after another. Twice where the run wraps.
        while n:
            part = min(n, int(self._begin_write(n).n_frames))
            lib.pst_ring_commit_write(self._ring.pointer, part)
            n -= part

    def _check_writer(self) -> None:
        self._ring.check_process()
        user = self._write_user()
        if user is not None:
            user.refuse("is writing here; nobody else can meanwhile")

    # ---- Waiting for room -----------------------------------------------------------------------

    def wait_writable(self, frames: int = 1, timeout: float | None = None) -> int:
        """Wait until `frames` fit; return how many do, fewer only after the end.

        Parameters
        ----------
        frames : int, optional
            1 to the ring's length.
        timeout : float, optional
            Seconds; None waits for ever.

        Raises
        ------
        PastreamTimeoutError, ClosedError
        """
        n = integer("frames", frames, 1, self._ring.capacity, "frames")

        def act() -> int:
            with self._write_lock:
                self._check_writer()
                return self._wait_write(n, 0)

        limit = seconds("timeout", timeout)
        status = attempt(act, lambda slice_ns: self._wait_write(n, slice_ns), limit)
        self._raise_write(status, n, timeout)
        return self.write_available

    async def writable(self, frames: int = 1, timeout: float | None = None) -> int:
        """Await until `frames` fit; as `wait_writable`, without blocking the event loop."""
        n = integer("frames", frames, 1, self._ring.capacity, "frames")
        limit = seconds("timeout", timeout)
        self._check_writer()
        pointer = self._ring.pointer
        status = await wait_async(
            lambda slice_ns: self._wait_write(n, slice_ns),
            lambda: lib.pst_ring_arm_writable(pointer, n),
            limit,
        )
        self._raise_write(status, n, timeout)
        return self.write_available

    def _wait_write(self, n: int, slice_ns: int) -> int:
        if self._write_waiter is not None:
            return self._write_waiter(0, n, slice_ns)
        return lib.pst_ring_wait_writable(self._ring.pointer, n, slice_ns)

    def _raise_write(self, status: int, n: int, timeout: float | None) -> None:
        if status == Status.TIMEOUT:
            raise PastreamTimeoutError(
                f"timeout: there was no room for {n} frames within {timeout} s; "
                f"{self.write_available} fit"
            )
        check(status)
