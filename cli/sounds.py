# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Test sounds, made block by block: tones, sweeps and noises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import pastream_ng as ps

__all__ = ["KINDS", "Sound", "blocks"]

Block = npt.NDArray[np.float64]
#: Makes one channel, from a frame on, so many frames.
Maker = Callable[[int, int], Block]

BLOCK = 1 << 15
#: Pink noise falls by 3 dB per octave from here on.
PINK_HZ = 10.0
BROWN_HZ = 10.0


@dataclass(frozen=True)
class Sound:
    """What is to be made; rates and frequencies are in Hz.

    `level` is the largest absolute value of tones, sweeps and clicks, and the root of the mean
    square of noises; 1 is full scale.
    """

    kind: str
    rate: int
    channels: int
    frames: int
    level: float
    frequency: float = 440.0
    to: float = 20000.0
    seed: int | None = None


def turns(sound: Sound, first: int, n: int) -> Block:
    """Return how far into its period a tone is, from 0 to 1; exact after hours, too."""
    frames = np.arange(first, first + n, dtype=np.int64)
    whole, rest = divmod(sound.frequency, 1.0)
    # The products of integers are exact; those with the rest are small.
    turned: Block = (frames * int(whole)) % sound.rate / sound.rate + frames * (rest / sound.rate)
    return np.asarray(turned % 1.0)


def sine(sound: Sound) -> Maker:
    """Make a sine."""
    return lambda first, n: np.sin(2 * np.pi * turns(sound, first, n))


