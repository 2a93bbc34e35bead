# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Level and spectrum of a chunk, in the scales that the terminal shows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["FLOOR_DB", "N_BANDS", "bands", "level_db"]

FLOOR_DB = -72.0
N_BANDS = 48
LOW_HZ, HIGH_HZ = 80.0, 12000.0


def level_db(chunk: npt.NDArray[np.float32]) -> list[float]:
    """Return the root mean square of each channel in dB of full scale, not below the floor."""
    power = np.mean(np.square(chunk, dtype=np.float64), axis=0)
    decibels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    return [float(level) for level in decibels]


def bands(chunk: npt.NDArray[np.float32], samplerate: float) -> npt.NDArray[np.float64]:
    """Return the strength of each band, 0 to 1; bands are equally wide in octaves."""
    mono = chunk.mean(axis=1, dtype=np.float64)
    amplitude = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) * (4 / len(mono))
    edges = np.geomspace(LOW_HZ, min(HIGH_HZ, samplerate / 2), N_BANDS + 1)
    bins = np.minimum(np.rint(edges * len(mono) / samplerate).astype(int), len(amplitude) - 1)
    strongest = [amplitude[low : max(high, low + 1)].max() for low, high in pairwise(bins)]
    decibels = 20 * np.log10(np.maximum(strongest, 1e-6))
    return np.clip(1 - decibels / FLOOR_DB, 0.0, 1.0)
