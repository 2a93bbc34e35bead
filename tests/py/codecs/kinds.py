# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every kind of file that this build may know, for tests over all of them."""

import io
from typing import NamedTuple

import numpy as np
import pytest

import pastream_ng as ps


class Kind(NamedTuple):
    """A kind of lossy file, and what is to be expected of it."""

    format: str
    subtype: str
    encoding: str
    rates: tuple
    channels: tuple
    frame: int  # Of the codec.
    snr_db: float  # Of tones at the default quality.
    pads: int = 0  # How many frames more there may be where the length cannot be written.

    @property
    def id(self):
        return f"{self.format}-{self.subtype}"


LOSSY = [
    Kind("MP3", "MPEG_LAYER_III", "MP3", (8000, 22050, 44100, 48000), (1, 2), 1152, 20, 2304),
    Kind("OGG", "OPUS", "OPUS", (48000, 24000, 8000), (1, 2, 6), 960, 12),
    Kind("OGG", "VORBIS", "VORBIS", (8000, 44100, 96000), (1, 2, 6), 1024, 15),
    Kind("ADTS", "AAC", "AAC", (16000, 44100), (1, 2), 1024, 15, 3072),
    Kind("MP4", "AAC", "AAC", (16000, 48000), (1, 2), 1024, 15, 3072),
]
FLAC = {
    "PCM_S8": ("int8", 8),
    "PCM_12": ("int16", 12),
    "PCM_16": ("int16", 16),
    "PCM_20": ("int32", 20),
    "PCM_24": ("int32", 24),
    "PCM_32": ("int32", 32),
}


def can(format, encoding):
    return any(
        format in codec.encodes and format in codec.decodes and codec.encoding == encoding
        for codec in ps.available_codecs()
    )


def cases(kinds):
    return [
        pytest.param(
            kind,
            id=kind.id,
            marks=pytest.mark.skipif(
                not can(kind.format, kind.encoding), reason=f"this build has no {kind.encoding}"
            ),
        )
        for kind in kinds
    ]


lossy = pytest.mark.parametrize("kind", cases(LOSSY))
flac = pytest.mark.skipif(not can("FLAC", "FLAC"), reason="this build has no FLAC")
# One of each codec, lossless ones too.
EVERY = [
    *LOSSY,
    Kind("FLAC", "PCM_16", "FLAC", (48000,), (2,), 4096, 80),
    Kind("OGG", "PCM_16", "FLAC", (48000,), (2,), 4096, 80),
    *(
        Kind(name, "PCM_16", "PCM", (48000,), (2,), 1, 80)
        for name in ("WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64")
    ),
]
every = pytest.mark.parametrize("kind", cases(EVERY))


def tones(frames, rate, channels):
    """Return tones that are another in each channel, faded in and out."""
    t = np.arange(frames)[:, None] / rate
    steps = 0.06 * rate * (0.11 + 0.03 * np.arange(channels))
    fade = np.minimum(1, np.minimum(t, t[::-1]) * 200)
    return (fade * 0.4 * np.sin(2 * np.pi * steps * t)).astype("float32")


def stored(kind, data, rate, place=None, **options):
    place = io.BytesIO() if place is None else place
    with ps.SoundFile(
        place, "w", rate, data.shape[1], kind.subtype, format=kind.format, **options
    ) as file:
        file.write(data)
    if isinstance(place, io.BytesIO):
        place.seek(0)
    return place


def snr_db(got, wanted):
    noise = np.sum((got.astype("float64") - wanted) ** 2) + 1e-20
    return 10 * np.log10(np.sum(wanted.astype("float64") ** 2) / noise)


def lag(got, wanted):
    """Return by how many frames the first channel is late."""
    n = 2 * len(wanted)
    both = np.fft.irfft(np.fft.rfft(got[:, 0], n) * np.conj(np.fft.rfft(wanted[:, 0], n)), n)
    late = int(np.argmax(both))
    return late if late < n // 2 else late - n


def read_rate(kind, rate):
    return 48000 if kind.subtype == "OPUS" else rate
