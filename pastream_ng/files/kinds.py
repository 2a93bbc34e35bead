# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Kinds of sound files: what they are called, and what a name of a file tells."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng._native.places import check_file
from pastream_ng.enums import ByteOrder, Container, Encoding, Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "ENDIANS",
    "FORMATS",
    "PCM_CONTAINERS",
    "PCM_NAMES",
    "SUBTYPES",
    "Kind",
    "Subtype",
    "check_names",
    "container_of",
    "encodings_in",
    "extension_for",
    "extension_of",
    "kind_of",
    "knows_extension",
    "looked_up",
    "named",
    "raw_wanted",
    "subtype_of",
]


class Kind(NamedTuple):
    """What ``format=`` or an extension says."""

    container: Container
    encoding: Encoding = Encoding.DEFAULT


class Subtype(NamedTuple):
    """What ``subtype=`` says.

    Attributes
    ----------
    encoding : Encoding
        Of PCM, a container that holds FLAC takes FLAC.
    samples : Format
        The smallest format that holds a sample.
    bits : int
        The bits of a sample, where they are fewer than those of the format; 0: they are not.
    """

    encoding: Encoding
    samples: Format
    bits: int = 0


def _width(bits: int) -> Format:
    for least, samples in ((24, Format.I32), (16, Format.I24), (8, Format.I16)):
        if bits > least:
            return samples
    return Format.I8


#: What soundfile calls the samples in a file.
SUBTYPES: dict[str, Subtype] = {
    "PCM_S8": Subtype(Encoding.PCM, Format.I8),
    "PCM_16": Subtype(Encoding.PCM, Format.I16),
    "PCM_24": Subtype(Encoding.PCM, Format.I24),
    "PCM_32": Subtype(Encoding.PCM, Format.I32),
    "PCM_U8": Subtype(Encoding.PCM, Format.U8),
    "FLOAT": Subtype(Encoding.PCM, Format.F32),
    "DOUBLE": Subtype(Encoding.PCM, Format.F64),
    "ULAW": Subtype(Encoding.ULAW, Format.I16),
    "ALAW": Subtype(Encoding.ALAW, Format.I16),
    "VORBIS": Subtype(Encoding.VORBIS, Format.F32),
    "OPUS": Subtype(Encoding.OPUS, Format.F32),
    "MPEG_LAYER_III": Subtype(Encoding.MP3, Format.F32),
    "AAC": Subtype(Encoding.AAC, Format.F32),
    "FLAC": Subtype(Encoding.FLAC, Format.I16),
    "IMA_ADPCM": Subtype(Encoding.IMA_ADPCM, Format.I16),
    "MS_ADPCM": Subtype(Encoding.MS_ADPCM, Format.I16),
    "GSM610": Subtype(Encoding.GSM, Format.I16),
}
#: What soundfile calls samples that are stored as they are.
PCM_NAMES = {kind.samples: name for name, kind in SUBTYPES.items() if kind.encoding == Encoding.PCM}
# FLAC has samples of any width.
_FLAC_WIDTHS = {
    f"PCM_{bits}": Subtype(Encoding.FLAC, _width(bits), bits)
    for bits in range(4, 32)
    if bits not in (8, 16, 24)
}
_OTHER_NAMES = {"MP3": "MPEG_LAYER_III", "GSM": "GSM610", "PCM_8": "PCM_S8"}

#: What soundfile calls the kinds of files.
FORMATS: dict[str, Kind] = {
    name: Kind(kind) for name, kind in Container.__members__.items() if kind != Container.PACKETS
}
_OTHER_FORMATS = {
    "AIFC": Kind(Container.AIFF),
    "WAVE": Kind(Container.WAV),
    "OPUS": Kind(Container.OGG, Encoding.OPUS),
    "OGG_OPUS": Kind(Container.OGG, Encoding.OPUS),
    "OPUS_OGG": Kind(Container.OGG, Encoding.OPUS),
    "VORBIS": Kind(Container.OGG, Encoding.VORBIS),
    "OGG_VORBIS": Kind(Container.OGG, Encoding.VORBIS),
    "OGG_FLAC": Kind(Container.OGG, Encoding.FLAC),
    "MPEG": Kind(Container.MP3),
    "AAC": Kind(Container.ADTS),
    "AAC_ADTS": Kind(Container.ADTS),
    "M4A": Kind(Container.MP4),
}
ENDIANS: dict[str, ByteOrder] = {
    "FILE": ByteOrder.DEFAULT,
    "LITTLE": ByteOrder.LITTLE,
    "BIG": ByteOrder.BIG,
    "CPU": ByteOrder.LITTLE if sys.byteorder == "little" else ByteOrder.BIG,
}
_EXTENSIONS = {
    "wav": Kind(Container.WAV),
    "wave": Kind(Container.WAV),
    "rf64": Kind(Container.RF64),
    "aif": Kind(Container.AIFF),
    "aiff": Kind(Container.AIFF),
    "aifc": Kind(Container.AIFF),
    "au": Kind(Container.AU),
    "snd": Kind(Container.AU),
    "caf": Kind(Container.CAF),
    "w64": Kind(Container.W64),
    "raw": Kind(Container.RAW),
    "pcm": Kind(Container.RAW),
    "flac": Kind(Container.FLAC),
    "ogg": Kind(Container.OGG),
    "oga": Kind(Container.OGG),
    "opus": Kind(Container.OGG, Encoding.OPUS),
    "mp3": Kind(Container.MP3),
    "aac": Kind(Container.ADTS),
    "adts": Kind(Container.ADTS),
    "m4a": Kind(Container.MP4),
    "m4b": Kind(Container.MP4),
    "mp4": Kind(Container.MP4),
}

