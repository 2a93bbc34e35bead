# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""

from pastream_ng.files.codecs import CodecInfo, available_codecs, libsndfile_version
from pastream_ng.files.damage import Damage, DamagedFileWarning
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.streams import (
    SoundFileDuplexStream,
    SoundFileInputStream,
    SoundFileOutputStream,
)
from pastream_ng.files.tags import Tags

__all__ = [
    "CodecInfo",
    "Damage",
    "DamagedFileWarning",
    "SoundFile",
    "SoundFileDuplexStream",
    "SoundFileInputStream",
    "SoundFileOutputStream",
    "Tags",
    "available_codecs",
    "libsndfile_version",
]
