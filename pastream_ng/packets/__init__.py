# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What flows through codecs and pipelines: formats of sound, packets, and buffers of either."""

from pastream_ng.packets.audio_format import AudioFormat
from pastream_ng.packets.node_buffer import NodeBuffer
from pastream_ng.packets.packet import Packet

__all__ = ["AudioFormat", "NodeBuffer", "Packet"]