#: Containers of samples as they are.
PCM_CONTAINERS = frozenset(kind for kind in Container if kind <= Container.RAW)
# What others may hold, the usual one first.
_ENCODINGS = {
    Container.FLAC: (Encoding.FLAC,),
    Container.OGG: (Encoding.VORBIS, Encoding.OPUS, Encoding.FLAC),
    Container.MP3: (Encoding.MP3,),
    Container.ADTS: (Encoding.AAC,),
    Container.MP4: (Encoding.AAC,),
}
_PCM_ENCODINGS = (Encoding.PCM, Encoding.ULAW, Encoding.ALAW)


def encodings_in(container: Container) -> tuple[Encoding, ...]:
    """Return what a new file of a kind may hold, if the codecs are there; the usual one first."""
    return _ENCODINGS.get(container, _PCM_ENCODINGS)


def looked_up(name: str, value: Any, table: dict[str, Any], *others: dict[str, Any]) -> Any:
    """Return what a name means, in whatever case; messages tell the names of the first table."""
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be one of "
            + ", ".join(table)
        )
    for known in (table, *others):
        if value.upper() in known:
            return known[value.upper()]
    raise ArgumentError(f"{name} is {shown(value)}; it must be one of {', '.join(table)}")


def named(format: Any) -> Kind:
    """Return what ``format=`` names."""
    if isinstance(format, str) and format == Container.PACKETS.name:
        raise ArgumentError(
            f"format is {shown(format)}, which is no kind of file: packets with nothing around "
            "them go by Encoder and Decoder; files of the same sound are OPUS, ADTS and M4A"
        )
    found: Kind = looked_up("format", format, FORMATS, _OTHER_FORMATS)
    return found


def subtype_of(subtype: Any) -> Subtype:
    """Return what ``subtype=`` names."""
    if isinstance(subtype, str):
        subtype = _OTHER_NAMES.get(subtype.upper(), subtype)
    found: Subtype = looked_up("subtype", subtype, SUBTYPES, _FLAC_WIDTHS)
    return found


def extension_of(file: Any) -> str:
    """Return the extension of a file's name, without the dot, in lower case; "" if it has none."""
    name = file if isinstance(file, (str, bytes, os.PathLike)) else getattr(file, "name", "")
    if not isinstance(name, (str, bytes, os.PathLike)):
        return ""
    return os.path.splitext(os.fsdecode(os.fspath(name)))[1].lower().removeprefix(".")


def knows_extension(extension: str, takes_raw: bool) -> bool:
    """Whether an extension is one of sound files; samples without a header count if told so."""
    kind = _EXTENSIONS.get(extension)
    return kind is not None and (takes_raw or kind.container != Container.RAW)


def extension_for(kind: Kind) -> str:
    """Return the usual extension of a kind of file, without the dot."""
    if kind == Kind(Container.OGG, Encoding.OPUS):
        return "opus"
    if kind.container == Container.MP4:
        return "m4a"
    if kind.container == Container.ADTS:
        return "aac"
    return next(name for name, known in _EXTENSIONS.items() if known.container == kind.container)


def check_names(subtype: Any, endian: Any, format: Any) -> None:
    """Refuse names that nobody knows; None is always right."""
    if subtype is not None:
        subtype_of(subtype)
    if endian is not None:
        looked_up("endian", endian, ENDIANS)
    if format is not None:
        named(format)


def kind_of(file: Any, format: str | None, argument: str = "file") -> Kind:
    """Return the kind of file that `format` names, or the name of the file.

    `argument` is what messages call the file.
    """
    if format is not None:
        return named(format)
    extension = extension_of(file)
    found = _EXTENSIONS.get(extension)
    if found is None:
        check_file(file, writes=True)
        known = ", ".join(f".{name}" for name in _EXTENSIONS)
        name = f"the name of {argument}" if argument != "file" else "the file's name"
        said = f"the extension of {argument}, {shown(extension)}," if extension else name
        raise ArgumentError(
            f"format is None, and {said} does not tell it; "
            f"use one of {known}, or give format as one of {', '.join(FORMATS)}"
        )
    return found


def container_of(file: Any, format: str | None) -> Container:
    """Return the container that `format` names, or the name of the file."""
    return kind_of(file, format).container


def raw_wanted(file: Any, format: str | None) -> bool:
    """Whether a file that is read is to be taken as samples without a header."""
    kind = named(format) if format is not None else _EXTENSIONS.get(extension_of(file))
    return kind is not None and kind.container == Container.RAW
