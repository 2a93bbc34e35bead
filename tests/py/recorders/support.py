# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What tests of recorders share."""

import os

import numpy as np

import pastream_ng as ps

from ..conftest import counted

RATE = 8000
FREE = ps.VirtualDevice(clock="free", input="counter")
LIVE = ps.VirtualDevice(input="counter")


def recorder(path, device=FREE, **options):
    """Return a recorder of a device whose samples are the numbers of their frames."""
    own = {"samplerate": RATE, "channels": 1, "dtype": "int32"}
    if "stream" in options:
        return ps.Recorder(path, **options)
    return ps.Recorder(path, device=device, **{**own, **options})


def samples(files, dtype="int32"):
    """Return what files hold, one after another."""
    parts = []
    for item in files:
        path = item.path if isinstance(item, ps.RecordedFile) else item
        with ps.SoundFile(path) as file:
            parts.append(file.read(dtype=dtype))
            assert not isinstance(item, ps.RecordedFile) or item.frames == len(parts[-1])
    return np.concatenate(parts)


def counts(frames, first=0, dtype="int32"):
    return counted(dtype, frames, first=first)[:, 0]


def names(rec):
    return [os.path.basename(file.path) for file in rec.files]