def harmonics(sound: Sound, numbers: range, weight: Callable[[int], float]) -> Maker:
    """Make a wave of sines below half the rate, so that nothing is folded back."""
    most = int(sound.rate / 2 / sound.frequency)
    present = [k for k in numbers[: most + 1] if k * sound.frequency < sound.rate / 2]
    size = 16 << max(8, most.bit_length())
    spectrum = np.zeros(size // 2 + 1, complex)
    spectrum[present] = [-0.5j * size * weight(k) for k in present]
    scale = 1 / float(np.abs(np.fft.irfft(spectrum, size)).max())

    def make(first: int, n: int) -> Block:
        at = turns(sound, first, n)
        made = np.zeros(n)
        for k in present:
            made += weight(k) * scale * np.sin(2 * np.pi * k * at)
        return made

    return make


def square(sound: Sound) -> Maker:
    """Make a square wave: all odd harmonics."""
    return harmonics(sound, range(1, 1 << 20, 2), lambda k: 1 / k)


def sawtooth(sound: Sound) -> Maker:
    """Make a rising sawtooth: all harmonics."""
    return harmonics(sound, range(1, 1 << 20), lambda k: (-1) ** (k + 1) / k)


def triangle(sound: Sound) -> Maker:
    """Make a triangle: odd harmonics, soon softer."""
    return harmonics(sound, range(1, 1 << 20, 2), lambda k: (-1) ** (k // 2) / k**2)


def sweep(sound: Sound) -> Maker:
    """Make a sine that rises by as many octaves in each second."""
    if sound.to == sound.frequency:
        return sine(sound)
    length = sound.frames / sound.rate
    octaves = np.log(sound.to / sound.frequency)

    def make(first: int, n: int) -> Block:
        t = np.arange(first, first + n) / sound.rate
        cycles: Block = sound.frequency * length / octaves * np.expm1(t / length * octaves)
        return np.sin(2 * np.pi * (cycles % 1.0))

    return make


def chirp(sound: Sound) -> Maker:
    """Make a sine that rises by as many Hz in each second."""
    slope = (sound.to - sound.frequency) / (2 * sound.frames / sound.rate)

    def make(first: int, n: int) -> Block:
        t = np.arange(first, first + n) / sound.rate
        cycles: Block = (sound.frequency + slope * t) * t
        return np.sin(2 * np.pi * (cycles % 1.0))

    return make


def clicks(sound: Sound) -> Maker:
    """Make one sample of full level in each period, from the first on."""

    def make(first: int, n: int) -> Block:
        frames = np.arange(first - 1, first + n)
        count = np.floor(frames * (sound.frequency / sound.rate) + 1e-9)
        return np.where(np.diff(count) > 0, 1.0, 0.0)

    return make


def silence(sound: Sound) -> Maker:
    """Make silence."""
    return lambda first, n: np.zeros(n)


def sections(poles: Block, zeros: Block) -> Block:
    """Return first-order sections, two of them in each of second order."""
    rows = []
    for at in range(0, len(poles), 2):
        numerator = np.atleast_1d(np.poly(zeros[at : at + 2]))
        denominator = np.poly(poles[at : at + 2])
        rows.append([*np.pad(numerator, (0, 3 - len(numerator))),
                     *np.pad(denominator, (0, 3 - len(denominator)))])  # fmt: skip
    return np.array(rows)


def pink_filter(rate: int) -> Block:
    """Return what makes pink noise of white: poles and zeros in turn, half an octave apart."""
    n = int(np.log2(rate / 2 / PINK_HZ)) + 1
    corners = PINK_HZ * 2.0 ** np.arange(n)
    poles = np.exp(-2 * np.pi * corners / rate)
    zeros = np.exp(-2 * np.pi * corners * np.sqrt(2) / rate)
    return sections(poles, zeros)


def brown_filter(rate: int) -> Block:
    """Return what makes brown noise of white: one pole."""
    return sections(np.exp([-2 * np.pi * BROWN_HZ / rate]), np.zeros(0))


def gain_of(sos: Block) -> float:
    """Return by how much a filter makes white noise louder."""
    turn = np.exp(-1j * np.pi * (np.arange(1 << 18) + 0.5) / (1 << 18))
    powers = np.array([np.ones_like(turn), turn, turn**2])
    response = np.prod((sos[:, :3] @ powers) / (sos[:, 3:] @ powers), axis=0)
    return float(np.sqrt(np.mean(np.abs(response) ** 2)))


def noise(sound: Sound, design: Callable[[int], Block] | None, seed: Any) -> Maker:
    """Make a noise, of normally distributed samples; blocks must follow each other."""
    rng = np.random.default_rng(seed)
    if design is None:
        return lambda first, n: rng.standard_normal(n)
    sos = design(sound.rate)
    form = ps.AudioFormat(sound.rate, 1, "f64")
    shape = ps.Processor.iir(sos=sos, format=form)
    gain = 1 / gain_of(sos)
    # What is before the first second has not settled.
    shape.process(gain * rng.standard_normal((1, sound.rate)))
    return lambda first, n: np.asarray(shape.process(gain * rng.standard_normal((1, n))))[0]


MAKERS: dict[str, Callable[[Sound], Maker]] = {
    "sine": sine,
    "square": square,
    "sawtooth": sawtooth,
    "triangle": triangle,
    "sweep": sweep,
    "chirp": chirp,
    "clicks": clicks,
    "silence": silence,
}
NOISES: dict[str, Callable[[int], Block] | None] = {
    "white": None,
    "pink": pink_filter,
    "brown": brown_filter,
}
KINDS = [*MAKERS, *NOISES]


def blocks(sound: Sound) -> Iterator[Block]:
    """Yield it as arrays of (frames, channels); noises differ between channels."""
    if sound.kind in NOISES:
        seeds = np.random.SeedSequence(sound.seed).spawn(sound.channels)
        makers = [noise(sound, NOISES[sound.kind], seed) for seed in seeds]
    else:
        makers = [MAKERS[sound.kind](sound)]
    for first in range(0, sound.frames, BLOCK):
        n = min(BLOCK, sound.frames - first)
        made = np.stack([sound.level * make(first, n) for make in makers], axis=1)
        yield np.repeat(made, sound.channels, axis=1) if len(makers) < sound.channels else made
