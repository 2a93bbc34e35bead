# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The numbers behind the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

__all__ = ["Envelope", "envelope", "levels_db", "mean_levels_db", "powers"]

#: What silence counts as, in dB.
_FLOOR_DB = -240.0
_SAMPLES_AT_A_TIME = 1 << 21


class Envelope(NamedTuple):
    """The least and the largest sample of each piece of a sound.

    Attributes
    ----------
    starts : numpy.ndarray
        The first frame of each piece.
    least, most : numpy.ndarray
        (pieces, channels).
    """

    starts: NDArray[np.int64]
    least: Floats
    most: Floats


def envelope(frames: Floats, n_most: int) -> Envelope:
    """Cut a sound into at most so many pieces of about the same length."""
    n = len(frames)
    starts = np.unique(np.arange(n_most, dtype=np.int64) * n // n_most) if n > n_most else None
    if starts is None:
        return Envelope(np.arange(n), frames, frames)
    least = np.minimum.reduceat(frames, starts, axis=0)
    most = np.maximum.reduceat(frames, starts, axis=0)
    return Envelope(starts, least, most)


def powers(mono: Floats, size: int, hop: int) -> Iterator[Floats]:
    """Return the powers of a sound's windows, scaled so that a full sine has 1.

    Parameters
    ----------
    mono : numpy.ndarray
        (frames,). What is missing in the only window of a short sound counts as silence.
    size : int
        Frames in a window of Hann, with the period `size`.
    hop : int
        Frames from one window to the next.

    Yields
    ------
    numpy.ndarray
        Some windows after the other: (windows, size // 2 + 1). Frequency k is k / size of the rate.
    """
    padded = np.pad(mono, (0, max(0, size - len(mono))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    n = max(1, _SAMPLES_AT_A_TIME // size)
    for first in range(0, len(windows), n):
        lines = np.fft.rfft(windows[first : first + n] * hann, axis=1) * (2 / hann.sum())
        yield np.square(np.abs(lines))


def levels_db(power: Floats) -> Floats:
    """Return powers in dB; silence is -240."""
    levels: Floats = 10 * np.log10(np.maximum(power, 10 ** (_FLOOR_DB / 10)))
    return levels


def mean_levels_db(mono: Floats, size: int) -> Floats:
    """Return the mean power of windows that overlap by half, in dB (P. D. Welch, 1967)."""
    total, n_windows = np.zeros(size // 2 + 1), 0
    for group in powers(mono, size, size // 2):
        total += group.sum(axis=0)
        n_windows += len(group)
    return levels_db(total / n_windows)
