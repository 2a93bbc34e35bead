# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Noise bursts that are found again in a recording, whatever a loop did to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["Bursts", "Found", "make_bursts"]

# A correlation that has nothing to find stays below six times its own spread in a million million
# lags. Real loops are at 20 and more.
_SURE = 8.0
# Around the peak lies what the loop's own response smears: it is no noise.
_GUARD_FRAMES = 32


class Found(NamedTuple):
    """Where a burst was in the recording."""

    delay: int
    snr_db: float


class Bursts(NamedTuple):
    """Bursts of noise, no two alike, with pauses in between."""

    signal: Array  # float32, (frames,)
    bursts: Array  # (repeats, burst length)
    starts: list[int]  # Of each burst in the signal.

    def find(self, recording: Array, most: int) -> list[Found | None]:
        """Look for each burst up to `most` frames after its start; None where it is not there."""
        length = self.bursts.shape[1]
        size = 1 << (length + most - 1).bit_length()
        found = []
        for burst, start in zip(self.bursts, self.starts, strict=True):
            heard = recording[start : start + length + most]
            spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(burst, size))
            # A loop may turn the sign around.
            match = np.abs(np.fft.irfft(spectrum, size)[: most + 1])
            found.append(_peak(match))
        return found


def _peak(match: Array) -> Found | None:
    delay = int(np.argmax(match))
    peak = float(match[delay])
    rest = np.concatenate((match[: max(delay - _GUARD_FRAMES, 0)], match[delay + _GUARD_FRAMES :]))
    floor = float(np.sqrt(np.mean(np.square(rest)))) if rest.size else 0.0
    # What is nothing but rounding has no peak worth the name.
    floor = max(floor, peak * 1e-5, 1e-12)
    if peak < _SURE * floor:
        return None
    return Found(delay, 20.0 * float(np.log10(peak / floor)))


def make_bursts(repeats: int, length: int, pause: int, level: float) -> Bursts:
    """Return bursts of white noise that begin and end softly, always the same ones."""
    random = np.random.default_rng(1)
    noise = random.uniform(-1.0, 1.0, (repeats, length))
    edge = length // 16
    shape = np.ones(length)
    shape[:edge] = np.sin(np.linspace(0.0, np.pi / 2, edge)) ** 2
    shape[length - edge :] = shape[:edge][::-1]
    noise *= shape * level
    noise -= noise.mean(axis=1, keepdims=True) * shape / shape.mean()
    bursts = noise.astype(np.float32)
    signal = np.zeros(repeats * (length + pause), np.float32)
    starts = [i * (length + pause) for i in range(repeats)]
    for burst, start in zip(bursts, starts, strict=True):
        signal[start : start + length] = burst
    return Bursts(signal, bursts, starts)
