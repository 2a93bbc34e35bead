# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A short tune, synthesised: the theme of Beethoven's ninth symphony, with a plain bass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["melody"]

BEAT_S = 0.36
PEAK = 0.35
# Pairs of (MIDI note, beats). Both lines last 32 beats, and are repeated for as long as needed.
TUNE = [
    *[(64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1)],
    *[(60, 1), (60, 1), (62, 1), (64, 1), (64, 1.5), (62, 0.5), (62, 2)],
    *[(64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1)],
    *[(60, 1), (60, 1), (62, 1), (64, 1), (62, 1.5), (60, 0.5), (60, 2)],
]
BASS = [
    *[(48, 4), (43, 4), (45, 4), (43, 4)],
    *[(48, 4), (43, 4), (45, 2), (43, 2), (48, 4)],
]
PARTIALS = (1.0, 0.45, 0.2, 0.1)  # Amplitudes of the harmonics.
PAN = {"tune": (0.8, 0.6), "bass": (0.6, 0.8)}  # Left and right; the squares add up to 1.


def tone(note: int, seconds: float, samplerate: float) -> npt.NDArray[np.float64]:
    """Return one note: harmonics under an envelope that rises fast, fades, and ends at zero."""
    n_frames = round(seconds * samplerate)
    time = np.arange(n_frames) / samplerate
    frequency = 440.0 * 2.0 ** ((note - 69) / 12)
    wave = np.zeros(n_frames)
    for harmonic, amplitude in enumerate(PARTIALS, 1):
        wave += amplitude * np.sin(2 * np.pi * frequency * harmonic * time)
    attack = np.minimum(time / 0.008, 1.0)
    release = np.minimum((seconds - time) / 0.03, 1.0)
    wave *= attack * np.exp(-2.5 * time) * np.clip(release, 0.0, 1.0)
    return wave


def line(notes: Sequence[tuple[int, float]], samplerate: float) -> npt.NDArray[np.float64]:
    """Return notes one after another, each placed at its own time, so that no error adds up."""
    n_beats = sum(beats for _, beats in notes)
    wave = np.zeros(round(n_beats * BEAT_S * samplerate))
    beat = 0.0
    for note, beats in notes:
        start = round(beat * BEAT_S * samplerate)
        sound = tone(note, beats * BEAT_S, samplerate)[: len(wave) - start]
        wave[start : start + len(sound)] += sound
        beat += beats
    return wave


def melody(n_frames: int, samplerate: float, channels: int) -> npt.NDArray[np.float32]:
    """Return the tune, repeated up to ``n_frames``.

    Parameters
    ----------
    n_frames
        Length in frames.
    samplerate
        In Hz.
    channels
        1 for mono; from 2 on the tune lies more to the left and the bass more to the right, and
        channels beyond the second are silent.

    Returns
    -------
    ndarray
        ``(n_frames, channels)`` float32, within -0.35 to 0.35.
    """
    tune, bass = line(TUNE, samplerate), line(BASS, samplerate)
    if channels == 1:
        sound = (tune + bass)[:, np.newaxis]
    else:
        sound = np.zeros((len(tune), channels))
        for wave, pan in ((tune, PAN["tune"]), (bass, PAN["bass"])):
            sound[:, 0] += pan[0] * wave
            sound[:, 1] += pan[1] * wave
    sound *= PEAK / np.abs(sound).max()
    repeats = -(-n_frames // len(sound))
    return np.tile(sound.astype(np.float32), (repeats, 1))[:n_frames]
