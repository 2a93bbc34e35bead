# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files made of other sound files."""

from __future__ import annotations

from pastream_ng.transcoding.batch import TranscodeBatch, transcode_many
from pastream_ng.transcoding.batch_values import BatchProgress, BatchResult
from pastream_ng.transcoding.oneshot import transcode, transcode_async
from pastream_ng.transcoding.options import TranscodeOptions
from pastream_ng.transcoding.transcoder import Transcoder
from pastream_ng.transcoding.values import FormatInfo, Progress, TranscodeStats

__all__ = [
    "BatchProgress",
    "BatchResult",
    "FormatInfo",
    "Progress",
    "TranscodeBatch",
    "TranscodeOptions",
    "TranscodeStats",
    "Transcoder",
    "transcode",
    "transcode_async",
    "transcode_many",
]
