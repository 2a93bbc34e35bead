# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recordings: takes of live input, kept in memory by a thread of the library."""

from __future__ import annotations

from pastream_ng.recordings.handle import Recording
from pastream_ng.recordings.values import RecordingState, Segment

__all__ = ["Recording", "RecordingState", "Segment"]
