# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What each option of a transcoding may be: checked by itself, in the form that is kept."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import choice, flag, integer, real, shown, whole
from pastream_ng.enums import BitrateMode, Dither, ResampleQuality
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.damage import check_on_damage
from pastream_ng.files.kinds import named
from pastream_ng.files.reader import AudioFileReader
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.tags import Tags
from pastream_ng.files.writer import AudioFileWriter
from pastream_ng.packets.audio_format import check_format
from pastream_ng.transcoding.names import codec_name, sample_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum

    from pastream_ng.graph.effect import GraphEffect

__all__ = ["DEFAULTS", "OPTIONS", "checked", "is_path"]

#: What holds where an option is not given; all others are left open.
DEFAULTS: dict[str, Any] = {
    "overwrite": False,
    "start_time": 0.0,
    "resample_quality": "best",
    "keep_tags": True,
    "threads": 1,
    "on_damage": "warn",
}
_MOST_SECONDS = 1e9
_MOST_CHANNELS = 256


def is_path(value: Any) -> bool:
    """Whether an end is told by its path."""
    return isinstance(value, (str, bytes, os.PathLike))


def _end(name: str, value: Any, method: str, others: str) -> Any:
    """Return a path as a text or bytes, and everything else that is a place as it is."""
    if is_path(value):
        path = os.fspath(value)
        if b"\0" in os.fsencode(path):
            raise ArgumentError(f"{name} is {shown(path)}; a path cannot have NUL in it")
        return path
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(name, value, 0, 2**31 - 1)
    if isinstance(value, (SoundFile, AudioFileReader, AudioFileWriter)):
        raise ArgumentTypeError(
            f"{name} is {shown(value)}, which is sound already; give the file that it is of"
        )
    if isinstance(value, io.TextIOBase):
        raise ArgumentTypeError(
            f"{name} is {shown(value)}, which holds text; it must be open in binary mode"
        )
    if hasattr(value, method):
        return value
    raise ArgumentTypeError(
        f"{name} is {shown(value)} of type {type(value).__name__}; it must be a path, a file "
        f"descriptor, {others}"
    )


def _input(name: str, value: Any) -> Any:
    if isinstance(value, (bytearray, memoryview)):
        if not memoryview(value).c_contiguous:
            raise ArgumentError(f"{name} is {shown(value)}, which is not contiguous; copy it")
        return value
    others = "memory, or a binary file object that can read"
    return _end(name, value, "read", others)


def _output(name: str, value: Any) -> Any:
    return _end(name, value, "write", "or a binary file object that can write")


def _format(name: str, value: Any) -> str:
    named(value)
    return str(value).upper()


def _number(low: int, high: int, unit: str = "") -> Callable[[str, Any], int]:
    return lambda name, value: integer(name, whole(value), low, high, unit)


def _seconds(name: str, value: Any) -> float:
    return real(name, value, 0.0, _MOST_SECONDS, "seconds")


def _one_of(kind: type[IntEnum]) -> Callable[[str, Any], str]:
    return lambda name, value: choice(name, value, kind).name.lower()


def _channel_map(name: str, value: Any) -> tuple[Any, ...]:
    """Return the input channel of each channel, or a row of gains for each."""
    wanted = (
        "it must be a list with the channel of the input for each channel of the output, counted "
        "from 1 (0: silence), or a matrix of gains, (output, input) channels"
    )
    try:
        array = np.asarray(value)
    except ValueError as error:  # Ragged lists.
        raise ArgumentError(f"{name} cannot become an array: {error}; {wanted}") from None
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
        raise ArgumentTypeError(f"{name} is {shown(value)}; {wanted}")
    if not all(1 <= length <= _MOST_CHANNELS for length in array.shape):
        raise ArgumentError(
            f"{name} has shape {array.shape}; each length must be from 1 to {_MOST_CHANNELS}"
        )
    if array.ndim == 1:
        if array.dtype.kind == "f":
            raise ArgumentTypeError(f"{name} is {shown(value)}; {wanted}")
        return tuple(integer(name, int(n), 0, _MOST_CHANNELS, "as a channel") for n in array)
    with np.errstate(over="ignore"):
        gains = array.astype("float32")
    if not np.isfinite(gains).all():
        raise ArgumentError(f"{name} is {shown(value)}; its gains must be finite")
    return tuple(tuple(float(gain) for gain in row) for row in array)


def _on_damage(name: str, value: Any) -> str:
    check_on_damage(value)
    return str(value)


def _effect(name: str, value: Any) -> GraphEffect:
    from pastream_ng.graph.effect import check_effect

    return check_effect(name, value)


def _flag(name: str, value: Any) -> bool:
    return flag(name, value)


#: The options in the order in which they are told, each with its check.
OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "input": _input,
    "output": _output,
    "audio_codec": codec_name,
    "audio_bitrate": _number(1, 2**31 - 1, "bits a second"),
    "overwrite": _flag,
    "format": _format,
    "sample_rate": _number(1, 1_000_000, "Hz"),
    "channels": _number(1, _MOST_CHANNELS),
    "channel_map": _channel_map,
    "effect": _effect,
    "sample_format": sample_name,
    "bitrate_mode": _one_of(BitrateMode),
    "quality": lambda name, value: real(name, value, 0.0, 1.0, "(smallest to best)"),
    "compression": _number(0, 100),
    "dither": _one_of(Dither),
    "start_time": _seconds,
    "duration": _seconds,
    "resample_quality": _one_of(ResampleQuality),
    "tags": lambda name, value: Tags(value),
    "keep_tags": _flag,
    "threads": _number(1, 64),
    "max_duration": _seconds,
    "max_size": _number(0, 2**62, "bytes"),
    "on_damage": _on_damage,
    "input_format": check_format,
}


def checked(name: str, value: Any) -> Any:
    """Return the value of an option in the form that is kept."""
    return OPTIONS[name](name, value)
