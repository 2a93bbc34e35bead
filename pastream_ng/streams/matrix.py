# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The channel matrix of an open stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng.enums import Direction
from pastream_ng.streams.mapping import remapped

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase

__all__ = ["get_matrix", "set_matrix"]


def _shape(stream: StreamBase, direction: Direction) -> tuple[int, int]:
    """Return (destinations, sources)."""
    side = stream._input if direction == Direction.INPUT else stream._output
    assert side is not None
    if direction == Direction.INPUT:
        return side.channels, side.device_channels
    return side.device_channels, side.channels


def get_matrix(stream: StreamBase, direction: Direction) -> Array:
    """Return a copy of the gains of one side."""
    pointer, err = stream._use(), new_error()
    gains = np.empty(_shape(stream, direction), "float32")
    memory = ffi.from_buffer("float[]", gains)
    check(lib.pst_stream_get_matrix(pointer, direction, memory, err), err)
    return gains


def set_matrix(stream: StreamBase, name: str, direction: Direction, value: Any) -> None:
    """Change the gains of one side; `name` is what errors call the value."""
    pointer, err = stream._use(), new_error()
    memory = ffi.NULL
    if value is not None:
        memory = ffi.from_buffer("float[]", remapped(name, value, _shape(stream, direction)))
    check(lib.pst_stream_set_matrix(pointer, direction, memory, err), err)
