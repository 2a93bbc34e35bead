# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Memory between C and NumPy: ring memory as arrays, and the checks of arrays from users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check
from pastream_ng.enums import Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pastream_ng.formats import SampleFormat

    Array: TypeAlias = NDArray[Any]

__all__ = ["address", "frames_of", "memory_of", "numbers_of", "over_memory", "target_of"]

# The name of a field in a format of the buffer protocol, which may be of any letters.
_FIELD = re.compile(":[^:]*:")


def over_memory(memory: Any, n_bytes: int, dtype: str | np.dtype[Any], channels: int) -> Array:
    """Return an array (frames, channels) over C memory, which it keeps alive through `memory`."""
    frame_bytes = np.dtype(dtype).itemsize * channels
    shape = (n_bytes // frame_bytes, channels)
    return np.ndarray(shape, dtype, ffi.buffer(memory, n_bytes))


def address(array: Any) -> Any:
    """Return the address of a contiguous buffer; it is valid while the result lives."""
    return ffi.from_buffer(array)


def numbers_of(name: str, data: Any) -> Array:
    """Return data as an array of real numbers, of whatever type.

    Raises
    ------
    ArgumentError
        Lists of different lengths.
    ArgumentTypeError
        Not numbers: also bools and complex ones.
    """
    try:
        array = np.asarray(data)
    except ValueError as error:  # Ragged lists.
        raise ArgumentError(f"{name} cannot become an array: {error}") from None
    if array.dtype.kind not in "fiu":
        raise ArgumentTypeError(
            f"{name} is {shown(data)} with dtype {array.dtype.name}; it must hold numbers"
        )
    return array


def _check_shape(name: str, array: Array, channels: int) -> None:
    shape = f"(frames, {channels})" + (" or (frames,)" if channels == 1 else "")
    if array.ndim not in (1, 2) or (array.ndim == 1 and channels != 1):
        raise ArgumentError(f"{name} has shape {array.shape}; it must be {shape}")
    if array.ndim == 2 and array.shape[1] != channels:
        raise ArgumentError(
            f"{name} has shape {array.shape}: {array.shape[1]} channels; it must be {shape}"
        )


def frames_of(name: str, data: Any, form: SampleFormat, channels: int) -> Array:
    """Return `data` as a C-contiguous array (frames, channels) of a format.

    Floats of any width are converted, and byte order and strides are put right; arrays of integers
    must have the format's own type, because their scale is not known otherwise. Integers in lists
    are taken by value. What fits already is not copied.

    Raises
    ------
    ArgumentError
        Wrong shape, channel count or dtype.
    ArgumentTypeError
        Not numbers.
    """
    wanted = np.dtype(form.dtype)
    if (
        type(data) is np.ndarray
        and data.dtype == wanted
        and data.ndim == 2
        and data.shape[1] == channels
        and data.flags.c_contiguous
    ):
        return data
    array = numbers_of(name, data)
    _check_shape(name, array, channels)
    if array.dtype.newbyteorder("=") != wanted:
        if array.dtype.kind == wanted.kind == "f":
            array = _converted(array, form.code)
        elif isinstance(data, (list, tuple, range)) and array.dtype.kind in "iu":
            array = _numbers(name, array, wanted)
        else:
            raise ArgumentError(
                f"{name} has dtype {array.dtype.name}; it must be {wanted.name}"
                + (", or floats of another width" if wanted.kind == "f" else "")
            )
    return np.ascontiguousarray(array, wanted).reshape(-1, channels)


def _numbers(name: str, array: Array, wanted: np.dtype[Any]) -> Array:
    """Return Python's integers, which have no width of their own, in the wanted type."""
    result = array.astype(wanted)
    if not np.array_equal(result, array):
        raise ArgumentError(
            f"{name} has numbers from {array.min()} to {array.max()} in it, which do not all fit "
            f"into {wanted.name}"
        )
    return result


def _converted(array: Array, code: Format) -> Array:
    """Return floats in another width; NaN and infinities become 0."""
    source_code = Format.F32 if array.dtype.itemsize <= 4 else Format.F64
    source = np.ascontiguousarray(array, "float32" if source_code == Format.F32 else "float64")
    if source_code == code:
        return source
    result = np.empty(source.shape, "float32" if code == Format.F32 else "float64")
    check(
        lib.pst_convert(address(result), code, address(source), source_code, source.size, ffi.NULL)
    )
    return result


def memory_of(name: str, data: Any) -> memoryview:
    """Return the memory of an object as it lies, which must be C-contiguous.

    Bytes are copied from it and, unless it is read-only, to it: it must not hold references to
    Python objects, which array(dtype=object) does.
    """
    try:
        view = memoryview(data)
    except (TypeError, ValueError):  # NumPy has dtypes that the buffer protocol does not know.
        raise ArgumentTypeError(
            f"{name} is {shown(data)} of type {type(data).__name__}; it must be bytes, an array of "
            "numbers, or another object with memory"
        ) from None
    if not view.c_contiguous:
        raise ArgumentError(f"{name} is not C-contiguous; it must be")
    if "O" in _FIELD.sub("", view.format):
        raise ArgumentTypeError(f"{name} holds Python objects; it must hold numbers or bytes")
    return view


def target_of(name: str, out: Any, form: SampleFormat, channels: int) -> Array:
    """Return `out` as an array (frames, channels) that C may write into, sharing its memory.

    Raises
    ------
    ArgumentError
        Wrong shape, channel count or dtype, read-only, or not C-contiguous.
    ArgumentTypeError
        Not an array.
    """
    if not isinstance(out, np.ndarray):
        raise ArgumentTypeError(
            f"{name} is {shown(out)} of type {type(out).__name__}; it must be a numpy array"
        )
    if out.dtype != np.dtype(form.dtype):
        raise ArgumentError(
            f"{name} has dtype {out.dtype.str} ({out.dtype.name}); it must be {form.dtype}"
        )
    _check_shape(name, out, channels)
    if not out.flags.writeable:
        raise ArgumentError(f"{name} is read-only; it must be writable")
    if not out.flags.c_contiguous:
        raise ArgumentError(
            f"{name} is not C-contiguous (strides {out.strides}); it must be, "
            "for example numpy.empty(shape)"
        )
    return out.reshape(-1, channels)
