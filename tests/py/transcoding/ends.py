# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every kind of file that can be an end of a transcoding, with names and options for it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import pastream_ng as ps

from ..codecs.kinds import EVERY, Kind, can, tones

RATE = 48000
TAGS = {"title": "Größe", "artist": ["Ann", "Bob"]}
#: These have no place for tags, or we write none into them.
WITHOUT_TAGS = {"AIFF", "AU", "CAF", "W64"}


class End(NamedTuple):
    """A kind of file, its name, and what transcode must be told beyond the name."""

    kind: Kind
    name: str
    options: dict

    @property
    def lossless(self):
        return self.kind.encoding in ("PCM", "FLAC")

    def is_built(self):
        return can(self.kind.format, self.kind.encoding)


_NAMES = {
    ("MP3", "MPEG_LAYER_III"): ("x.mp3", {}),
    ("OGG", "OPUS"): ("x.opus", {}),
    ("OGG", "VORBIS"): ("x.ogg", {}),
    ("ADTS", "AAC"): ("x.aac", {}),
    ("MP4", "AAC"): ("x.m4a", {}),
    ("FLAC", "PCM_16"): ("x.flac", {}),
    ("OGG", "PCM_16"): ("x.oga", {"audio_codec": "flac"}),
    ("WAV", "PCM_16"): ("x.wav", {}),
    ("WAVEX", "PCM_16"): ("y.wav", {"format": "WAVEX"}),
    ("RF64", "PCM_16"): ("x.rf64", {}),
    ("AIFF", "PCM_16"): ("x.aiff", {}),
    ("AU", "PCM_16"): ("x.au", {}),
    ("CAF", "PCM_16"): ("x.caf", {}),
    ("W64", "PCM_16"): ("x.w64", {}),
}
ENDS = {
    f"{kind.format}-{kind.encoding}": End(kind, *_NAMES[kind.format, kind.subtype])
    for kind in EVERY
}
BUILT = {name: end for name, end in ENDS.items() if end.is_built()}


def over_ends(argument, ends=ENDS):
    """Run a test once for each kind of file; skip what this build lacks."""
    return pytest.mark.parametrize(
        argument,
        [
            pytest.param(
                end,
                id=name,
                marks=()
                if end.is_built()
                else pytest.mark.skip(reason=f"this build has no {end.kind.encoding}"),
            )
            for name, end in ends.items()
        ],
    )


def sound(frames, channels=2, rate=RATE):
    """Return tones in 16 bits, another in each channel."""
    return np.round(tones(frames, rate, channels) * 32767).astype("int16")


def store(end, folder, data, rate=RATE, **more):
    """Write a file of a kind straight, without a transcoding; return its path."""
    path = Path(folder, end.name)
    kind = end.kind
    if kind.format not in WITHOUT_TAGS:
        more = {"tags": TAGS, **more}
    ps.write(path, data, rate, kind.subtype, format=kind.format, **more)
    return path


def listing(folder):
    """Return what a folder and those in it hold: path -> bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(Path(folder).rglob("*"))
    }
