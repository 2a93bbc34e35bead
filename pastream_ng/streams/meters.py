# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How loud a stream is, channel by channel, as its callback measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import Direction

__all__ = ["MeterReading", "enable_meters", "meters_of"]


def _db(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        return 20.0 * np.log10(values)


@dataclass(frozen=True, eq=False)
class MeterReading:
    """The levels of one side of a stream after one block; 1 is full scale.

    All arrays have one item per channel of the stream. The window is the last 100 ms, or up to
    10 ms more.

    Attributes
    ----------
    frames : int
        How many frames were metered since the start.
    window : int
        How many of the last ones make the window.
    peak, rms : numpy.ndarray
        Largest absolute value, and root of the mean square, in the window; float64.
    max_peak : numpy.ndarray
        Largest absolute value since the start, or since ``reset_meters``; float64.
    clipped : numpy.ndarray
        How many samples since then were at full scale or beyond it; int64. For integer samples that
        is their largest value.
    """

    frames: int
    window: int
    peak: Array
    rms: Array
    max_peak: Array
    clipped: Array

    @property
    def peak_db(self) -> Array:
        """`peak` in dBFS; silence is minus infinity."""
        return _db(self.peak)

    @property
    def rms_db(self) -> Array:
        """`rms` in dBFS: a sine of full scale has -3.01."""
        return _db(self.rms)

    @property
    def max_peak_db(self) -> Array:
        """`max_peak` in dBFS."""
        return _db(self.max_peak)


def enable_meters(stream: Any, direction: Direction) -> None:
    """Begin to meter sides of a ``pst_stream``."""
    err = new_error()
    check(lib.pst_stream_enable_meters(stream, direction, err), err)


def meters_of(stream: Any, direction: Direction, channels: int) -> MeterReading | None:
    """Return what the meter of one side reads; None if there is none yet."""
    reading = ffi.new("pst_meter_reading *")
    found = ffi.new("pst_meter_channel[]", channels)
    if lib.pst_stream_read_meters(stream, direction, reading, found) != 0:
        return None
    rows = [(each.peak, each.rms, each.max_peak) for each in found]
    peak, rms, max_peak = np.array(rows, dtype=np.float64).T.copy()
    clipped = np.array([each.n_clipped for each in found], dtype=np.int64)
    return MeterReading(reading.frames, reading.window_frames, peak, rms, max_peak, clipped)
