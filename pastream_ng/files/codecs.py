# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What this build can decode and encode, and what would bring the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from pastream_ng._native import ffi, lib
from pastream_ng._native.text import decode
from pastream_ng.enums import Container, Encoding, Status
from pastream_ng.errors import PastreamError
from pastream_ng.files.kinds import SUBTYPES, Subtype, check_names, named

__all__ = [
    "CodecInfo",
    "available_codecs",
    "available_formats",
    "available_subtypes",
    "check_format",
    "default_subtype",
    "libsndfile_version",
    "remedy",
]


class _Origin(NamedTuple):
    """Where a codec comes from: its library, and the package of Debian's that brings it."""

    decoder: str
    encoder: str


# Of those that a build may lack.
_ORIGINS = {
    Encoding.FLAC: _Origin("libFLAC (package libflac-dev)", "libFLAC (package libflac-dev)"),
    Encoding.MP3: _Origin("libmpg123 (package libmpg123-dev)", "LAME (package libmp3lame-dev)"),
    Encoding.OPUS: _Origin(
        "libopus and libogg (packages libopus-dev, libogg-dev)",
        "libopus and libogg (packages libopus-dev, libogg-dev)",
    ),
    Encoding.VORBIS: _Origin(
        "libvorbis and libogg (packages libvorbis-dev, libogg-dev)",
        "libvorbis and libogg (packages libvorbis-dev, libogg-dev)",
    ),
    Encoding.AAC: _Origin(
        "libavcodec and libavformat (packages libavcodec-dev, libavformat-dev)",
        "libavcodec and libavformat (packages libavcodec-dev, libavformat-dev)",
    ),
}


@dataclass(frozen=True)
class CodecInfo:
    """A codec of this build, or one that it lacks.

    Attributes
    ----------
    name : str
        Such as ``"flac"``.
    encoding : str
        How it stores samples: ``"PCM"``, ``"FLAC"``, ``"OPUS"`` and so on.
    decodes, encodes : tuple of str
        The kinds of files that it reads and writes, as ``format=`` names them; ``"PACKETS"``:
        packets with nothing around them, which are no file.
    lossless : bool
        Whether what is read is what was written.
    libraries : str
        What it stands on, with versions; "" for the library's own code.
    missing : str
        What the library would have to be built with for the directions that are not there; "" if
        nothing is missing.
    """

    name: str
    encoding: str
    decodes: tuple[str, ...]
    encodes: tuple[str, ...]
    lossless: bool
    libraries: str
    missing: str


def _containers(bits: int) -> tuple[str, ...]:
    return tuple(kind.name for kind in Container if bits >> kind & 1)


def _built() -> list[CodecInfo]:
    found: list[CodecInfo] = []
    info = ffi.new("pst_codec_info *")
    while lib.pst_codec_get_info(len(found), info) == Status.OK:
        found.append(
            CodecInfo(
                decode(info.name),
                Encoding(info.encoding).name,
                _containers(info.decodes),
                _containers(info.encodes),
                bool(info.is_lossless),
                decode(info.libraries),
                "",
            )
        )
    return found


def available_codecs() -> list[CodecInfo]:
    """Return what this build can decode and encode.

    Codecs that it lacks come last, with what would bring them.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> any("WAV" in codec.encodes for codec in ps.available_codecs())
    True
    """
    built = _built()
    missing = []
    for encoding, origin in _ORIGINS.items():
        mine = [codec for codec in built if codec.encoding == encoding.name]
        lacks = []
        if not any(codec.decodes for codec in mine):
            lacks.append(origin.decoder)
        if not any(codec.encodes for codec in mine) and origin.encoder not in lacks:
            lacks.append(origin.encoder)
        if mine and lacks:
            place = built.index(mine[0])
            built[place] = replace(mine[0], missing=" and ".join(lacks))
        elif lacks:
            is_lossless = encoding == Encoding.FLAC
            name = encoding.name.lower()
            row = CodecInfo(name, encoding.name, (), (), is_lossless, "", " and ".join(lacks))
            missing.append(row)
    return built + missing


