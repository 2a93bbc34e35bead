# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""

from pastream_ng.files.kinds import libsndfile_version
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.streams import (
    SoundFileDuplexStream,
    SoundFileInputStream,
    SoundFileOutputStream,
)

__all__ = [
    "SoundFile",
    "SoundFileDuplexStream",
    "SoundFileInputStream",
    "SoundFileOutputStream",
    "libsndfile_version",
]
