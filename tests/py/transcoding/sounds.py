# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sounds to be transcoded, and what is found afterwards."""

import numpy as np

import pastream_ng as ps

RATE = 48000
LONG_S = 20_000
#: What makes of a long file something that takes seconds, and little room.
SLOW = {"sample_rate": 8000, "channels": 1}


def tone(frames, channels=2, rate=RATE):
    """Return a tone, another one in each channel, (frames, channels)."""
    t = np.arange(frames)[:, None] / rate
    return 0.5 * np.sin(2 * np.pi * (440 + 110 * np.arange(channels)) * t)


def noise(frames, channels=2, seed=1):
    """Return noise of 16 bits, which no lossless codec may change."""
    drawn = np.random.default_rng(seed).integers(-20000, 20000, (frames, channels))
    return drawn.astype("int16")


def write(path, frames=4800, channels=2, rate=RATE, **options):
    """Write a tone; return its path as a text."""
    ps.write(path, tone(frames, channels, rate), rate, **options)
    return str(path)


def long_file(path, seconds=LONG_S):
    """Write a file that takes a while to encode; sparse, so it takes no room."""
    with open(path, "wb") as file:
        size = seconds * RATE * 4
        file.write(
            b"RIFF"
            + (size + 36).to_bytes(4, "little")
            + b"WAVEfmt \x10\0\0\0\1\0\2\0"
            + RATE.to_bytes(4, "little")
            + (RATE * 4).to_bytes(4, "little")
            + b"\4\0\x10\0data"
            + size.to_bytes(4, "little")
        )
        file.truncate(size + 44)
    return str(path)
