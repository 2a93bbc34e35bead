# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Where a stream can record to: functions, arrays, rings, and what says how by itself."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, shown
from pastream_ng._native import lib
from pastream_ng._native.arrays import target_of
from pastream_ng.errors import ArgumentError, ArgumentTypeError, PastreamTimeoutError
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.endpoints import Endpoint, function_end, only_for_functions
from pastream_ng.streams.raw import is_raw, raw_array
from pastream_ng.streams.sources import check_ring

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.options import Side
    from pastream_ng.streams.reading import ReadingStream

__all__ = ["ArraySink", "make_sink"]

#: Frames that are moved at once.
_MOST = 65536

#: How often a full ring is looked at, in seconds: a stop must not wait for its reader.
_SLICE_S = 0.1


class ArraySink(Endpoint):
    """An array (frames, channels) that is filled from its start in each run."""

    def __init__(self, array: Array) -> None:
        self._array = array
        self.frames = len(array)
        self.function = self._fill

    def _fill(self, _stream: StreamBase, ring: RingBuffer) -> None:
        done, most = 0, max(1, min(_MOST, len(ring) // 2))
        while done < len(self._array):
            got = ring.readinto(self._array[done : done + most], timeout=math.inf)
            if not got:
                return
            done += got


class RingSink(Endpoint):
    """A ring of the user's, which is ended when the run is over."""

    def __init__(self, name: str, ring: RingBuffer, side: Side) -> None:
        check_ring(name, ring, side)
        self.face = ring
        self.function = self._pump

    def begin(self, stream: StreamBase) -> None:
        """Take the end of the last run back."""
        assert self.face is not None
        lib.pst_ring_restart(self.face._ring.pointer)

    def _pump(self, stream: StreamBase, ring: RingBuffer) -> None:
        target = self.face
        assert target is not None
        try:
            while n := ring.wait_readable():
                frames = ring.read(min(n, _MOST))
                while len(frames := frames[target.write(frames) :]):
                    # Nobody reads there, and a stop must not wait for him.
                    if not _has_room(target) and not stream.active:
                        return
        finally:
            target.end()


def _has_room(ring: RingBuffer) -> bool:
    try:
        ring.wait_writable(1, _SLICE_S)
    except PastreamTimeoutError:
        return False
    return True


def make_sink(
    stream: ReadingStream,
    sink: Any,
    buffersize: Any = None,
    args: Any = (),
    kwargs: Any = None,
    name: str = "sink",
) -> Endpoint:
    """Return the endpoint of what a user wants a stream to record to. Nothing is changed."""
    side = stream._input
    assert side is not None
    if buffersize is not None:
        room = len(stream.input_ring)
        size = integer("buffersize", buffersize, 1, 2**40, "frames")
        if size > room:
            raise ArgumentError(
                f"buffersize is {size}; the stream's ring holds {room} frames: open the stream "
                "with a larger one"
            )
    if hasattr(sink, "_as_sink"):
        only_for_functions(name, args, kwargs)
        end = sink._as_sink(stream, buffersize)
        assert isinstance(end, Endpoint)
        return end
    if callable(sink):
        return function_end(name, sink, args, kwargs)
    only_for_functions(name, args, kwargs)
    if isinstance(sink, (str, os.PathLike)):
        from pastream_ng.files.endpoints import sink_of_path

        return sink_of_path(stream, sink)
    if isinstance(sink, RingBuffer):
        return RingSink(name, sink, side)
    if is_raw(sink):
        return ArraySink(raw_array(name, sink, side.form, side.channels))
    if not isinstance(sink, np.ndarray):
        raise ArgumentTypeError(
            f"{name} is {shown(sink)} of type {type(sink).__name__}; it must be a function, a "
            "RingBuffer, a sound file or its path, an array or another object with writable memory"
        )
    return ArraySink(target_of(name, sink, side.form, side.channels))