_DESCRIPTIONS = {
    Container.WAV: "WAV (Microsoft)",
    Container.WAVEX: "WAV with loudspeaker positions (Microsoft)",
    Container.RF64: "RF64, WAV without a limit (EBU)",
    Container.AIFF: "AIFF (Apple)",
    Container.AU: "AU (Sun, NeXT)",
    Container.CAF: "CAF (Apple)",
    Container.W64: "Wave64 (Sony)",
    Container.RAW: "Samples without a header",
    Container.FLAC: "FLAC (Xiph.Org)",
    Container.OGG: "Ogg (Xiph.Org)",
    Container.MP3: "MPEG audio",
    Container.ADTS: "AAC (ADTS)",
    Container.MP4: "AAC (MP4, M4A)",
}


def available_formats() -> dict[str, str]:
    """Return the kinds of files that this build can write: what ``format=`` may be, and what it is.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.available_formats()["WAV"]
    'WAV (Microsoft)'
    """
    writes = {name for codec in _built() for name in codec.encodes}
    return {kind.name: text for kind, text in _DESCRIPTIONS.items() if kind.name in writes}


def available_subtypes(format: str | None = None) -> dict[str, str]:
    """Return what ``subtype=`` may be for new files of a format; None: of any.

    Parameters
    ----------
    format : str, optional
        As for `SoundFile`.

    Raises
    ------
    ArgumentError
        No such format.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> "PCM_24" in ps.available_subtypes("WAV"), "PCM_24" in ps.available_subtypes("AU")
    (True, True)
    """
    formats = list(available_formats()) if format is None else [format]
    if format is not None:
        named(format)
    return {
        name: _subtype_text(name, kind)
        for name, kind in SUBTYPES.items()
        if any(check_format(each, name) for each in formats)
    }


def _subtype_text(name: str, kind: Subtype) -> str:
    if kind.encoding != Encoding.PCM:
        return kind.encoding.name
    bits = 8 * int(lib.pst_format_bytes(kind.samples))
    sign = "float" if name in ("FLOAT", "DOUBLE") else "unsigned" if name == "PCM_U8" else "signed"
    return f"{bits} bit {sign}"


def check_format(format: str, subtype: str | None = None, endian: str | None = None) -> bool:
    """Return whether this build can write files like that, at some rate.

    Parameters
    ----------
    format, subtype, endian : str
        As for `SoundFile`.

    Raises
    ------
    ArgumentError
        A name that nobody knows.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.check_format("WAV", "PCM_16"), ps.check_format("WAV", "OPUS")
    (True, False)
    """
    from pastream_ng.files.formats import new_format

    check_names(subtype, endian, format)
    try:
        new_format(None, 48000, 1, subtype, endian, format)
    except PastreamError:
        return False
    return True


def default_subtype(format: str) -> str:
    """Return the ``subtype`` that new files of a format have if none is asked for.

    RAW files have none: an `ArgumentTypeError` says so.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.default_subtype("WAV")
    'PCM_16'
    """
    from pastream_ng.files.formats import new_format

    return new_format(None, 48000, 1, None, None, format).subtype_name


def remedy(encoding: Encoding) -> str:
    """Return what to do where an encoding cannot be written."""
    origin = _ORIGINS.get(encoding)
    if origin is None:
        return "available_codecs() tells what it can write"
    return f"build the library with {origin.encoder}; available_codecs() tells what it can write"


def libsndfile_version() -> str:
    """Return what libsndfile, which knows the containers of sound files, calls itself.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.libsndfile_version().startswith("libsndfile")
    True
    """
    versions = (codec.libraries for codec in _built())
    return next((text for text in versions if text.startswith("libsndfile")), "")
