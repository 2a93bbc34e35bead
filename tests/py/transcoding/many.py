# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Folders of short sounds, and what their transcodings are to be."""

import os
from pathlib import Path

import numpy as np

import pastream_ng as ps

RATE = 8000


def sound(seed, frames=800):
    """Return noise that no other seed gives."""
    return np.random.default_rng(seed).integers(-9000, 9000, (frames, 2), dtype="int16")


def fill(folder, names, frames=800):
    """Write a sound under each name; later ones are longer. Return the folder."""
    for seed, name in enumerate(names):
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        ps.write(path, sound(seed, frames + 80 * seed), RATE)
    return Path(folder)


def listing(folder):
    """Return the places of all files in a folder, hidden ones too."""
    return sorted(
        os.path.relpath(os.path.join(path, name), folder)
        for path, _, names in os.walk(folder)
        for name in names
    )


def contents(folder):
    """Return place -> bytes."""
    return {place: Path(folder, place).read_bytes() for place in listing(folder)}


def serially(source, target, extension, **options):
    """Do the same with `transcode`, one file after the other; return the contents."""
    for place in listing(source):
        output = Path(target, place).with_suffix(f".{extension}")
        output.parent.mkdir(parents=True, exist_ok=True)
        ps.transcode(Path(source, place), output, **options)
    return contents(target)
