# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The two ends of a callback: blocks out of the input ring, blocks into the output ring."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.waits import SLICE_NS
from pastream_ng.enums import Overflow, Status, StreamState

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.options import Side

__all__ = ["Intake", "Outlet"]


_OVER = (
    StreamState.STOPPED,
    StreamState.FINISHED,
    StreamState.ABORTED,
    StreamState.LOST,
    StreamState.CLOSED,
)


# So many blocks are described by one C call.
_DESCRIBED = 256


class Intake:
    """Takes blocks of copies out of the input ring.

    It holds all that has arrived, and hands it out block by block without calling C, which would
    give the GIL away: a thread that keeps it for seconds costs a round, not a block.
    """

    def __init__(self, stream: StreamBase, ring: NativeRing, side: Side, blocksize: int) -> None:
        self._pointer = stream._pointer
        self._blocksize = blocksize
        self._dtype = np.dtype(side.form.dtype)
        self._channels = side.channels
        self._frame_bytes = ring.frame_bytes
        self._bytes = ring.buffer().toreadonly()
        # More would leave too little room for what arrives, or for what may be dropped.
        most = 1 if stream._overflow == Overflow.DROP_OLDEST else ring.capacity // 2 // blocksize
        self._most = blocksize * max(1, min(most, _DESCRIBED))
        self._span = ffi.new("pst_span *")
        self._infos = ffi.new("pst_frames_info[]", _DESCRIBED)
        self._index = 0  # Of the next block among those that are described.
        self._first = 0  # Where the next block lies, in frames of the ring's memory.
        self._left = 0  # Frames that are held, and not yet handed out.
        self._passed = 0  # Frames that C still holds for us.

    def wait(self, is_alive: Callable[[], bool]) -> int:
        """Wait for a block; return its length: shorter at the end of the run, then 0."""
        while is_alive():
            if self._left < self._blocksize:
                status = self._hold()
                if status == Status.TIMEOUT:
                    continue
                if status == Status.CLOSED:
                    return 0
            # Whatever has ended the run, what was captured before is still there.
            return min(self._blocksize, self._left)
        return 0

    def _hold(self) -> int:
        """Let go of what was handed out, wait for a block, and hold all there is."""
        passed, self._passed, self._left = self._passed, 0, 0
        size, span = self._blocksize, self._span
        status = lib.pst_stream_next_input(
            self._pointer, 0, passed, size, self._most, SLICE_NS, span, ffi.NULL
        )
        self._left, self._first, self._index = int(span.n_frames), int(span.offset_frames), 0
        if self._left:
            length, count = min(size, self._left), max(1, self._left // size)
            lib.pst_stream_describe_chunks(
                self._pointer, span.position, length, size, count, self._infos
            )
        return status

    def take(self, frames: int) -> tuple[Array, Any]:
        """Return the next block, which is there, and its ``pst_frames_info``."""
        first, frame_bytes = self._first * self._frame_bytes, self._frame_bytes
        memory = bytearray(self._bytes[first : first + frames * frame_bytes])
        block = np.ndarray((frames, self._channels), self._dtype, memory)
        block.flags.writeable = False
        info = self._infos[self._index]
        self._index += 1
        self._first += frames
        self._left -= frames
        self._passed += frames
        return block, info

    def discard(self, is_alive: Callable[[], bool]) -> None:
        """Pass over all that still comes until the end of the run."""
        while self.wait(is_alive):
            self._passed += self._left
            self._left = 0


class Outlet:
    """Puts blocks into the output ring, no further ahead of the device than asked for."""

    def __init__(self, pointer: Any, side: Side, capacity: int, ahead: int) -> None:
        self._pointer = pointer
        self._ring = lib.pst_stream_output_ring(pointer)
        self._dtype = np.dtype(side.form.dtype)
        self._channels = side.channels
        self._silence = side.form.silence
        self._spare = capacity - ahead
        #: Frames put in since the start of the run.
        self.written = 0

    def empty(self) -> None:
        """Make the ring as new. Only while the stream does not run."""
        lib.pst_ring_skip(self._ring, 0, 2**62)
        lib.pst_ring_restart(self._ring)

    def block(self, frames: int) -> Array:
        """Return a block of silence, to be filled."""
        shape = (frames, self._channels)
        if self._silence:
            return np.full(shape, self._silence, self._dtype)
        return np.zeros(shape, self._dtype)

    def wait(self, frames: int, is_alive: Callable[[], bool]) -> bool:
        """Wait until the device has made way for a block; False at the end of the run."""
        return self.wait_for_room(self._spare + frames, is_alive)

    def wait_for_room(self, frames: int, is_alive: Callable[[], bool]) -> bool:
        """Wait until a block fits at all; False at the end of the run."""
        while is_alive():
            status = lib.pst_stream_wait_output(self._pointer, frames, SLICE_NS, ffi.NULL)
            # The end of a run before the wait makes room, too.
            if lib.pst_stream_state(self._pointer) in _OVER:
                return False
            if status != Status.TIMEOUT:
                return status == Status.OK
        return False

    def is_empty(self) -> bool:
        """Whether the device has nothing left to play."""
        return lib.pst_ring_readable(self._ring, 0) == 0

    def put(self, block: Array) -> None:
        """Put frames in, for which there is room."""
        if len(block):
            self.written += lib.pst_ring_write(self._ring, address(block), len(block))

    def end(self) -> None:
        """Say that this was all: the run ends when it is played."""
        lib.pst_ring_end(self._ring)
