# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The frames of a sound file block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer
from pastream_ng._native.arrays import target_of
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.memory import fill_of
from pastream_ng.formats import SampleFormat, sample_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng._native.arrays import Array
    from pastream_ng.files.soundfile import SoundFile

__all__ = ["blocks_of"]


def blocks_of(
    file: SoundFile,
    blocksize: int | None,
    overlap: int,
    frames: int,
    dtype: Any,
    always_2d: bool,
    fill_value: float | None,
    out: Any,
) -> Iterator[Array]:
    """Return an iterator over blocks; see `SoundFile.blocks`. Arguments are checked at once."""
    if out is not None:
        form = sample_format(getattr(out, "dtype", None), "out")
        size = len(target_of("out", out, form, file.channels))
        if blocksize is not None:
            raise ArgumentTypeError(
                f"blocksize is {blocksize} and out is given; the length of out is the block size"
            )
    else:
        form = sample_format(dtype)
        if blocksize is None:
            raise ArgumentTypeError("blocksize is None; give the frames of a block, or out")
        size = blocksize
    size = integer("blocksize", size, 1, unit="frames")
    overlap = integer("overlap", overlap, 0, unit="frames")
    if overlap >= size:
        raise ArgumentError(f"overlap is {overlap}; it must be less than the block size, {size}")
    frames = integer("frames", frames, -1, unit="frames")
    fill_value = fill_of(fill_value, form)
    is_flat = not flag("always_2d", always_2d) and file.channels == 1
    if out is not None:
        is_flat = out.ndim == 1
    return _blocks(file, size, overlap, frames, form, is_flat, fill_value, out)


def _blocks(
    file: SoundFile,
    size: int,
    overlap: int,
    left: int,
    form: SampleFormat,
    is_flat: bool,
    fill_value: float | None,
    out: Any,
) -> Iterator[Array]:
    shape = (size,) if is_flat else (size, file.channels)
    kept: Array | None = None
    while True:
        block: Array = out if out is not None else np.empty(shape, form.dtype)
        first = 0
        if kept is not None:
            first = overlap
            block[:first] = kept
        room = size - first
        wanted = room if left < 0 else min(room, left)
        n = len(file.read(out=block[first : first + wanted])) if wanted else 0
        if left > 0:
            left -= n
        n_valid = first + n
        # An end within the overlap brings nothing new.
        if n == 0:
            return
        if n_valid < size:
            if fill_value is not None:
                block[n_valid:] = fill_value
                yield block
            else:
                yield block[:n_valid]
            return
        if overlap:
            kept = block[size - overlap :].copy()
        yield block
