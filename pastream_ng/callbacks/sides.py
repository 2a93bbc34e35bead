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
from pastream_ng.enums import Status, StreamState

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.options import Side

__all__ = ["Intake", "Outlet"]


_OVER = (
    StreamState.STOPPED,
    StreamState.FINISHED,
    StreamState.ABORTED,
    StreamState.LOST,
    StreamState.CLOSED,
)


class Intake:
    """Takes blocks of copies out of the input ring."""

    def __init__(self, pointer: Any, side: Side) -> None:
        self._pointer = pointer
        self._ring = lib.pst_stream_input_ring(pointer)
        self._dtype = np.dtype(side.form.dtype)
        self._channels = side.channels
        self._frame_bytes = side.channels * self._dtype.itemsize
        self._span = ffi.new("pst_span *")
        self._has_ended = False
        #: The ``pst_frames_info`` of the last block.
        self.info = ffi.new("pst_frames_info *")

    def wait(self, frames: int, is_alive: Callable[[], bool]) -> int:
        """Wait for a block; return its length: shorter at the end of the run, then 0."""
        while is_alive():
            if self._has_ended:
                return min(frames, lib.pst_ring_readable(self._ring, 0))
            status = lib.pst_stream_wait_input(self._pointer, 0, frames, SLICE_NS, ffi.NULL)
            if status == Status.OK:
                return frames
            if status == Status.CLOSED:
                return 0
            # Whatever ended the run, what was captured before is still there.
            self._has_ended = status != Status.TIMEOUT
        return 0

    def take(self, frames: int) -> Array:
        """Return the next frames, which are there, and describe them in `info`."""
        memory = bytearray(frames * self._frame_bytes)
        place = ffi.from_buffer(memory)
        span, done = self._span, 0
        while done < frames:  # Twice where the ring's memory is not mirrored, and wraps.
            got = lib.pst_ring_begin_read(self._ring, 0, frames - done, span)
            if done == 0:
                lib.pst_stream_describe_input(self._pointer, span.position, frames, self.info)
            if got == 0:
                break
            ffi.memmove(place + done * self._frame_bytes, span.data, got * self._frame_bytes)
            lib.pst_ring_commit_read(self._ring, 0, got)
            done += got
        block = np.ndarray((frames, self._channels), self._dtype, memory)
        block.flags.writeable = False
        return block

    def discard(self, is_alive: Callable[[], bool]) -> None:
        """Pass over all that still comes until the end of the run."""
        while self.wait(1, is_alive):
            lib.pst_ring_skip(self._ring, 0, 2**62)


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
