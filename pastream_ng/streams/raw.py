# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Frames as plain memory: what users hand in who do without NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native.arrays import memory_of
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.formats import SampleFormat
    from pastream_ng.rings import RingBuffer

__all__ = ["is_raw", "raw_array", "raw_frames", "writable_bytes"]

# Formats of plain memory, as the buffer protocol names them.
_BYTES = ("B", "b", "c")
_SAMPLES = {
    "float32": "f",
    "float64": "d",
    "int32": "il",
    "int24": "il",
    "int16": "h",
    "int8": "b",
    "uint8": "B",
}


def is_raw(data: Any) -> bool:
    """Whether data is plain memory, and no array of NumPy or anything that becomes one."""
    return isinstance(data, (bytes, bytearray, memoryview)) or type(data).__module__ == "array"


def raw_frames(name: str, data: Any, dtype: str | None, frame_bytes: int) -> tuple[memoryview, int]:
    """Return plain memory as bytes, and its length in frames.

    Memory that is known to hold samples must hold those of the stream.
    """
    view = memory_of(name, data)
    if view.format not in _BYTES and dtype is not None:
        code = view.format.lstrip("@=") if view.format else ""
        sample_bytes = {"float64": 8, "int16": 2, "int8": 1, "uint8": 1}.get(dtype, 4)
        if code not in _SAMPLES[dtype] or view.itemsize != sample_bytes:
            raise ArgumentError(
                f"{name} has items of format {view.format!r} and {view.itemsize} bytes; they must "
                f"be bytes, or samples of {dtype}"
            )
    frames, rest = divmod(view.nbytes, frame_bytes)
    if rest:
        raise ArgumentError(
            f"{name} has {view.nbytes} bytes; it must be a multiple of a frame's {frame_bytes} "
            "bytes"
        )
    return view, frames


def writable_bytes(name: str, data: Any, ring: RingBuffer) -> tuple[memoryview, int]:
    """Return memory that may be written, and its length in frames of a ring."""
    view, frames = raw_frames(name, data, ring.dtype, ring.elementsize)
    return _writable(name, view), frames


def _writable(name: str, view: memoryview) -> memoryview:
    if view.readonly:
        raise ArgumentError(f"{name} is read-only; it must be writable")
    return view


def raw_array(name: str, data: Any, form: SampleFormat, channels: int) -> Array:
    """Return memory that may be written as an array (frames, channels)."""
    frame_bytes = channels * np.dtype(form.dtype).itemsize
    view, frames = raw_frames(name, data, form.name, frame_bytes)
    flat: Array = np.frombuffer(_writable(name, view), form.dtype)
    return flat.reshape(frames, channels)
