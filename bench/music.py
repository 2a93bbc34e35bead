# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Five minutes of something like music: the same samples from the same seed, on every machine."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

RATE = 44100
SECONDS = 300
_BEAT = RATE // 4
_SCALE = (0, 3, 5, 7, 10, 12, 15, 17)


def _pluck(hz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A string: partials that die away, the higher ones sooner, none in tune exactly."""
    t = np.arange(int(seconds * RATE), dtype="f4") / RATE
    sound = np.zeros(len(t), "f4")
    for partial in range(1, 9):
        if hz * partial > 16000:
            break
        at = hz * partial * (1 + rng.normal(0, 2e-4))
        phase = rng.uniform(0, 2 * np.pi)
        decay = np.exp(-t * np.float32(1.5 + partial))
        sound += np.sin(np.float32(2 * np.pi * at) * t + np.float32(phase)) * decay / partial
    return sound


def _drum(rng: np.random.Generator) -> np.ndarray:
    n = RATE // 8
    return (rng.normal(0, 1, n) * np.exp(-np.arange(n) / (n / 6))).astype("f4")


def frames() -> np.ndarray:
    """Return (frames, 2) int16."""
    rng = np.random.default_rng(20)
    notes = [_pluck(110 * 2 ** (step / 12), 1.5, rng) for step in _SCALE for _ in range(3)]
    drums = [_drum(rng) for _ in range(4)]
    out = rng.normal(0, 2e-4, (RATE * SECONDS, 2)).astype("f4")
    for beat in range(SECONDS * 4 - 8):
        at = beat * _BEAT
        for note in rng.choice(len(notes), 3):
            left = rng.uniform(0.05, 0.2)
            sound = notes[note]
            out[at : at + len(sound), 0] += sound * np.float32(left)
            out[at : at + len(sound), 1] += sound * np.float32(0.25 - left)
        if beat % 2 == 1:
            hit = drums[rng.integers(len(drums))] * np.float32(0.1)
            out[at : at + len(hit)] += hit[:, None]
    return np.round(np.clip(out, -0.99, 0.99) * 32767).astype("i2")


def write(path: Path, data: np.ndarray, rate: int) -> None:
    """Write a WAV file with nothing of this library in it."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(data.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data.astype("<i2").tobytes())
