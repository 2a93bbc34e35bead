# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Codecs by name, and what configures each of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.codecs import decoder_configs as d
from pastream_ng.codecs import encoder_configs as e
from pastream_ng.enums import Encoding
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["CODECS", "Codec", "codec_named", "decoder_config", "encoder_config"]


class Codec(NamedTuple):
    """One codec.

    Attributes
    ----------
    name : str
        What users type.
    title : str
        What messages call it.
    encoding : Encoding
        How it stores sound; DEFAULT where the header tells.
    encoder_configs, decoder_configs : tuple of type
        What may configure it, the usual one first.
    """

    name: str
    title: str
    encoding: Encoding
    encoder_configs: tuple[type[e.EncoderConfig], ...]
    decoder_configs: tuple[type[d.DecoderConfig], ...]


#: Every codec by name.
CODECS: dict[str, Codec] = {
    row.name: row
    for row in (
        Codec("wav", "WAV", Encoding.DEFAULT, (e.WavEncoderConfig,), (d.WavDecoderConfig,)),
        Codec(
            "pcm",
            "PCM",
            Encoding.DEFAULT,
            (e.PcmEncoderConfig, e.WavEncoderConfig),
            (d.PcmDecoderConfig, d.WavDecoderConfig),
        ),
        Codec("mp3", "MP3", Encoding.MP3, (e.Mp3EncoderConfig,), (d.Mp3DecoderConfig,)),
        Codec("aac", "AAC", Encoding.AAC, (e.AacEncoderConfig,), (d.AacDecoderConfig,)),
        Codec("opus", "Opus", Encoding.OPUS, (e.OpusEncoderConfig,), (d.OpusDecoderConfig,)),
        Codec("flac", "FLAC", Encoding.FLAC, (e.FlacEncoderConfig,), (d.FlacDecoderConfig,)),
        Codec(
            "vorbis", "Vorbis", Encoding.VORBIS, (e.VorbisEncoderConfig,), (d.VorbisDecoderConfig,)
        ),
    )
}


def codec_named(codec: Any) -> Codec:
    """Return the codec that a name means, in whatever case."""
    names = ", ".join(CODECS)
    if not isinstance(codec, str):
        raise ArgumentTypeError(
            f"codec is {shown(codec)} of type {type(codec).__name__}; it must be one of {names}"
        )
    found = CODECS.get(codec.lower())
    if found is None:
        raise ArgumentError(f"codec is {shown(codec)}; it must be one of {names}")
    return found


def _checked(codec: Codec, config: Any, classes: tuple[type, ...]) -> Any:
    if isinstance(config, classes):
        return config
    names = " or ".join(each.__name__ for each in classes)
    raise ArgumentTypeError(
        f"config is {shown(config)} of type {type(config).__name__}; for {codec.name!r} it must be "
        f"of {names}"
    )


def encoder_config(codec: Codec, config: Any) -> e.EncoderConfig:
    """Return the config of an encoder; None stands for all defaults."""
    if config is None:
        return codec.encoder_configs[0]()
    made: e.EncoderConfig = _checked(codec, config, codec.encoder_configs)
    return made


def decoder_config(codec: Codec, config: Any) -> d.DecoderConfig:
    """Return the config of a decoder; None stands for all defaults."""
    if config is None and codec.name != "pcm":
        return codec.decoder_configs[0]()
    made: d.DecoderConfig = _checked(codec, config, codec.decoder_configs)
    if codec.name == "pcm" and made._wanted() is None:
        raise ArgumentTypeError(
            "output_format is None; for 'pcm' it must be an AudioFormat, as samples without a "
            "header do not tell it"
        )
    return made
