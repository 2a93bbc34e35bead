# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Rings: where the audio thread and Python meet without waiting for each other."""

from __future__ import annotations

from pastream_ng.rings.buffer import RingBuffer
from pastream_ng.rings.reader import RingReader
from pastream_ng.rings.views import ReadView, WriteView

__all__ = ["ReadView", "RingBuffer", "RingReader", "WriteView"]
