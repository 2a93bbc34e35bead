# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Codecs without files: sound in and packets out, bytes in and sound out."""

from pastream_ng.codecs.decoder import Decoder
from pastream_ng.codecs.decoder_configs import (
    AacDecoderConfig,
    FlacDecoderConfig,
    Mp3DecoderConfig,
    OpusDecoderConfig,
    PcmDecoderConfig,
    VorbisDecoderConfig,
    WavDecoderConfig,
)
from pastream_ng.codecs.encoder import Encoder
from pastream_ng.codecs.encoder_configs import (
    AacEncoderConfig,
    FlacEncoderConfig,
    Mp3EncoderConfig,
    OpusEncoderConfig,
    PcmEncoderConfig,
    VorbisEncoderConfig,
    WavEncoderConfig,
)
from pastream_ng.codecs.pieces import IncompleteChunkWarning

__all__ = [
    "AacDecoderConfig",
    "AacEncoderConfig",
    "Decoder",
    "Encoder",
    "FlacDecoderConfig",
    "FlacEncoderConfig",
    "IncompleteChunkWarning",
    "Mp3DecoderConfig",
    "Mp3EncoderConfig",
    "OpusDecoderConfig",
    "OpusEncoderConfig",
    "PcmDecoderConfig",
    "PcmEncoderConfig",
    "VorbisDecoderConfig",
    "VorbisEncoderConfig",
    "WavDecoderConfig",
    "WavEncoderConfig",
]
