# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""

from pastream_ng.files.codecs import (
    CodecInfo,
    available_codecs,
    available_formats,
    available_subtypes,
    check_format,
    default_subtype,
    libsndfile_version,
)
from pastream_ng.files.damage import Damage, DamagedFileWarning
from pastream_ng.files.info import FileInfo, info
from pastream_ng.files.parallel import ParallelAudioWriter
from pastream_ng.files.reader import AudioFileReader
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.streams import (
    SoundFileDuplexStream,
    SoundFileInputStream,
    SoundFileOutputStream,
)
from pastream_ng.files.tags import Tags
from pastream_ng.files.whole import blocks, read, write
from pastream_ng.files.writer import AudioFileWriter

__all__ = [
    "AudioFileReader",
    "AudioFileWriter",
    "CodecInfo",
    "Damage",
    "DamagedFileWarning",
    "FileInfo",
    "ParallelAudioWriter",
    "SoundFile",
    "SoundFileDuplexStream",
    "SoundFileInputStream",
    "SoundFileOutputStream",
    "Tags",
    "available_codecs",
    "available_formats",
    "available_subtypes",
    "blocks",
    "check_format",
    "default_subtype",
    "info",
    "libsndfile_version",
    "read",
    "write",
]
