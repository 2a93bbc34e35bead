# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a sound file holds: complete, and checked against what can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._checks import integer
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.text import decode
from pastream_ng.enums import ByteOrder, Container, Encoding, Format, Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, CodecMissingError
from pastream_ng.files.codecs import remedy
from pastream_ng.files.kinds import (
    ENDIANS,
    PCM_CONTAINERS,
    PCM_NAMES,
    SUBTYPES,
    encodings_in,
    kind_of,
    looked_up,
    subtype_of,
)

if TYPE_CHECKING:
    from pastream_ng.files.options import WriteOptions
    from pastream_ng.formats import SampleFormat

__all__ = ["FileFormat", "check_encoder", "fitting_rate", "new_format"]

_NAMES = {kind.encoding: name for name, kind in SUBTYPES.items() if kind.encoding != Encoding.PCM}
# Which samples hold those of a stream best. FLAC, which has no floats, gets their 24 bits.
_SUITABLE = {
    "float32": (Format.F32, Format.I24),
    "float64": (Format.F64, Format.I24),
    "int32": (Format.I32,),
    "int24": (Format.I24,),
    "int16": (Format.I16,),
    "int8": (Format.I8, Format.U8),
    "uint8": (Format.U8, Format.I8),
}


_IN_FLAC = (Format.I8, Format.I16, Format.I24, Format.I32)


class FileFormat(NamedTuple):
    """What a sound file holds."""

    container: Container
    subtype: Format
    endian: ByteOrder
    samplerate: int
    channels: int
    encoding: Encoding = Encoding.PCM
    #: Of FLAC, where a sample has fewer bits than its format.
    n_bits: int = 0

    @property
    def bits(self) -> int | None:
        """The bits of a sample that is stored without loss; None: it is not."""
        if self.encoding not in (Encoding.PCM, Encoding.FLAC):
            return None
        return self.n_bits or 8 * int(lib.pst_format_bytes(self.subtype))

    @property
    def subtype_name(self) -> str:
        """The subtype as users type it."""
        if self.encoding == Encoding.PCM:
            return PCM_NAMES[self.subtype]
        if self.encoding == Encoding.FLAC:
            return "PCM_S8" if self.bits == 8 else f"PCM_{self.bits}"
        return _NAMES[self.encoding]

    def to_c(self) -> Any:
        """Return it as a ``pst_file_format *``."""
        made = ffi.new("pst_file_format *")
        made.container = self.container
        made.encoding = self.encoding
        made.sample_format = self.subtype
        made.n_bits = self.n_bits
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
            Encoding(found.encoding),
            int(found.n_bits),
        )


def check_encoder(wanted: FileFormat, options: WriteOptions | None = None) -> None:
    """Refuse a file that cannot be written, before anything is."""
    err = new_error()
    made = None if options is None else options.to_c()
    status = lib.pst_encoder_check(wanted.to_c(), ffi.NULL if made is None else made.pointer, err)
    if status == Status.UNSUPPORTED:
        raise CodecMissingError(f"{decode(err.text)}; {remedy(wanted.encoding)}")
    check(status, err)


def fitting_rate(wanted: FileFormat) -> int:
    """Return the rate nearest to the wanted one, not below if possible, that can be stored."""
    return int(lib.pst_encoder_fit_rate(wanted.to_c()))


def _can_hold(container: Container, subtype: Format) -> bool:
    encoding = encodings_in(container)[0]
    trial = FileFormat(container, subtype, ByteOrder.DEFAULT, 8000, 1, encoding)
    return bool(lib.pst_encoder_check(trial.to_c(), ffi.NULL, ffi.NULL) == Status.OK)


def _samples_for(container: Container, form: SampleFormat | None) -> Format:
    """Return what to store: the samples of a stream as they are, or 16 bits."""
    if form is None:
        if container == Container.RAW:
            names = ", ".join(PCM_NAMES.values())
            raise ArgumentTypeError(f"subtype is None; RAW files need one of {names}")
        return Format.I16
    for subtype in _SUITABLE[form.name]:
        if _can_hold(container, subtype):
            return subtype
    if container not in PCM_CONTAINERS and not _can_hold(container, Format.I16):
        return Format.I16  # The build has no such codec, which the check will say.
    raise ArgumentError(
        f"subtype is None; a {container.name} file cannot hold {form.name} samples as they are, "
        f"so choose one of {', '.join(PCM_NAMES.values())}"
    )


def _names_in(encoding: Encoding) -> list[str]:
    """Return what ``subtype=`` may be for an encoding."""
    if encoding == Encoding.PCM:
        return list(PCM_NAMES.values())
    return ["PCM_16", "PCM_24"] if encoding == Encoding.FLAC else [_NAMES[encoding]]


def _what_to_store(
    container: Container, encoding: Encoding, subtype: str | None, form: SampleFormat | None
) -> tuple[Encoding, Format, int]:
    """Return encoding, sample format and bits."""
    possible = encodings_in(container) if encoding == Encoding.DEFAULT else (encoding,)
    if subtype is None:
        encoding = possible[0]
        if encoding in (Encoding.PCM, Encoding.FLAC):
            kind = Container.FLAC if encoding == Encoding.FLAC else container
            return encoding, _samples_for(kind, form), 0
        return encoding, Format.F32, 0
    told = subtype_of(subtype)
    if told.encoding == Encoding.PCM and told.samples in _IN_FLAC and Encoding.FLAC in possible:
        told = told._replace(encoding=Encoding.FLAC)
    if told.encoding not in possible:
        names = [name for each in possible for name in _names_in(each)]
        raise ArgumentError(
            f"subtype is {subtype!r}, which such a {container.name} file cannot hold; it may be "
            + " or ".join(names)
        )
    if told.encoding == Encoding.FLAC and form is not None and subtype.upper() == "FLAC":
        return told.encoding, _samples_for(Container.FLAC, form), 0
    return told


def new_format(
    file: Any,
    samplerate: Any,
    channels: Any,
    subtype: str | None,
    endian: str | None,
    format: str | None,
    form: SampleFormat | None = None,
    is_raw: bool = False,
    options: WriteOptions | None = None,
    fits_rate: bool = False,
) -> FileFormat:
    """Return the format of a new file, or of a RAW one, from the arguments of the user.

    `form` is the format of the stream that the file is for, if there is one. `fits_rate` lets the
    result have another rate, if the codec cannot store the wanted one.
    """
    if is_raw:
        container, encoding = Container.RAW, Encoding.PCM
    else:
        container, encoding = kind_of(file, format)
    for name, value in (("samplerate", samplerate), ("channels", channels)):
        if value is None:
            raise ArgumentTypeError(
                f"{name} is None; {'RAW files need it' if is_raw else 'a new file needs one'}"
            )
    if isinstance(samplerate, float) and samplerate.is_integer():
        samplerate = int(samplerate)
    encoding, samples, bits = _what_to_store(container, encoding, subtype, form)
    order = ByteOrder.DEFAULT if endian is None else looked_up("endian", endian, ENDIANS)
    if order != ByteOrder.DEFAULT and container not in PCM_CONTAINERS:
        raise ArgumentError(
            f"endian is {endian!r}; {container.name} files have no choice of it: leave it away"
        )
    made = FileFormat(
        container,
        samples,
        order,
        integer("samplerate", samplerate, 1, 1_000_000, "Hz"),
        integer("channels", channels, 1, 256),
        encoding,
        bits,
    )
    if fits_rate:
        made = made._replace(samplerate=fitting_rate(made))
    check_encoder(made, options)
    return made
