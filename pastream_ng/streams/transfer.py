# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One read of frames from a stream, in steps that blocking and asynchronous callers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import error_for, new_error
from pastream_ng._native.waits import SLICE_NS
from pastream_ng.enums import Status, StreamState
from pastream_ng.errors import ClosedError, PastreamTimeoutError, StateError
from pastream_ng.rings.views import nobody
from pastream_ng.streams.values import ChunkInfo, info_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.waits import Deadline
    from pastream_ng.streams.reading import ReadingStream

__all__ = ["Read", "take_whole"]

_TIMEOUT = int(Status.TIMEOUT)


def take_whole(
    stream: ReadingStream, memory: Any, count: int, deadline: Deadline | None, info: Any
) -> bool:
    """Wait for frames of a stream that runs, and take them in one piece.

    Most reads are no more than this, so nothing is made for it that may not be needed.

    Parameters
    ----------
    stream : ReadingStream
        Whose input ring to read; in use.
    memory : buffer
        Writable and contiguous; where the frames go.
    count : int
        How many.
    deadline : Deadline or None
        When to give up; None never does.
    info : cdata
        A ``pst_frames_info *`` to fill, or NULL.

    Returns
    -------
    bool
        False where it is not as simple, or the time is over: nothing was taken, and a `Read` finds
        out the rest.
    """
    ring = stream.input_ring
    capacity = ring._ring.capacity
    most = capacity - (stream._blocksize or capacity // 4)
    if stream._is_fresh or not 0 < count <= most:
        return False
    pointer = stream._pointer
    start = address(memory)
    # Whoever keeps others from reading is found out before the wait, and once more after it.
    while ring._read_user is nobody:
        slice_ns = SLICE_NS if deadline is None else deadline.slice_ns()
        status = lib.pst_stream_wait_input(pointer, 0, count, slice_ns, ffi.NULL)
        if status == 0:
            with ring._read_lock:
                if ring._read_user is nobody and lib.pst_stream_take_input(
                    pointer, 0, start, count, info
                ):
                    return True
        elif status != _TIMEOUT or slice_ns == 0:
            return False
    return False


class Read:
    """Frames on their way out of a stream's input ring.

    What fits into the ring beside a block comes in one piece, or not at all when the time is over.
    Longer reads come in pieces.

    Parameters
    ----------
    stream : ReadingStream
        Whose input ring to read.
    memory : buffer
        Writable and contiguous; where the frames go.
    count : int
        How many.
    part : callable
        Returns the first so many frames of `memory`, as the caller wants to see them.
    with_info : bool
        Whether `info` will be asked for.
    """

    def __init__(
        self,
        stream: ReadingStream,
        memory: Any,
        count: int,
        part: Callable[[int], Any],
        with_info: bool = False,
    ) -> None:
        self._stream = stream
        self._pointer = stream._use()
        self._ring = stream.input_ring
        self._start = address(memory)
        self._count = count
        self._part = part
        self._with_info = with_info
        self._done = 0
        self._err = new_error()
        self._infos: list[ChunkInfo] = []
        capacity = len(self._ring)
        # A ring that has no room for a block any more would never hold the rest of a piece.
        most = max(1, capacity - (stream.blocksize or capacity // 4))
        self._piece = count if count <= most else max(1, capacity // 2)
        if (
            stream._is_fresh
            and self._ring.read_available < count
            and stream.state == StreamState.STOPPED
            and not self._ring.ended
        ):
            raise StateError(
                "the stream was not started, so no frames will come: call start() before read"
            )

    def act(self) -> int:
        """Take what is there, if it is enough; `Status.TIMEOUT` if it is not."""
        ring = self._ring
        while self._done < self._count:
            with ring._read_lock:
                ring._check_reader()
                n = min(self._piece, self._count - self._done)
                status = lib.pst_stream_wait_input(self._pointer, 0, n, 0, self._err)
                if status in (Status.TIMEOUT, Status.CLOSED):
                    return status
                self._copy(min(n, ring.read_available))
            if status != 0:
                return status
        return 0

    def _copy(self, n: int) -> None:
        at = self._start + self._done * self._ring._ring.frame_bytes
        info = ffi.new("pst_frames_info *") if self._with_info else ffi.NULL
        if n and lib.pst_stream_take_input(self._pointer, 0, at, n, info):
            self._done += n
            if self._with_info:
                self._infos.append(info_of(info))

    def block(self, slice_ns: int) -> int:
        """Wait for a piece."""
        n = min(self._piece, self._count - self._done)
        return lib.pst_stream_wait_input(self._pointer, 0, n, slice_ns, self._err)

    def look(self, _slice_ns: int) -> int:
        """Take what is there, as `wait_async` wants it."""
        return self.act()

    def arm(self) -> int:
        """Arm a descriptor for a piece, and return it."""
        n = min(self._piece, self._count - self._done)
        return lib.pst_ring_arm_readable(self._ring._ring.pointer, 0, n)

    def result(self, status: int, timeout: float | None) -> Any:
        """Return the frames, fewer at the end of the run. What ended it is raised after them."""
        if status == Status.TIMEOUT:
            error = PastreamTimeoutError(
                f"timeout: {self._count} frames did not come within {timeout} s; "
                + (
                    f"{self._done} that did are in the exception's partial"
                    if self._done
                    else f"{self._ring.read_available} are there"
                )
            )
            error.frames, error.partial = self._done, self._part(self._done)
            raise error
        if status == Status.CLOSED:
            raise ClosedError("the stream was closed while a read was waiting for frames")
        if status < 0 and not self._done and self._count:
            self._stream._raise_pending()
            if self._stream.exception is None:
                raise error_for(status, self._err)
        return self._part(self._done)

    @property
    def info(self) -> ChunkInfo:
        """Where the frames came from; of a read without frames, where the next would."""
        if self._infos:
            first, last = self._infos[0], self._infos[-1]
            flags = first.flags
            for info in self._infos[1:]:
                flags |= info.flags
            lost = sum(info.lost for info in self._infos)
            return ChunkInfo(first.frame, first.adc_time, lost, flags, last.callback_time)
        info = ffi.new("pst_frames_info *")
        lib.pst_stream_describe_input(self._pointer, self._ring.position, 0, info)
        return info_of(info)
