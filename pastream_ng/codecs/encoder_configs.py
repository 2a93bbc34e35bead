# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How encoders are to work: one class for each codec, whose values are checked and fixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pastream_ng._checks import choice, flag, integer, real, shown
from pastream_ng.enums import BitrateMode, Dither
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.kinds import ENDIANS, looked_up, subtype_of
from pastream_ng.files.tags import Tags
from pastream_ng.packets.audio_format import AudioFormat, check_format

__all__ = [
    "AacEncoderConfig",
    "EncoderConfig",
    "FlacEncoderConfig",
    "Mp3EncoderConfig",
    "OpusEncoderConfig",
    "PcmEncoderConfig",
    "VorbisEncoderConfig",
    "WavEncoderConfig",
]

OpusApplication: TypeAlias = Literal["audio", "voip", "lowdelay"]

#: The most samples that a chunk may have: more than any sensible use, less than memory.
MOST_CHUNK = 1 << 24
_OPUS_PACKETS_MS = (2.5, 5, 10, 20, 40, 60)
_APPLICATIONS = ("audio", "voip", "lowdelay")


def _put(config: Any, **values: Any) -> None:
    """Set fields of a config that is fixed for all others."""
    for name, value in values.items():
        object.__setattr__(config, name, value)


def _one_of(name: str, value: Any, known: tuple[Any, ...]) -> Any:
    """Return a choice among names and None, names in lower case."""
    found = value.lower() if isinstance(value, str) else value
    # 1 == True and "" would be found otherwise.
    for each in known:
        if found == each and type(found) is type(each):
            return found
    names = ", ".join(repr(each) for each in known)
    error = ArgumentError if isinstance(value, str) else ArgumentTypeError
    raise error(f"{name} is {shown(value)}; it must be one of {names}")


