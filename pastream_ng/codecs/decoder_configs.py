# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How decoders are to work: one class for each codec, whose values are checked and fixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pastream_ng._checks import integer, shown
from pastream_ng._native.arrays import memory_of
from pastream_ng.codecs.encoder_configs import MOST_CHUNK
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.kinds import ENDIANS, looked_up, subtype_of
from pastream_ng.packets.audio_format import AudioFormat, check_format
from pastream_ng.packets.sample_types import sample_type_of

__all__ = [
    "AacDecoderConfig",
    "DecoderConfig",
    "FlacDecoderConfig",
    "Mp3DecoderConfig",
    "OpusDecoderConfig",
    "PcmDecoderConfig",
    "VorbisDecoderConfig",
    "WavDecoderConfig",
]


def _chunk(value: Any) -> int | None:
    return None if value is None else integer("chunk_samples", value, 1, MOST_CHUNK)


class DecoderConfig:
    """What all decoders have in common."""

    chunk_samples: int | None
    packet_time_base_den: int | None

    def _sample_type(self) -> str | None:
        """Return the type of samples to give; None: as the codec has them."""
        return None

    def _wanted(self) -> AudioFormat | None:
        """Return what the stream must be; None: anything."""
        return None

    def _extradata(self) -> bytes | None:
        """Return what packets do not say themselves."""
        return None


@dataclass(frozen=True)
class WavDecoderConfig(DecoderConfig):
    """How to read WAV (and RF64), with its header.

    Parameters
    ----------
    output_format : AudioFormat, optional
        What is in the stream: another rate or number of channels is refused. Samples are given in
        this type. None: whatever the header says, in the type that holds it.
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    """

    output_format: AudioFormat | None = None
    chunk_samples: int | None = 1024
    packet_time_base_den: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.output_format is not None:
            check_format("output_format", self.output_format)
        _check_common(self)

    def _sample_type(self) -> str | None:
        return None if self.output_format is None else self.output_format.sample_type

    def _wanted(self) -> AudioFormat | None:
        return self.output_format


@dataclass(frozen=True)
class PcmDecoderConfig(DecoderConfig):
    """How to read samples without a header.

    Parameters
    ----------
    output_format : AudioFormat
        What is in the stream, and what is given. The stream is always interleaved.
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    subtype : str, optional
        How samples are stored, if not in the type of `output_format`: ``"PCM_24"``, ``"ULAW"``...
        as for `SoundFile`.
    endian : {"little", "big"}, optional
        Byte order. None: the machine's.
    """

    output_format: AudioFormat
    chunk_samples: int | None = 1024
    packet_time_base_den: int | None = field(default=None, kw_only=True)
    subtype: str | None = field(default=None, kw_only=True)
    endian: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        form = check_format("output_format", self.output_format)
        if self.subtype is not None:
            subtype_of(self.subtype)
        elif form.sample_type == "i64":
            raise ArgumentError(
                "subtype is None and output_format's sample type 'i64', which streams cannot have; "
                "subtype must tell what is stored, such as 'PCM_32'"
            )
        if self.endian is not None:
            looked_up("endian", self.endian, ENDIANS)
        _check_common(self)

    def _sample_type(self) -> str | None:
        return self.output_format.sample_type

    def _wanted(self) -> AudioFormat | None:
        return self.output_format


@dataclass(frozen=True)
class _CodecConfig(DecoderConfig):
    """What all decoders of compressed sound have in common."""

    chunk_samples: int | None = 1024
    packet_time_base_den: int | None = 48000
    sample_type: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.sample_type is not None:
            object.__setattr__(self, "sample_type", sample_type_of(self.sample_type).name)
        _check_common(self)

    def _sample_type(self) -> str | None:
        return self.sample_type


def _check_common(config: Any) -> None:
    object.__setattr__(config, "chunk_samples", _chunk(config.chunk_samples))
    den = config.packet_time_base_den
    if den is not None:
        checked = integer("packet_time_base_den", den, 1, 2**32 - 1)
        object.__setattr__(config, "packet_time_base_den", checked)


def _bytes_of(config: Any) -> None:
    if config.extradata is not None:
        object.__setattr__(config, "extradata", bytes(memory_of("extradata", config.extradata)))


@dataclass(frozen=True)
class Mp3DecoderConfig(_CodecConfig):
    """How to read MP3, and MPEG audio of layers I and II.

    Parameters
    ----------
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    sample_type : str, optional
        Of what is given, as for `AudioFormat`. None: f32.
    """

    chunk_samples: int | None = 1152


@dataclass(frozen=True)
class AacDecoderConfig(_CodecConfig):
    """How to read AAC: packets with headers (ADTS), or raw ones.

    Parameters
    ----------
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    extradata : bytes-like, optional
        An AudioSpecificConfig. With it, each `Decoder.put_frame` takes one raw packet.
    sample_type : str, optional
        Of what is given, as for `AudioFormat`. None: f32.
    """

    extradata: bytes | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _bytes_of(self)

    def _extradata(self) -> bytes | None:
        return self.extradata


@dataclass(frozen=True)
class FlacDecoderConfig(_CodecConfig):
    """How to read FLAC, as it is or in Ogg.

    Parameters
    ----------
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    sample_type : str, optional
        Of what is given, as for `AudioFormat`. None: the integers that hold what is stored.
    """

    chunk_samples: int | None = 4096


@dataclass(frozen=True)
class VorbisDecoderConfig(_CodecConfig):
    """How to read Vorbis in Ogg.

    Parameters
    ----------
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    sample_type : str, optional
        Of what is given, as for `AudioFormat`. None: f32.
    """


@dataclass(frozen=True)
class OpusDecoderConfig(_CodecConfig):
    """How to read Opus: packets, or in Ogg. It is given at 48000 Hz.

    Parameters
    ----------
    chunk_samples : int or None, optional
        How many samples for each channel `Decoder.get_frame` gives at a time. None: all there are.
    packet_time_base_den : int or None, optional
        Times are given in units of 1/packet_time_base_den seconds. None: of one sample.
    extradata : bytes-like, optional
        An OpusHead: channels, gain, and how many samples are to be left out at the start. With it,
        each `Decoder.put_frame` takes one packet. None: the first bytes tell whether it is Ogg; if
        not, they are a packet.
    channels : {1, 2}, optional
        Of packets without `extradata`. None: the first packet tells.
    sample_type : str, optional
        Of what is given, as for `AudioFormat`. None: f32.
    """

    chunk_samples: int | None = 960
    extradata: bytes | None = None
    channels: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _bytes_of(self)
        if self.channels is not None:
            object.__setattr__(self, "channels", integer("channels", self.channels, 1, 2))
            if self.extradata is not None:
                raise ArgumentTypeError(
                    f"channels is {self.channels} and extradata {shown(self.extradata)}, which "
                    "tells them; give one of them"
                )

    def _extradata(self) -> bytes | None:
        if self.channels is None:
            return self.extradata
        # Version 1, no pre-skip, 48000 Hz, no gain, the usual order of channels.
        return b"OpusHead\x01" + bytes([self.channels]) + bytes(2) + b"\x80\xbb\0\0" + bytes(3)
