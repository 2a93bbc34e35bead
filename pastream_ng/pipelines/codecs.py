# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Codecs as nodes: C encodes and decodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import integer
from pastream_ng._native import ffi, lib
from pastream_ng.codecs.names import codec_named, decoder_config, encoder_config
from pastream_ng.codecs.native_decoder import DecoderTarget
from pastream_ng.codecs.native_encoder import target_of
from pastream_ng.packets import AudioFormat
from pastream_ng.packets.sample_types import SAMPLE_TYPES
from pastream_ng.pipelines.nodes import DynNode
from pastream_ng.pipelines.stages import new_stage

if TYPE_CHECKING:
    from pastream_ng.codecs.decoder_configs import DecoderConfig
    from pastream_ng.codecs.encoder_configs import EncoderConfig
    from pastream_ng.pipelines.build import Build

__all__ = ["make_decoder_node", "make_encoder_node"]

# Stands for a format that the first buffer tells, where options are checked before.
_ANY = AudioFormat(48000, 2, "f32")


def make_encoder_node(codec: str, config: EncoderConfig | None = None) -> DynNode:
    """Return a node that encodes sound.

    What comes out are the packets of `Encoder`: the headers first, at the end all that the codec
    still holds. Time goes on: what was heard at some time is heard then, gaps included.

    Parameters
    ----------
    codec : {"wav", "pcm", "mp3", "aac", "opus", "flac", "vorbis"}
        As for `Encoder`.
    config : EncoderConfig, optional
        As for `Encoder`. With an `input_format` other rates and channels are refused; without one
        the first buffer tells them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `Encoder`.
    CodecMissingError
        The library was built without the codec.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 1, "f32")
    >>> node = ps.make_encoder_node("opus", ps.OpusEncoderConfig(fmt, bitrate=32000))
    >>> with ps.AsyncDynPipeline([node]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.zeros((1, 1920), "float32"), fmt))
    ...     pipeline.flush()
    ...     [buffer.as_packet().pts for buffer in pipeline]
    [-312, 648, 1608]
    """
    kind = codec_named(codec)
    told = encoder_config(kind, config)
    form = told.input_format
    target = target_of(kind, told, _ANY if form is None else form)

    def make(build: Build) -> Any:
        native, keep = target.to_c()
        made = ffi.new("pst_encode_config *")
        lib.pst_encode_config_default(made)
        made.encoder = native[0]
        # With another rate than that of the input the node resamples.
        made.encoder.format.rate_hz = 0 if form is None else form.sample_rate
        made.encoder.format.n_channels = 0 if form is None else form.channels
        if form is None and getattr(told, "subtype", None) is None:
            made.encoder.format.sample_format = 0
        made.fits_rate = told.resample == "auto"
        stage = new_stage(lib.pst_node_encode, _name(kind.name, "encoder"), made)
        del keep
        return stage

    return DynNode(f"{kind.name} encoder", "pcm", "packet", make)


def make_decoder_node(
    codec: str, config: DecoderConfig | None = None, *, conceal: int = 0
) -> DynNode:
    """Return a node that decodes packets, or any pieces of a stream.

    Parameters
    ----------
    codec : {"wav", "pcm", "mp3", "aac", "opus", "flac", "vorbis"}
        As for `Decoder`.
    config : DecoderConfig, optional
        As for `Decoder`. Buffers come out as the packets go in: `chunk_samples` means nothing here.
    conceal : int, optional
        Gaps of up to so many samples between the times of packets without a container are filled
        with sound that hides them, and so are packets that cannot be decoded. 0: neither.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `Decoder`.
    CodecMissingError
        The library was built without the codec.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(44100, 2, "i16")
    >>> nodes = [ps.make_encoder_node("flac"), ps.make_decoder_node("flac")]
    >>> with ps.AsyncDynPipeline(nodes) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.ones((2, 5000), "int16"), fmt, pts=100))
    ...     pipeline.flush()
    ...     found = list(pipeline)
    >>> found[0].pts, sum(buffer.samples for buffer in found), found[0].format.sample_type
    (100, 5000, 'i16')
    """
    kind = codec_named(codec)
    told = decoder_config(kind, config)
    target = DecoderTarget.of(kind, told, 0, -1)
    frames = integer("conceal", conceal, 0, int(lib.PST_PUSH_MAX_CHUNK_FRAMES), unit="samples")
    sample_type = told._sample_type()

    def make(build: Build) -> Any:
        native, keep = target.to_c()
        made = ffi.new("pst_decode_config *")
        lib.pst_decode_config_default(made)
        made.decoder = native[0]
        if sample_type is not None:
            made.format = SAMPLE_TYPES[sample_type].code
        made.conceal_frames = frames
        stage = new_stage(lib.pst_node_decode, _name(kind.name, "decoder"), made)
        del keep
        return stage

    return DynNode(f"{kind.name} decoder", "packet", "pcm", make, told._wanted())


def _name(codec: str, noun: str) -> Any:
    return ffi.new("char[]", f"{codec} {noun}".encode())
