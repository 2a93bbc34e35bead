# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The reading end of a ring."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._checks import integer, seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check
from pastream_ng._native.waits import attempt, wait_async
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, PastreamTimeoutError
from pastream_ng.rings.views import ReadView, User, nobody

if TYPE_CHECKING:
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.rings.regions import Regions

__all__ = ["Consumer", "Waiter"]

#: Waits in C: (reader, frames, nanoseconds) -> status.
Waiter = Callable[[int, int, int], int]


class Consumer:
    """Reads frames of a ring from a position of its own.

    One thread at a time reads; those that call at once take turns.
    """

    def __init__(self, ring: NativeRing, regions: Regions, index: int) -> None:
        self._ring = ring
        self._regions = regions
        self._index = index
        self._read_lock = threading.Lock()
        self._read_waiter: Waiter | None = None
        # Who keeps everybody else from reading: a view, a chunk loop, the stream.
        self._read_user: Callable[[], User | None] = nobody

    # ---- What there is --------------------------------------------------------------------------

    @property
    def read_available(self) -> int:
        """Frames that wait for this reader."""
        return lib.pst_ring_readable(self._ring.pointer, self._index)

    @property
    def position(self) -> int:
        """Number of the next frame to read, counted from the ring's making."""
        return lib.pst_ring_position(self._ring.pointer, self._index)

    @property
    def dropped(self) -> int:
        """Frames that the producer took back from this reader to make room."""
        return lib.pst_ring_dropped(self._ring.pointer, self._index)

    @property
    def elementsize(self) -> int:
        """Bytes of a frame."""
        return self._ring.frame_bytes

    # ---- Copying --------------------------------------------------------------------------------

    def read(self, size: int = -1, timeout: float | None = None) -> Any:
        """Take frames out into new memory.

        Parameters
        ----------
        size : int, optional
            Frames; -1 takes all there are.
        timeout : float, optional
            None does not wait: what is there comes, up to `size`. A number of seconds waits until
            `size` frames are there (at least one if `size` is -1); ``float("inf")`` waits for ever.
            After the producer has ended the ring, the rest comes even if it is shorter.

        Returns
        -------
        numpy.ndarray or bytearray
            Shape (frames, channels), or (frames,) for one channel; bytes for a ring without dtype.

        Raises
        ------
        PastreamTimeoutError
            The time ran out; nothing was taken.
        ArgumentError
            A `size` that the ring can never hold, while waiting.
        StateError
            A view of this reader is open.
        ClosedError
            The reader, or the stream that writes the ring, was closed.
        """
        wanted = integer("size", size, -1, unit="frames")
        taken: list[Any] = []

        def take(n: int) -> None:
            result = self._regions.empty(n)
            got = lib.pst_ring_read(self._ring.pointer, self._index, address(result), n)
            taken.append(result if got == n else self._regions.shorten(result, got))

        self._take(wanted, timeout, take)
        return taken[0]

    def readinto(self, data: Any, timeout: float | None = None) -> int:
        """Take frames out into memory of the caller's.

        Parameters
        ----------
        data : numpy.ndarray or buffer
            Writable and C-contiguous; of the ring's dtype and channels if it has them. Its length
            is the number of frames wanted.
        timeout : float, optional
            As in `read`.

        Returns
        -------
        int
            Frames read.
        """
        memory, frames = self._regions.target("data", data)
        taken: list[int] = []

        def take(n: int) -> None:
            taken.append(lib.pst_ring_read(self._ring.pointer, self._index, address(memory), n))

        self._take(frames, timeout, take)
        return taken[0]

    def _take(self, wanted: int, timeout: float | None, take: Callable[[int], None]) -> None:
        """Run `take` on as many frames as the rules of `read` give, after waiting for them."""
        limit = None if timeout is None else seconds("timeout", timeout)
        if timeout is not None and wanted > self._ring.capacity:
            raise ArgumentError(
                f"size is {wanted}; the ring holds {self._ring.capacity} frames, so no more can be "
                "waited for"
            )

        least = max(wanted, 1) if timeout is not None and wanted != 0 else 0

        def act() -> int:
            with self._read_lock:
                self._check_reader()
                status = self._wait_read(least, 0) if least else 0
                if status >= 0:
                    available = self.read_available
                    take(available if wanted < 0 else min(wanted, available))
                return status

        status = attempt(act, lambda slice_ns: self._wait_read(least, slice_ns), limit)
        self._raise_read(status, wanted, timeout)

    def skip(self, size: int = -1) -> int:
        """Pass over up to `size` frames (-1: all there are); return how many it were."""
        wanted = integer("size", size, -1, unit="frames")
        with self._read_lock:
            self._check_reader()
            n = self.read_available if wanted < 0 else wanted
            return lib.pst_ring_skip(self._ring.pointer, self._index, n)

    # ---- Without copying ------------------------------------------------------------------------

    def read_view(self, size: int = -1, timeout: float | None = None) -> ReadView:
        """Look at the next frames where they lie, in a ``with`` block.

        While the block lasts the producer does not write over them. Leaving the block consumes
        them; `ReadView.keep` leaves some for the next read.

        Parameters
        ----------
        size : int, optional
            Frames; -1 gives all there are.
        timeout : float, optional
            As in `read`. The time runs from the entry of the block.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> ring = ps.RingBuffer(size=64, dtype="float32", channels=2)
        >>> ring.write(np.ones((10, 2), "float32"))
        10
        >>> with ring.read_view(4) as frames:
        ...     print(frames.shape, frames.sum())
        (4, 2) 8.0
        >>> ring.read_available
        6
        """
        return ReadView(self, integer("size", size, -1, unit="frames"), timeout)

    def get_read_buffers(self, size: int) -> tuple[int, Any, Any]:
        """Give up to `size` frames where they lie, to be let go by `advance_read_index`.

        Returns
        -------
        frames : int
            How many there are, at most `size`.
        first, second : array or memoryview
            The frames, in two runs where the ring's memory is not mirrored, else in one.
        """
        wanted = integer("size", size, 0, unit="frames")
        with self._read_lock:
            self._check_reader()
            n = min(wanted, self.read_available)
            span = self._begin_read(n)
            return n, *self._regions.two(span, n)

    def advance_read_index(self, size: int) -> int:
        """Let frames of `get_read_buffers` go; return the new position."""
        wanted = integer("size", size, 0, unit="frames")
        with self._read_lock:
            self._check_reader()
            if wanted > self.read_available:
                raise ArgumentError(
                    f"size is {wanted}; only {self.read_available} frames are there to pass"
                )
            self._commit_read(wanted)
            return self.position

    def _begin_read(self, n: int) -> Any:
        span = ffi.new("pst_span *")
        lib.pst_ring_begin_read(self._ring.pointer, self._index, n, span)
        return span

    def _commit_read(self, n: int) -> None:
        # Not pst_ring_commit_read, which wants the thread that began: Python code may move between
        # threads, one after another.
        lib.pst_ring_skip(self._ring.pointer, self._index, n)

    # ---- Waiting --------------------------------------------------------------------------------

    def wait_readable(self, frames: int = 1, timeout: float | None = None) -> int:
        """Wait until `frames` can be read; return how many can, fewer only after the end.

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
            with self._read_lock:
                self._check_reader()
                return self._wait_read(n, 0)

        limit = seconds("timeout", timeout)
        status = attempt(act, lambda slice_ns: self._wait_read(n, slice_ns), limit)
        self._raise_read(status, n, timeout)
        return self.read_available

    async def readable(self, frames: int = 1, timeout: float | None = None) -> int:
        """Await until `frames` can be read; as `wait_readable`, without blocking the event loop."""
        n = integer("frames", frames, 1, self._ring.capacity, "frames")
        self._check_reader()
        self._raise_read(await self._await(n, seconds("timeout", timeout)), n, timeout)
        return self.read_available

    async def _await(self, n: int, limit: float | None) -> int:
        pointer, index = self._ring.pointer, self._index
        return await wait_async(
            lambda slice_ns: self._wait_read(n, slice_ns),
            lambda: lib.pst_ring_arm_readable(pointer, index, n),
            limit,
        )

    def _wait_read(self, n: int, slice_ns: int) -> int:
        if self._read_waiter is not None:
            return self._read_waiter(self._index, n, slice_ns)
        return lib.pst_ring_wait_readable(self._ring.pointer, self._index, n, slice_ns)

    def _raise_read(self, status: int, n: int, timeout: float | None) -> None:
        if status == Status.TIMEOUT:
            raise PastreamTimeoutError(
                f"timeout: {max(n, 1)} frames did not come within {timeout} s; "
                f"{self.read_available} are there"
            )
        check(status)

    # ---- One at a time --------------------------------------------------------------------------

    def _check_reader(self) -> None:
        self._ring.check_process()
        user = self._read_user()
        if user is not None:
            user.refuse(
                "is reading here; finish it first, or make another reader with ring.reader()"
            )

    def _claim(self, user: User) -> None:
        """Keep everybody else from reading here until `_unclaim`."""
        with self._read_lock:
            self._check_reader()
            self._read_user = ref(user)
            if self._index == 0:
                # A stream passes over frames of a first reader that nobody uses.
                lib.pst_ring_claim(self._ring.pointer, True)

    def _unclaim(self, user: User) -> None:
        """Let others read here again, if it is `user` who keeps them out."""
        if self._read_user() is user:
            self._read_user = nobody
            if self._index == 0:
                lib.pst_ring_claim(self._ring.pointer, False)