def _bitrate(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return integer("bitrate", value, 1, 2**31 - 1, "bits a second")


@dataclass(frozen=True)
class EncoderConfig:
    """What all encoders have in common.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    resample : {None, "auto"}, optional
        ``"auto"``: sound at a rate that the codec does not have gets the next one that it has.
        None: it is refused.
    frames : int, optional
        How many samples for each channel will be given, where that is known: formats whose header
        tells the length get it right from the start.
    tags : Tags or mapping, optional
        Title, artist and others, see `Tags`.
    """

    input_format: AudioFormat | None = None
    chunk_samples: int = 1024
    resample: Literal["auto"] | None = field(default=None, kw_only=True)
    frames: int | None = field(default=None, kw_only=True)
    tags: Any = field(default=None, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        if self.input_format is not None:
            check_format("input_format", self.input_format)
        _put(
            self,
            chunk_samples=integer("chunk_samples", self.chunk_samples, 1, MOST_CHUNK),
            resample=_one_of("resample", self.resample, (None, "auto")),
        )
        if self.frames is not None:
            _put(self, frames=integer("frames", self.frames, 0, unit="samples for each channel"))
        if self.tags is not None:
            _put(self, tags=Tags(self.tags))
        self._check()

    def _check(self) -> None:
        """Check what the codec adds."""

    def _told(self, rate: int) -> dict[str, Any]:
        """Return the options of `WriteOptions` that the codec adds; None is the default."""
        return {}

    def _place(self) -> tuple[str, str | None, str | None]:
        """Return format, subtype and endian, as `SoundFile` knows them."""
        raise NotImplementedError

    def _is_bare(self) -> bool:
        """Return whether packets are to have nothing around them, instead of that."""
        return False

    def _to_c(self, native: Any) -> None:
        """Fill in what is no option of files, in a ``pst_push_encoder_config *``."""


@dataclass(frozen=True)
class _SamplesConfig(EncoderConfig):
    """What all encoders of plain samples have in common."""

    subtype: str | None = field(default=None, kw_only=True)
    dither: Any = field(default=None, kw_only=True)

    def _check(self) -> None:
        if self.subtype is not None:
            subtype_of(self.subtype)
        if self.dither is not None:
            _put(self, dither=choice("dither", self.dither, Dither))

    def _told(self, rate: int) -> dict[str, Any]:
        return {"dither": self.dither}


@dataclass(frozen=True)
class WavEncoderConfig(_SamplesConfig):
    """How to write WAV, with its header.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered for a packet.
    resample : {None, "auto"}, optional
        Without a meaning here, as any rate can be stored.
    frames : int, optional
        How many samples for each channel will be given, where that is known: the header tells it.
        None: the header says that the stream ends where it ends.
    tags : Tags or mapping, optional
        See `Tags`.
    subtype : str, optional
        What is stored: ``"PCM_16"``, ``"PCM_24"``, ``"FLOAT"``... as for `SoundFile`. None: samples
        of the type that is given; i64 become i32.
    dither : {"none", "tpdf"}, optional
        Where samples lose bits.
    container : {"wav", "wavex", "rf64"}, optional
        WAV that says which loudspeaker a channel is for, or that may be longer than 4 GiB.
    """

    container: Literal["wav", "wavex", "rf64"] = field(default="wav", kw_only=True)

    def _check(self) -> None:
        super()._check()
        _put(self, container=_one_of("container", self.container, ("wav", "wavex", "rf64")))

    def _place(self) -> tuple[str, str | None, str | None]:
        return self.container.upper(), self.subtype, None


@dataclass(frozen=True)
class PcmEncoderConfig(_SamplesConfig):
    """How to write samples without a header.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered for a packet.
    resample, frames, tags : optional
        As for all encoders; they have no meaning here, and tags are refused.
    subtype : str, optional
        What is stored: ``"PCM_16"``, ``"PCM_24"``, ``"FLOAT"``... as for `SoundFile`. None: samples
        of the type that is given; i64 become i32.
    dither : {"none", "tpdf"}, optional
        Where samples lose bits.
    endian : {"little", "big"}, optional
        Byte order. None: the machine's.
    """

    endian: str | None = field(default=None, kw_only=True)

    def _check(self) -> None:
        super()._check()
        if self.endian is not None:
            looked_up("endian", self.endian, ENDIANS)

    def _place(self) -> tuple[str, str | None, str | None]:
        return "RAW", self.subtype, self.endian


@dataclass(frozen=True)
class _LossyConfig(EncoderConfig):
    """What most encoders that lose sound have in common."""

    bitrate: int | None = None
    quality: float | None = field(default=None, kw_only=True)
    bitrate_mode: Any = field(default=None, kw_only=True)

    def _check(self) -> None:
        if self.bitrate is not None:
            _put(self, bitrate=_bitrate(self.bitrate))
        if self.quality is not None:
            best = real("quality", self.quality, 0.0, 1.0, "(smallest to best)")
            _put(self, quality=best)
        if self.bitrate_mode is not None:
            _put(self, bitrate_mode=choice("bitrate_mode", self.bitrate_mode, BitrateMode))
        is_chosen = self.bitrate is not None and self.bitrate != type(self).bitrate
        if is_chosen and self.quality is not None:
            raise ArgumentTypeError(
                f"quality is {self.quality} and bitrate {self.bitrate}; give one of them"
            )
        if not is_chosen and (
            self.quality is not None or self.bitrate_mode == BitrateMode.VARIABLE
        ):
            _put(self, bitrate=None)

    def _told(self, rate: int) -> dict[str, Any]:
        return {
            "bitrate": self.bitrate,
            "quality": self.quality,
            "bitrate_mode": self.bitrate_mode,
        }


@dataclass(frozen=True)
class Mp3EncoderConfig(_LossyConfig):
    """How to write MP3, as frames one after another.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    bitrate : int, optional
        Bits a second, of all channels together; below 16000 Hz, where MP3 has no more than 64000,
        these instead of 128000. The default is none if there is a `quality`, or the mode is
        variable.
    resample : {None, "auto"}, optional
        ``"auto"``: sound at a rate that MP3 does not have gets the next one that it has.
    frames : int, optional
        How many samples for each channel will be given, where that is known: a tag in the first
        packet tells players which frames are the codec's own, so that they give exactly these.
    tags : Tags or mapping, optional
        See `Tags`.
    quality : float, optional
        0 (smallest) to 1 (best), instead of a bit rate.
    bitrate_mode : {"variable", "constant", "average"}, optional
        See `BitrateMode`.
    compression : int, optional
        Effort, 0 to 9.
    """

    chunk_samples: int = 1152
    bitrate: int | None = 128_000
    compression: int | None = field(default=None, kw_only=True)

    def _check(self) -> None:
        super()._check()
        if self.compression is not None:
            _put(self, compression=integer("compression", self.compression, 0, 9))

    def _told(self, rate: int) -> dict[str, Any]:
        told = super()._told(rate) | {"compression": self.compression}
        if told["bitrate"] == 128_000 and rate < 16_000:
            told["bitrate"] = 64_000
        return told

    def _place(self) -> tuple[str, str | None, str | None]:
        return "MP3", None, None


@dataclass(frozen=True)
class AacEncoderConfig(EncoderConfig):
    """How to write AAC: with a header on each packet (ADTS), or raw.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    bitrate : int, optional
        Bits a second, of all channels together.
    resample : {None, "auto"}, optional
        ``"auto"``: sound at a rate that AAC does not have gets the next one that it has.
    frames : int, optional
        How many samples for each channel will be given; AAC has no place to say so.
    tags : Tags or mapping, optional
        Of ADTS, see `Tags`.
    container : {"adts", "raw"}, optional
        ``"raw"``: packets alone. `Encoder.extradata` is what decoders need then, the
        AudioSpecificConfig.
    """

    bitrate: int | None = None
    container: Literal["adts", "raw"] = field(default="adts", kw_only=True)

    def _check(self) -> None:
        if self.bitrate is not None:
            _put(self, bitrate=_bitrate(self.bitrate))
        _put(self, container=_one_of("container", self.container, ("adts", "raw")))

    def _told(self, rate: int) -> dict[str, Any]:
        return {"bitrate": self.bitrate}

    def _place(self) -> tuple[str, str | None, str | None]:
        return "ADTS", "AAC", None

    def _is_bare(self) -> bool:
        return self.container == "raw"


@dataclass(frozen=True)
class VorbisEncoderConfig(_LossyConfig):
    """How to write Vorbis, in Ogg.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    bitrate : int, optional
        Bits a second, of all channels together.
    resample, frames : optional
        As for all encoders; any rate up to 200 kHz can be stored.
    tags : Tags or mapping, optional
        See `Tags`.
    quality : float, optional
        0 (smallest) to 1 (best), instead of a bit rate.
    bitrate_mode : {"variable", "constant", "average"}, optional
        See `BitrateMode`.
    """

    def _place(self) -> tuple[str, str | None, str | None]:
        return "OGG", "VORBIS", None


@dataclass(frozen=True)
class FlacEncoderConfig(EncoderConfig):
    """How to write FLAC.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given. None: the first piece of sound tells it. Floats are stored with
        24 bits.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    compression_level : int, optional
        0 (fastest) to 8 (smallest); 9 to 12, which FFmpeg has, are as 8.
    resample, frames, tags : optional
        See `Mp3EncoderConfig`; the header tells the length.
    subtype : str, optional
        ``"PCM_16"``, ``"PCM_24"``... as for `SoundFile`. None: the bits that are given.
    dither : {"none", "tpdf"}, optional
        Where samples lose bits.
    container : {"flac", "ogg"}, optional
        What is around the frames.
    """

    chunk_samples: int = 4096
    compression_level: int | None = None
    subtype: str | None = field(default=None, kw_only=True)
    dither: Any = field(default=None, kw_only=True)
    container: Literal["flac", "ogg"] = field(default="flac", kw_only=True)

    def _check(self) -> None:
        if self.compression_level is not None:
            level = integer("compression_level", self.compression_level, 0, 12)
            _put(self, compression_level=level)
        if self.subtype is not None:
            subtype_of(self.subtype)
        if self.dither is not None:
            _put(self, dither=choice("dither", self.dither, Dither))
        _put(self, container=_one_of("container", self.container, ("flac", "ogg")))

    def _told(self, rate: int) -> dict[str, Any]:
        level = self.compression_level
        return {"compression": level if level is None else min(level, 8), "dither": self.dither}

    def _place(self) -> tuple[str, str | None, str | None]:
        return ("FLAC" if self.container == "flac" else "OGG_FLAC"), self.subtype, None


@dataclass(frozen=True)
class OpusEncoderConfig(EncoderConfig):
    """How to write Opus: as packets, or in Ogg.

    Parameters
    ----------
    input_format : AudioFormat, optional
        Of the sound that is given, at 48000 Hz (or 24000, 16000, 12000, 8000). None: the first
        piece of sound tells it.
    chunk_samples : int, optional
        How many samples for each channel are gathered before the codec gets them.
    bitrate : int, optional
        Bits a second, of all channels together. None: what the codec thinks right.
    resample : {None, "auto"}, optional
        ``"auto"``: sound at other rates gets the next one that Opus has, 48000 Hz above 24000.
    frames : int, optional
        How many samples for each channel will be given; nothing depends on it.
    tags : Tags or mapping, optional
        Of Ogg, see `Tags`.
    container : {"raw", "ogg"}, optional
        ``"raw"``, or None: packets alone. `Encoder.extradata` is their OpusHead.
    packet_ms : float, optional
        How long a packet lasts: 2.5, 5, 10, 20, 40 or 60 ms. None: as long as a chunk, if that is
        shorter than 20 ms and packets can be so; else 20 ms.
    application : {"audio", "voip", "lowdelay"}, optional
        What the codec is to be best at.
    bitrate_mode : {"variable", "constant", "average"}, optional
        See `BitrateMode`.
    complexity : int, optional
        Effort, 0 to 10.
    fec : bool, optional
        Whether packets of speech also have the one before them, smaller, where bits can be spared
        for it; see `Decoder.conceal`. Not with ``"lowdelay"``, nor in packets below 10 ms.
    expected_loss : int, optional
        How many packets in 100 will be lost, for the codec to prepare for it. 0 with `fec` means
        10.
    dtx : bool, optional
        Whether silence gets (nearly) no packets.
    """

    chunk_samples: int = 960
    bitrate: int | None = 96_000
    container: Literal["raw", "ogg"] | None = field(default="raw", kw_only=True)
    packet_ms: float | None = field(default=None, kw_only=True)
    application: OpusApplication = field(default="audio", kw_only=True)
    bitrate_mode: Any = field(default=None, kw_only=True)
    complexity: int | None = field(default=None, kw_only=True)
    fec: bool = field(default=False, kw_only=True)
    expected_loss: int = field(default=0, kw_only=True)
    dtx: bool = field(default=False, kw_only=True)

    def _check(self) -> None:
        container = "raw" if self.container is None else self.container
        length = self.packet_ms
        if length is not None:
            length = real("packet_ms", length, 2.5, 60, "milliseconds")
        if length not in (None, *_OPUS_PACKETS_MS):
            known = ", ".join(f"{each:g}" for each in _OPUS_PACKETS_MS)
            raise ArgumentError(f"packet_ms is {shown(self.packet_ms)}; it must be one of {known}")
        _put(
            self,
            container=_one_of("container", container, ("raw", "ogg")),
            packet_ms=length,
            application=_one_of("application", self.application, _APPLICATIONS),
            fec=flag("fec", self.fec),
            expected_loss=integer("expected_loss", self.expected_loss, 0, 100, "percent"),
            dtx=flag("dtx", self.dtx),
        )
        if self.bitrate is not None:
            _put(self, bitrate=_bitrate(self.bitrate))
        if self.bitrate_mode is not None:
            _put(self, bitrate_mode=choice("bitrate_mode", self.bitrate_mode, BitrateMode))
        if self.complexity is not None:
            _put(self, complexity=integer("complexity", self.complexity, 0, 10))

    def _told(self, rate: int) -> dict[str, Any]:
        return {
            "bitrate": self.bitrate,
            "bitrate_mode": self.bitrate_mode,
            "compression": self.complexity,
        }

    def _place(self) -> tuple[str, str | None, str | None]:
        return "OGG", "OPUS", None

    def _is_bare(self) -> bool:
        return self.container == "raw"

    def _packet_ms(self, rate: int) -> float:
        if self.packet_ms is not None:
            return self.packet_ms
        chunk = 1000 * self.chunk_samples / rate
        shortest = 10 if self.fec else 2.5  # That can have it.
        return chunk if chunk in _OPUS_PACKETS_MS and shortest <= chunk < 20 else 20

    def _to_c(self, native: Any) -> None:
        opus = native.options.opus
        opus.application = _APPLICATIONS.index(self.application)
        opus.packet_us = round(1000 * self._packet_ms(native.format.rate_hz))
        opus.has_fec = self.fec
        opus.expected_loss_percent = self.expected_loss
        opus.has_dtx = self.dtx
