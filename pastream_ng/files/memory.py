# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Memory for what is read: as much as there is, whatever a file claims."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.arrays import Array
    from pastream_ng.formats import SampleFormat

__all__ = ["fill_of", "read_growing"]

# What a claim is believed without anything read yet.
_TRUSTED_BYTES = 64 << 20


def fill_of(value: Any, form: SampleFormat) -> Any:
    """Return a ``fill_value`` that arrays of a format can hold, or None."""
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f"fill_value is {shown(value)} of type {type(value).__name__}; it must be a number"
        )
    number: Any = value
    dtype = np.dtype(form.dtype)
    if dtype.kind == "f":
        is_beyond = abs(number) > float(np.finfo(dtype).max)
        return math.copysign(math.inf, number) if is_beyond else float(number)
    limits = np.iinfo(dtype)
    if not limits.min <= number <= limits.max or number != int(number):
        raise ArgumentError(
            f"fill_value is {shown(value)}; for {form.name} it must be an integer from "
            f"{limits.min} to {limits.max}"
        )
    return int(number)


def read_growing(
    read_into: Callable[[Array], int],
    wanted: int,
    left: int,
    channels: int,
    dtype: str,
    is_sure: bool,
) -> Array:
    """Read up to the end, or `wanted` frames (-1: no limit); return them as (frames, channels).

    Parameters
    ----------
    read_into : callable
        Fills an array, returns how many frames came; fewer only at the end.
    wanted : int
        How many frames at most.
    left : int
        How many there are left, -1 if that is unknown. A claim of a file that may be a lie, unless
        `is_sure`: then it follows from its length.
    """
    most = left if wanted < 0 else wanted if left < 0 else min(wanted, left)
    frame_bytes = channels * np.dtype(dtype).itemsize
    trusted = max(1, _TRUSTED_BYTES // frame_bytes)
    if most >= 0 and (is_sure or most <= trusted):
        room = most
    else:
        room = min(trusted, 65536) if most < 0 else trusted
    target = np.empty((room, channels), dtype)
    n = 0
    while True:
        n += read_into(target[n:])
        if n < len(target) or len(target) == most:
            break
        room = 2 * len(target)
        # Moves the pages, where the system can, instead of their content.
        target.resize((room if most < 0 else min(room, most), channels), refcheck=False)
    if n < len(target) * 3 // 4:
        target.resize((n, channels), refcheck=False)
    return target[:n]
