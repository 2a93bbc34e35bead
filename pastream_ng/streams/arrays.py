# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams whose rings are whole arrays: what is played or recorded lies in one piece of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import frames_of, numbers_of
from pastream_ng._native.ring import NativeRing
from pastream_ng.errors import ArgumentError, OutOfMemoryError
from pastream_ng.formats import FORMATS, SampleFormat, sample_format

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["new_recording", "playable", "playing_ring", "recording_ring"]


def playable(data: Any, dtype: Any = None, name: str = "data") -> tuple[Array, SampleFormat]:
    """Return what a user wants to hear as an array (frames, channels), and its format.

    Floats become float32 unless `dtype` says float64; integers stay as they are.
    """
    array = numbers_of(name, data)
    if array.ndim not in (1, 2):
        raise ArgumentError(
            f"{name} has shape {array.shape}; it must be (frames,) or (frames, channels)"
        )
    if not array.size:
        raise ArgumentError(f"{name} has shape {array.shape}; there is nothing to play")
    channels = 1 if array.ndim == 1 else array.shape[1]
    if channels > 256:
        raise ArgumentError(
            f"{name} has shape {array.shape}, which is {channels} channels; it can have 256 at most"
        )
    if dtype is not None:
        form = sample_format(dtype)
    elif array.dtype.kind == "f":
        form = FORMATS["float32"]
    else:
        form = FORMATS.get(array.dtype.name, FORMATS["float32"])
    if array.dtype.kind != "f" and array.dtype.newbyteorder("=") != form.dtype:
        names = ", ".join(FORMATS)
        raise ArgumentError(
            f"{name} has dtype {array.dtype.name}"
            + (f" and dtype is {form.name}; they must agree" if dtype is not None else "")
            + (f"; it must be one of {names}" if dtype is None else "")
        )
    return frames_of(name, array, form, channels), form


def playing_ring(frames: Array) -> NativeRing:
    """Return a ring over an array, full and ended. The array is only read."""
    ring = NativeRing.create(len(frames), frames.itemsize * frames.shape[1], flat=frames)
    span = ffi.new("pst_span *")
    lib.pst_ring_begin_write(ring.pointer, len(frames), span)
    lib.pst_ring_commit_write(ring.pointer, len(frames))
    lib.pst_ring_end(ring.pointer)
    return ring


def new_recording(frames: int, channels: int, form: SampleFormat) -> Array:
    """Return an array of silence, all of it touched: the audio thread meets no page fault."""
    try:
        return np.full((frames, channels), form.silence, form.dtype)
    except MemoryError:
        raise OutOfMemoryError(
            f"frames is {frames}; {channels} channels of that do not fit into memory"
        ) from None


def recording_ring(frames: Array) -> NativeRing:
    """Return an empty ring over an array that the stream is to fill."""
    return NativeRing.create(len(frames), frames.itemsize * frames.shape[1], flat=frames)
