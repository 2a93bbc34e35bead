# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Many sounds in one output stream, mixed in C."""

from __future__ import annotations

from pastream_ng.mixing.duplex import DuplexMixer
from pastream_ng.mixing.mixer import Mixer
from pastream_ng.mixing.voice import Voice, VoiceStatus

__all__ = ["DuplexMixer", "Mixer", "Voice", "VoiceStatus"]
