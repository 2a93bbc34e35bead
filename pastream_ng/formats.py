# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sample formats: what a ``dtype`` argument may be, and what it means for arrays and devices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.enums import Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["FORMATS", "SampleFormat", "sample_format"]


class SampleFormat(NamedTuple):
    """One sample format.

    Attributes
    ----------
    name : str
        What users type.
    dtype : str
        The NumPy type of arrays in this format.
    code : Format
        The format of frames in a ring.
    device_code : int
        The `Format` to open the device with, 0 to let the library choose.
    bits : int
        Bits that carry sound; the samples of int24 are the upper 24 bits of an int32.
    silence : int
        The sample value of silence.
    """

    name: str
    dtype: str
    code: Format
    device_code: int
    bits: int
    silence: int


#: Every accepted ``dtype`` by name.
FORMATS: dict[str, SampleFormat] = {
    row.name: row
    for row in (
        SampleFormat("float32", "float32", Format.F32, 0, 32, 0),
        SampleFormat("float64", "float64", Format.F64, 0, 64, 0),
        SampleFormat("int32", "int32", Format.I32, 0, 32, 0),
        SampleFormat("int24", "int32", Format.I32, Format.I24, 24, 0),
        SampleFormat("int16", "int16", Format.I16, 0, 16, 0),
        SampleFormat("int8", "int8", Format.I8, 0, 8, 0),
        SampleFormat("uint8", "uint8", Format.U8, 0, 8, 128),
    )
}


def sample_format(dtype: Any, argument: str = "dtype") -> SampleFormat:
    """Return the format that a ``dtype`` argument means.

    Parameters
    ----------
    dtype : str, numpy.dtype or type, or None
        ``"float32"`` (also for None), ``"float64"``, ``"int32"``, ``"int24"``, ``"int16"``,
        ``"int8"``, ``"uint8"``, or what `numpy.dtype` understands as one of these in the
        machine's byte order.
    argument : str
        The name for error messages.

    Raises
    ------
    ArgumentError
        A dtype that is none of these.
    ArgumentTypeError
        Not a dtype at all.

    Examples
    --------
    >>> sample_format(None).name
    'float32'
    >>> sample_format("int24").dtype
    'int32'
    """
    if dtype is None:
        return FORMATS["float32"]
    if isinstance(dtype, str) and dtype in FORMATS:
        return FORMATS[dtype]
    names = ", ".join(FORMATS)
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):  # Strings are read like code.
        error = ArgumentError if isinstance(dtype, str) else ArgumentTypeError
        raise error(f"{argument} is {shown(dtype)}; it must be one of {names}") from None
    row = FORMATS.get(found.name)
    if row is None or not found.isnative:
        raise ArgumentError(
            f"{argument} is {found.str!r} ({found.name}); it must be one of {names}"
        )
    return row
