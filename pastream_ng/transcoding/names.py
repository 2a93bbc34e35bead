# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Codecs and samples by name: this library's names, and those that FFmpeg's users know."""

from __future__ import annotations

from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.enums import ByteOrder, Container, Encoding, Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.codecs import available_codecs
from pastream_ng.files.kinds import PCM_NAMES, SUBTYPES, Subtype, subtype_of
from pastream_ng.formats import FORMATS, sample_format

__all__ = ["Codec", "codec_name", "codec_of", "sample_name", "samples_of"]


class Codec(NamedTuple):
    """What ``audio_codec=`` says.

    Attributes
    ----------
    encoding : Encoding
        How samples are stored.
    container : Container
        The usual one, for outputs whose name tells none.
    sample_format : str or None
        Of names that tell it.
    order : ByteOrder
        Of names that tell it.
    """

    encoding: Encoding
    container: Container
    sample_format: str | None = None
    order: ByteOrder = ByteOrder.DEFAULT


_CODECS = {
    "pcm": Codec(Encoding.PCM, Container.WAV),
    "flac": Codec(Encoding.FLAC, Container.FLAC),
    "mp3": Codec(Encoding.MP3, Container.MP3),
    "opus": Codec(Encoding.OPUS, Container.OGG),
    "vorbis": Codec(Encoding.VORBIS, Container.OGG),
    "aac": Codec(Encoding.AAC, Container.ADTS),
    "ulaw": Codec(Encoding.ULAW, Container.WAV),
    "alaw": Codec(Encoding.ALAW, Container.WAV),
}
_SYNONYMS = {
    "libmp3lame": "mp3",
    "lame": "mp3",
    "libopus": "opus",
    "libvorbis": "vorbis",
    "mulaw": "ulaw",
    "pcm_mulaw": "ulaw",
    "pcm_alaw": "alaw",
}
_PCM = {
    "u8": "uint8",
    "s8": "int8",
    **{
        f"{name}{end}": sample
        for name, sample in (
            ("s16", "int16"),
            ("s24", "int24"),
            ("s32", "int32"),
            ("f32", "float32"),
            ("f64", "float64"),
        )
        for end in ("", "le", "be")
    },
}
_ORDERS = {"le": ByteOrder.LITTLE, "be": ByteOrder.BIG}

# What soundfile calls the samples of a stream that are stored as they are.
_STORED = {form.name: PCM_NAMES[Format(form.device_code or form.code)] for form in FORMATS.values()}
_SAMPLES = {stored.lower(): name for name, stored in _STORED.items()}
# Of FFmpeg's, whose planar ones are the same in a file.
_SAMPLES.update(
    {
        "pcm_8": "int8",
        "u8": "uint8",
        "s16": "int16",
        "s24": "int24",
        "s32": "int32",
        "flt": "float32",
        "dbl": "float64",
    }
)


def codec_name(name: str, value: Any) -> str:
    """Return the name of a codec in lower case, and as this library calls it."""
    known = ", ".join(_CODECS)
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be one of {known}"
        )
    told = _SYNONYMS.get(value.lower(), value.lower())
    if told in _CODECS or told.removeprefix("pcm_") in _PCM:
        return told
    if told == "copy":
        raise ArgumentError(
            f"{name} is {shown(value)}; sound is always decoded and encoded here. Between codecs "
            "without loss, such as pcm and flac, nothing changes by that"
        )
    written = {codec.encoding for codec in available_codecs() if codec.encodes}
    here = [each for each, codec in _CODECS.items() if codec.encoding.name in written]
    raise ArgumentError(f"{name} is {shown(value)}; this build can write {', '.join(here)}")


def codec_of(name: str) -> Codec:
    """Return what a name that `codec_name` has given means."""
    if name in _CODECS:
        return _CODECS[name]
    told = name.removeprefix("pcm_")
    order = _ORDERS.get(told[-2:], ByteOrder.DEFAULT)
    return Codec(Encoding.PCM, Container.WAV, _PCM[told], order)


def sample_name(name: str, value: Any) -> str:
    """Return the name of a sample format: ``"int16"`` and so on, or soundfile's for odd widths."""
    if isinstance(value, str):
        told = value.lower()
        told = _SAMPLES.get(told) or _SAMPLES.get(told.removesuffix("p")) or told
        if told in FORMATS:
            return told
        if told.upper() in _odd_widths():
            return told.upper()
        raise ArgumentError(
            f"{name} is {shown(value)}; it must be one of {', '.join(FORMATS)}, or of FLAC files "
            "PCM_4 to PCM_32"
        )
    return sample_format(value, name).name


def _odd_widths() -> set[str]:
    return {f"PCM_{bits}" for bits in range(4, 32)} - set(SUBTYPES) - {"PCM_8"}


def samples_of(name: str) -> Subtype:
    """Return what a name that `sample_name` has given means."""
    return subtype_of(_STORED.get(name, name))
