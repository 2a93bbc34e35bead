# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sample types of formats, and the scaling between them: integers are full scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address, numbers_of
from pastream_ng._native.errors import check
from pastream_ng.enums import Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = [
    "SAMPLE_TYPES",
    "SampleType",
    "from_native",
    "native",
    "native_dtype",
    "sample_type_of",
    "scaled",
]


class SampleType(NamedTuple):
    """One sample type.

    Attributes
    ----------
    name : str
        What users type.
    dtype : numpy.dtype
        Of arrays.
    code : Format
        What C computes with. There is no int64: i64 has the 32 upper bits of its samples there.
    """

    name: str
    dtype: np.dtype[Any]
    code: Format


#: Every sample type by name.
SAMPLE_TYPES: dict[str, SampleType] = {
    row.name: row
    for row in (
        SampleType("u8", np.dtype("uint8"), Format.U8),
        SampleType("i16", np.dtype("int16"), Format.I16),
        SampleType("i32", np.dtype("int32"), Format.I32),
        SampleType("i64", np.dtype("int64"), Format.I32),
        SampleType("f32", np.dtype("float32"), Format.F32),
        SampleType("f64", np.dtype("float64"), Format.F64),
    )
}
_BY_DTYPE = {row.dtype: row.code for row in SAMPLE_TYPES.values()} | {np.dtype("int8"): Format.I8}
_DTYPES: dict[Format, np.dtype[Any]] = {
    Format.F32: np.dtype("float32"),
    Format.F64: np.dtype("float64"),
    Format.I32: np.dtype("int32"),
    Format.I16: np.dtype("int16"),
    Format.I8: np.dtype("int8"),
    Format.U8: np.dtype("uint8"),
}
_HALF = 1 << 31


def sample_type_of(name: Any, argument: str = "sample_type") -> SampleType:
    """Return the sample type that a name means, in whatever case."""
    names = ", ".join(SAMPLE_TYPES)
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} is {shown(name)} of type {type(name).__name__}; it must be one of {names}"
        )
    found = SAMPLE_TYPES.get(name.lower())
    if found is None:
        raise ArgumentError(f"{argument} is {shown(name)}; it must be one of {names}")
    return found


def _upper_half(array: Array) -> Array:
    """Return int64 as the int32 of the same loudness, rounded half to even and clipped."""
    upper: Array = array >> 32
    lower = array & 0xFFFFFFFF
    upper += (lower > _HALF) | ((lower == _HALF) & ((upper & 1) == 1))
    return np.minimum(upper, 2**31 - 1).astype("int32", copy=False)


def native(array: Array) -> tuple[Array, Format]:
    """Return samples as C takes them, C-contiguous, and their format; copied only if needed."""
    plain = array.dtype
    if plain not in _BY_DTYPE:
        plain = plain.newbyteorder("=")
    code = _BY_DTYPE[plain]
    result = np.ascontiguousarray(array, plain)
    is_int64 = code == Format.I32 and plain.itemsize == 8
    return (_upper_half(result) if is_int64 else result), code


def native_dtype(kind: SampleType) -> np.dtype[Any]:
    """Return what C has samples of a type in."""
    return _DTYPES[kind.code]


def from_native(array: Array, wanted: SampleType) -> Array:
    """Return what C gave in the format of a sample type, as that type."""
    return array.astype("int64") << 32 if wanted.name == "i64" else array


def _known(name: str, array: Array) -> Array:
    """Return an array as one of a known dtype, or refuse it."""
    plain = array.dtype.newbyteorder("=")
    if plain in _BY_DTYPE:
        return array
    if plain.kind == "f":
        with np.errstate(over="ignore"):
            return array.astype("float32" if plain.itemsize <= 4 else "float64")
    raise ArgumentError(
        f"{name} has dtype {array.dtype.name}; it must be floats, or one of "
        + ", ".join(str(dtype) for dtype in _BY_DTYPE if dtype.kind in "iu")
    )


def _by_value(name: str, array: Array, wanted: SampleType) -> Array:
    """Return Python's integers, which have no full scale, in a type of integers."""
    if wanted.dtype.kind == "f":
        raise ArgumentTypeError(
            f"{name} is a list of ints, whose full scale is not known; for {wanted.name} it must "
            "be floats, or an array of a type of integers"
        )
    result = array.astype(wanted.dtype)
    if not np.array_equal(result, array):
        raise ArgumentError(
            f"{name} has numbers from {array.min()} to {array.max()} in it, which do not all fit "
            f"into {wanted.name}"
        )
    return result


def scaled(name: str, data: Any, wanted: SampleType, strict: bool) -> Array:
    """Return data as an array of a sample type, scaled if it is of another; not always a copy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Not numbers, or of a dtype that is not known, or of another than wanted if `strict`.
    """
    if type(data) is np.ndarray and data.dtype == wanted.dtype:
        return data
    array = numbers_of(name, data)
    plain = array.dtype.newbyteorder("=")
    if plain == wanted.dtype:
        return array.astype(plain, copy=False)
    if array.size == 0 and not isinstance(data, np.ndarray):
        return array.astype(wanted.dtype)
    if strict:
        raise ArgumentError(
            f"{name} has dtype {array.dtype.name}; it must be {wanted.dtype.name}, "
            f"as the format is {wanted.name}"
        )
    if isinstance(data, (list, tuple, range)) and plain.kind in "iu":
        return _by_value(name, array, wanted)
    source, code = native(_known(name, array))
    if code != wanted.code:
        result = np.empty(source.shape, _DTYPES[wanted.code])
        check(
            lib.pst_convert(
                address(result), wanted.code, address(source), code, source.size, ffi.NULL
            )
        )
        source = result
    return from_native(source, wanted)
