# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a stream can play: functions, arrays, rings, and what says how by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import frames_of
from pastream_ng._native.ring import NativeRing
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.endpoints import (
    Endpoint,
    arguments_of,
    function_end,
    only_for_functions,
    takes,
)
from pastream_ng.streams.raw import is_raw, raw_frames

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.options import Side
    from pastream_ng.streams.writing import WritingStream

__all__ = ["make_source"]


class ArraySource(Endpoint):
    """An array, played where it lies, from its start in each run."""

    def __init__(self, name: str, array: Array, loop: bool) -> None:
        if not len(array):
            raise ArgumentError(
                f"{name} has shape {array.shape}; there is nothing to play"
                + (", and nothing to play in a loop" if loop else "")
            )
        self._array = array
        self.loops = loop
        self.frames = None if loop else len(array)
        self.ring = NativeRing.create(len(array), array.itemsize * array.shape[1], flat=array)

    def begin(self, stream: StreamBase) -> None:
        """Fill the ring again."""
        assert self.ring is not None
        pointer, span = self.ring.pointer, ffi.new("pst_span *")
        lib.pst_ring_restart(pointer)
        lib.pst_ring_skip(pointer, 0, 2**63)
        lib.pst_ring_begin_write(pointer, len(self._array), span)
        lib.pst_ring_commit_write(pointer, span.n_frames)
        if not self.loops:
            lib.pst_ring_end(pointer)


class RingSource(Endpoint):
    """A ring of the user's: the run ends once it was ended and is empty."""

    def __init__(self, name: str, ring: RingBuffer, side: Side) -> None:
        check_ring(name, ring, side)
        self.ring = ring._ring
        self.face = ring


def check_ring(name: str, ring: RingBuffer, side: Side) -> None:
    """Refuse a ring whose frames are not those of a side of a stream."""
    wanted = side.channels * int(lib.pst_format_bytes(side.form.code))
    if ring.elementsize != wanted:
        raise ArgumentError(
            f"{name} has elements of {ring.elementsize} bytes; {side.channels} channels of "
            f"{side.form.name} have {wanted}"
        )
    if ring.dtype is not None and (ring.dtype, ring.channels) != (side.form.name, side.channels):
        raise ArgumentError(
            f"{name} has {ring.channels} channels of {ring.dtype}; the stream has {side.channels} "
            f"of {side.form.name}"
        )


def make_source(
    stream: WritingStream,
    source: Any,
    loop: Any = False,
    buffersize: Any = None,
    args: Any = (),
    kwargs: Any = None,
    name: str = "source",
) -> Endpoint:
    """Return the endpoint of what a user wants a stream to play. Nothing is changed."""
    side = stream._output
    assert side is not None
    loops = flag("loop", loop)
    size = None if buffersize is None else integer("buffersize", buffersize, 1, 2**40, "frames")
    if hasattr(source, "_as_source"):
        only_for_functions(name, args, kwargs)
        end = source._as_source(stream, loops, size)
        assert isinstance(end, Endpoint)
        return end
    if callable(source):
        return _function(name, source, loops, size, args, kwargs, side)
    only_for_functions(name, args, kwargs)
    if isinstance(source, (str, os.PathLike)):
        from pastream_ng.files.endpoints import source_of_path

        return source_of_path(stream, source, loops, size)
    if isinstance(source, RingBuffer):
        if loops:
            raise ArgumentError("loop is true; a ring cannot be played again, give an array")
        return RingSource(name, source, side)
    return ArraySource(name, _array(name, source, side), loops)


def _function(
    name: str, function: Any, loop: bool, size: int | None, args: Any, kwargs: Any, side: Side
) -> Endpoint:
    args, keywords = arguments_of(args, kwargs)
    if takes(function, "loop"):
        keywords.setdefault("loop", loop)
    elif loop:
        raise ArgumentError(
            f"loop is true; {shown(function)} takes no argument loop, so it would not know"
        )
    end = function_end(name, function, args, keywords)
    if size is not None:
        end.ring = NativeRing.create(
            size, side.channels * int(lib.pst_format_bytes(side.form.code))
        )
    return end


def _array(name: str, source: Any, side: Side) -> Array:
    """Return what is to be played as an array (frames, channels), of the memory where it can be."""
    if is_raw(source):
        frame_bytes = side.channels * int(lib.pst_format_bytes(side.form.code))
        view, frames = raw_frames(name, source, side.form.name, frame_bytes)
        flat: Array = np.frombuffer(view, side.form.dtype)
        return flat.reshape(frames, side.channels)
    if source is None:
        raise ArgumentTypeError(
            f"{name} is None; it must be a function, a RingBuffer, a sound file or its path, an "
            "array or another object with memory"
        )
    return frames_of(name, source, side.form, side.channels)
