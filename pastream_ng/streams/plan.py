# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a chunk loop was asked for, checked against the stream it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pastream_ng._checks import flag, integer, seconds
from pastream_ng._native.arrays import target_of
from pastream_ng.errors import ArgumentError
from pastream_ng.streams.raw import is_raw, raw_array

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.options import Side

__all__ = ["ChunkPlan", "make_plan"]


class ChunkPlan(NamedTuple):
    """A chunk loop, ready to run.

    Attributes
    ----------
    size : int
        Frames per chunk, 0 for whatever has arrived.
    overlap : int
        Frames that a chunk shares with the one before.
    total : int
        Frames of the recording, those of `offset` included; -1 without end.
    offset : int
        Frames to leave out at the start.
    is_flat : bool
        Whether chunks are 1-D.
    copies : bool
        Whether chunks are copies.
    with_info : bool
        Whether each comes with a `ChunkInfo`.
    out : numpy.ndarray, buffer or None
        Memory for every chunk.
    timeout : float or None
        Seconds to wait for one chunk.
    """

    size: int
    overlap: int
    total: int
    offset: int
    is_flat: bool
    copies: bool
    with_info: bool
    out: Any
    timeout: float | None


def _target(out: Any, side: Side) -> Array:
    if is_raw(out):
        return raw_array("out", out, side.form, side.channels)
    return target_of("out", out, side.form, side.channels)


def make_plan(
    side: Side,
    blocksize: int,
    capacity: int,
    chunksize: Any,
    overlap: Any,
    frames: Any,
    offset: Any,
    always_2d: Any,
    copy: Any,
    with_info: Any,
    out: Any,
    timeout: Any,
) -> ChunkPlan:
    """Check the arguments of ``chunks``; see `InputStream.chunks` for their meaning."""
    shared = integer("overlap", overlap, 0, unit="frames")
    memory = None if out is None else _target(out, side)
    if chunksize is not None:
        size = integer("chunksize", chunksize, 1, unit="frames")
    elif memory is not None:
        size = len(memory)
    else:
        size = blocksize + shared if blocksize else 0
    if size and shared >= size:
        raise ArgumentError(
            f"overlap is {shared}; it must be less than the chunksize, {size} frames"
        )
    # A ring that has no room for a block any more would never hold the rest of a chunk.
    most = max(1, capacity - (blocksize or capacity // 4))
    if max(size, shared + 1) > most:
        raise ArgumentError(
            f"chunksize is {max(size, shared + 1)}; the stream's ring has room for {most} frames "
            "beside a block: use smaller chunks or a larger buffersize"
        )
    if memory is not None and len(memory) != size:
        raise ArgumentError(
            f"out has room for {len(memory)} frames; it must be {size}, the frames of a chunk"
        )
    skipped = integer("offset", offset, 0, unit="frames")
    total = integer("frames", frames, -1, unit="frames")
    if 0 <= total <= skipped:
        raise ArgumentError(
            f"frames is {total}; it must be more than the offset, {skipped} frames, which it "
            "includes, or -1 to go on for ever"
        )
    is_flat = not flag("always_2d", always_2d) and side.channels == 1
    if memory is not None:
        # Chunks in the caller's array have the caller's shape.
        is_flat = isinstance(out, np.ndarray) and out.ndim == 1
    return ChunkPlan(
        size=size,
        overlap=shared,
        total=total,
        offset=skipped,
        is_flat=is_flat,
        copies=flag("copy", copy),
        with_info=flag("with_info", with_info),
        out=out,
        timeout=seconds("timeout", timeout),
    )
