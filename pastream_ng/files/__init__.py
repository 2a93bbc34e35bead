# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""

from pastream_ng.files.soundfile import SoundFile

__all__ = ["SoundFile"]
