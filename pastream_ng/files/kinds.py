# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Kinds of sound files: what they are called, and which samples they hold."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.text import decode
from pastream_ng.enums import ByteOrder, Container, Format, Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.formats import SampleFormat

__all__ = [
    "FORMATS",
    "SUBTYPES",
    "FileFormat",
    "check_names",
    "container_of",
    "libsndfile_version",
    "new_format",
    "raw_wanted",
]

#: What soundfile calls the sample formats.
SUBTYPES: dict[str, Format] = {
    "PCM_S8": Format.I8,
    "PCM_16": Format.I16,
    "PCM_24": Format.I24,
    "PCM_32": Format.I32,
    "PCM_U8": Format.U8,
    "FLOAT": Format.F32,
    "DOUBLE": Format.F64,
}
_SUBTYPE_NAMES = {code: name for name, code in SUBTYPES.items()}
FORMATS: dict[str, Container] = dict(Container.__members__)
ENDIANS: dict[str, ByteOrder] = {
    "FILE": ByteOrder.DEFAULT,
    "LITTLE": ByteOrder.LITTLE,
    "BIG": ByteOrder.BIG,
    "CPU": ByteOrder.LITTLE if sys.byteorder == "little" else ByteOrder.BIG,
}
_EXTENSIONS = {
    "wav": Container.WAV,
    "wave": Container.WAV,
    "rf64": Container.RF64,
    "aif": Container.AIFF,
    "aiff": Container.AIFF,
    "aifc": Container.AIFF,
    "au": Container.AU,
    "snd": Container.AU,
    "caf": Container.CAF,
    "w64": Container.W64,
    "raw": Container.RAW,
    "pcm": Container.RAW,
}
# Which samples hold those of a stream without a change, the best first.
_SUITABLE = {
    "float32": (Format.F32,),
    "float64": (Format.F64,),
    "int32": (Format.I32,),
    "int24": (Format.I24,),
    "int16": (Format.I16,),
    "int8": (Format.I8, Format.U8),
    "uint8": (Format.U8, Format.I8),
}


class FileFormat(NamedTuple):
    """What a sound file holds, complete and checked."""

    container: Container
    subtype: Format
    endian: ByteOrder
    samplerate: int
    channels: int

    @property
    def subtype_name(self) -> str:
        """The subtype as users type it."""
        return _SUBTYPE_NAMES[self.subtype]

    def to_c(self) -> Any:
        """Return it as a ``pst_file_format *``."""
        made = ffi.new("pst_file_format *")
        made.container = self.container
        made.sample_format = self.subtype
        made.byte_order = self.endian
        made.rate_hz = self.samplerate
        made.n_channels = self.channels
        return made

    @classmethod
    def from_c(cls, found: Any) -> FileFormat:
        """Read a ``pst_file_format``."""
        return cls(
            Container(found.container),
            Format(found.sample_format),
            ByteOrder(found.byte_order),
            int(found.rate_hz),
            int(found.n_channels),
        )


def _named(name: str, value: Any, table: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be one of "
            + ", ".join(table)
        )
    found = table.get(value.upper())
    if found is None:
        raise ArgumentError(f"{name} is {shown(value)}; it must be one of {', '.join(table)}")
    return found


def _extension(file: Any) -> str:
    name = file if isinstance(file, (str, bytes, os.PathLike)) else getattr(file, "name", "")
    if not isinstance(name, (str, bytes, os.PathLike)):
        return ""
    return os.path.splitext(os.fsdecode(os.fspath(name)))[1].lower().removeprefix(".")


def check_names(subtype: Any, endian: Any, format: Any) -> None:
    """Refuse names that nobody knows; None is always right."""
    tables = (
        ("subtype", subtype, SUBTYPES),
        ("endian", endian, ENDIANS),
        ("format", format, FORMATS),
    )
    for name, value, table in tables:
        if value is not None:
            _named(name, value, table)


def container_of(file: Any, format: str | None) -> Container:
    """Return the container that `format` names, or the name of the file."""
    if format is not None:
        named: Container = _named("format", format, FORMATS)
        return named
    extension = _extension(file)
    found = _EXTENSIONS.get(extension)
    if found is None:
        known = ", ".join(f".{name}" for name in _EXTENSIONS)
        raise ArgumentError(
            f"format is None, and the extension of file, {shown(extension)}, does not tell it; "
            f"use one of {known}, or give format as one of {', '.join(FORMATS)}"
        )
    return found


def libsndfile_version() -> str:
    """Return what libsndfile, which knows the containers of sound files, calls itself.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.libsndfile_version().startswith("libsndfile")
    True
    """
    info = ffi.new("pst_codec_info *")
    index = 0
    while lib.pst_codec_get_info(index, info) == Status.OK:
        version = decode(info.libraries)
        if version.startswith("libsndfile"):
            return version
        index += 1
    return ""


def raw_wanted(file: Any, format: str | None) -> bool:
    """Whether a file that is read is to be taken as samples without a header."""
    if format is not None:
        return bool(_named("format", format, FORMATS) == Container.RAW)
    return _EXTENSIONS.get(_extension(file)) == Container.RAW


def _can_hold(container: Container, subtype: Format) -> bool:
    trial = FileFormat(container, subtype, ByteOrder.DEFAULT, 8000, 1)
    return bool(lib.pst_encoder_check(trial.to_c(), ffi.NULL, ffi.NULL) == Status.OK)


def _subtype_for(container: Container, form: SampleFormat | None) -> Format:
    """Return what to store: the samples of a stream as they are, or 16 bits."""
    if form is None:
        if container == Container.RAW:
            raise ArgumentTypeError(f"subtype is None; RAW files need one of {', '.join(SUBTYPES)}")
        return Format.I16
    for subtype in _SUITABLE[form.name]:
        if _can_hold(container, subtype):
            return subtype
    raise ArgumentError(
        f"subtype is None; a {container.name} file cannot hold {form.name} samples as they are, "
        f"so choose one of {', '.join(SUBTYPES)}"
    )


def new_format(
    file: Any,
    samplerate: Any,
    channels: Any,
    subtype: str | None,
    endian: str | None,
    format: str | None,
    form: SampleFormat | None = None,
    is_raw: bool = False,
) -> FileFormat:
    """Return the format of a new file, or of a RAW one, from the arguments of the user.

    `form` is the format of the stream that the file is for, if there is one.
    """
    container = Container.RAW if is_raw else container_of(file, format)
    for name, value in (("samplerate", samplerate), ("channels", channels)):
        if value is None:
            raise ArgumentTypeError(
                f"{name} is None; {'RAW files need it' if is_raw else 'a new file needs one'}"
            )
    if isinstance(samplerate, float) and samplerate.is_integer():
        samplerate = int(samplerate)
    made = FileFormat(
        container,
        _named("subtype", subtype, SUBTYPES)
        if subtype is not None
        else _subtype_for(container, form),
        ByteOrder.DEFAULT if endian is None else _named("endian", endian, ENDIANS),
        integer("samplerate", samplerate, 1, 1_000_000, "Hz"),
        integer("channels", channels, 1, 256),
    )
    err = new_error()
    check(lib.pst_encoder_check(made.to_c(), ffi.NULL, err), err)
    return made
