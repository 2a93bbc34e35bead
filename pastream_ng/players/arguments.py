# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the arguments of a player mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import integer, real, shown
from pastream_ng._native import lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from pastream_ng.files.soundfile import SoundFile
    from pastream_ng.streams.base import StreamBase

__all__ = [
    "channels_of",
    "close_files",
    "dtype_for",
    "duration_of",
    "frame_of",
    "gain_of",
    "make_gain",
    "passes_of",
]

_FOR_EVER = -1
_RAMP_S = 0.01  # Of changes of the gain.
_MOST_GAIN = 1000.0


def passes_of(loop: Any) -> int:
    """Return how often to play all, -1 for ever."""
    if isinstance(loop, bool):
        return _FOR_EVER if loop else 1
    return integer("loop", loop, 1, unit="passes, or a bool")


def gain_of(value: Any) -> float:
    """Return a gain."""
    return real("gain", value, 0.0, _MOST_GAIN, "(1: as it is)")


def duration_of(file: SoundFile) -> float | None:
    """Return the length of a file in seconds, None if that is not known."""
    return None if file.frames < 0 else file.frames / file.samplerate


def frame_of(name: str, value: Any, file: SoundFile, least: int) -> int:
    """Return the frame of a file at a time."""
    time = real(name, value, -math.inf, math.inf, "seconds")
    frame = round(min(max(time, -1.0), 1e12) * file.samplerate)
    if time < 0 or frame < least or 0 <= file.frames < frame:
        most = "" if file.frames < 0 else f" to {file.frames / file.samplerate:g}"
        raise ArgumentError(
            f"{name} is {shown(value)}; it must be from {least / file.samplerate:g}{most} seconds, "
            f"in {file.name!r}"
        )
    return frame


def dtype_for(files: list[SoundFile]) -> str:
    """Return what holds the samples of all files as they are."""
    wide = {file.subtype == "DOUBLE" for file in files}
    integers = {file.subtype != "FLOAT" and (file.bits or 0) > 24 for file in files}
    if True in wide:
        return "float64"
    if integers == {True}:
        return "int32"
    return "float64" if True in integers else "float32"


def channels_of(stream: StreamBase) -> int:
    """Return the channels of a stream's output."""
    assert stream._output is not None
    return stream._output.channels


def make_gain(code: int, channels: int, rate: float, gain: float) -> Any:
    """Return a ``pst_stage **`` that makes a gain."""
    made, err = owner("pst_stage *", lib.pst_stage_destroy), new_error()
    ramp = min(round(rate * _RAMP_S), 1_000_000)
    check(lib.pst_stage_gain(made, code, channels, gain, ramp, err), err)
    return made


def close_files(files: list[SoundFile]) -> None:
    """Close files that nobody has in use."""
    for file in files:
        if not file.closed and not file._is_lent():
            file.close()
