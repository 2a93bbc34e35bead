# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Resampling of an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._native.arrays import numbers_of
from pastream_ng.errors import ArgumentError
from pastream_ng.resampling.resampler import Resampler

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import ResampleEngine, ResampleQuality, ResampleQualityName

__all__ = ["resample"]

_INTEGERS = ("int32", "int16", "int8", "uint8")


def _dtype_of(array: Array) -> str:
    """Return the dtype to resample in."""
    name = array.dtype.newbyteorder("=").name
    if array.dtype.kind == "f":
        return "float32" if array.dtype.itemsize <= 4 else "float64"
    if name in _INTEGERS:
        return name
    raise ArgumentError(
        f"x has dtype {array.dtype.name}; it must be floats, or one of {', '.join(_INTEGERS)}"
    )


def resample(
    x: Any,
    from_rate: float,
    to_rate: float,
    *,
    quality: ResampleQuality | ResampleQualityName = "best",
    engine: ResampleEngine | Literal["auto", "samplerate", "soxr"] = "auto",
) -> Array:
    """Return sound at another sample rate.

    The first frame keeps its time, and n frames become ``floor(n * to_rate / from_rate + 0.5)``.
    Sound that comes in pieces is for `Resampler`.

    Parameters
    ----------
    x : array_like
        (frames, channels) or (frames,): floats, int32, int16, int8 or uint8. What is not finite
        counts as 0.
    from_rate, to_rate : float
        Hz, within a factor of 256 of each other.
    quality : {"best", "medium", "fast", "linear", "hold"}, optional
        See `ResampleQuality`.
    engine : {"auto", "soxr", "samplerate"}, optional
        What computes; see `ResampleEngine`.

    Returns
    -------
    numpy.ndarray
        The frames, in the shape and dtype of `x`; float16 becomes float32, and longdouble float64.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.
    UnsupportedSettingsError
        This build has no such engine.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> ps.resample(np.zeros((44100, 2), "float32"), 44100, 16000).shape
    (16000, 2)
    """
    array = numbers_of("x", x)
    dtype = _dtype_of(array)
    if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= 256):
        raise ArgumentError(
            f"x has shape {array.shape}; it must be (frames, channels) with 1 to 256 channels, "
            "or (frames,)"
        )
    channels = 1 if array.ndim == 1 else array.shape[1]
    resampler = Resampler(from_rate, to_rate, channels, quality=quality, engine=engine, dtype=dtype)
    return resampler.process(array, last=True)
