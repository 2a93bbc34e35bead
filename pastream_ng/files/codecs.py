# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What this build can decode and encode, and what would bring the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from pastream_ng._native import ffi, lib
from pastream_ng._native.text import decode
from pastream_ng.enums import Container, Encoding, Status

__all__ = ["CodecInfo", "available_codecs", "libsndfile_version", "remedy"]


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
        The kinds of files that it reads and writes, as ``format=`` names them.
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
