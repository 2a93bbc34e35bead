# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What nodes tell about the sound that they have heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import new_error
from pastream_ng.graph.failures import check

if TYPE_CHECKING:
    from pastream_ng.graph.core import CoreNode

__all__ = [
    "CAPTURES",
    "analyser_decibel_bytes",
    "analyser_decibels",
    "analyser_sound",
    "analyser_sound_bytes",
    "compressor_reduction",
]

_MAX_FRAMES = int(lib.PST_ANALYSER_MAX_FRAMES)

Capture = Callable[["CoreNode"], "np.ndarray[Any, Any]"]


def _read(function: Any, ctype: str, dtype: type, node: CoreNode) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = np.empty(_MAX_FRAMES, dtype=dtype)
    n, err = ffi.new("uint32_t *", _MAX_FRAMES), new_error()
    check(function(node.pointer, ffi.from_buffer(ctype, values), n, err), err)
    return values[: n[0]].copy()


def analyser_decibels(node: CoreNode) -> np.ndarray[Any, Any]:
    """Return an analyser's spectrum in decibels, as float32."""
    return _read(lib.pst_analyser_read_decibels, "float[]", np.float32, node)


def analyser_decibel_bytes(node: CoreNode) -> np.ndarray[Any, Any]:
    """Return an analyser's spectrum as bytes, between its two limits."""
    return _read(lib.pst_analyser_read_decibel_bytes, "uint8_t[]", np.uint8, node)


def analyser_sound(node: CoreNode) -> np.ndarray[Any, Any]:
    """Return the last frames that an analyser has heard, as float32."""
    return _read(lib.pst_analyser_read_sound, "float[]", np.float32, node)


def analyser_sound_bytes(node: CoreNode) -> np.ndarray[Any, Any]:
    """Return the last frames that an analyser has heard, as bytes: silence is 128."""
    return _read(lib.pst_analyser_read_sound_bytes, "uint8_t[]", np.uint8, node)


def compressor_reduction(node: CoreNode) -> np.ndarray[Any, Any]:
    """Return by how many decibels a compressor turns down, as an array of one float32."""
    reduction, err = ffi.new("float *"), new_error()
    check(lib.pst_compressor_read_reduction(node.pointer, reduction, err), err)
    return np.array([reduction[0]], dtype=np.float32)


#: What a description can ask of a node: by the names of the format ``audiograph/1``.
CAPTURES: Mapping[str, Capture] = {
    "float_frequency_data": analyser_decibels,
    "byte_frequency_data": analyser_decibel_bytes,
    "float_time_domain_data": analyser_sound,
    "byte_time_domain_data": analyser_sound_bytes,
    "reduction": compressor_reduction,
}
