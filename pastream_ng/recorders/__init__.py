# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From a device into files, for as long as it takes, in C."""

from pastream_ng.recorders.recorder import Recorder
from pastream_ng.recorders.values import RecordedFile, RecorderStats

__all__ = ["RecordedFile", "Recorder", "RecorderStats"]
