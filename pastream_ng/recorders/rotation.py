# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""When one file ends and the next begins, and what they are called."""

from __future__ import annotations

import os
import re
from numbers import Real
from typing import Any, NamedTuple

from pastream_ng._checks import integer, real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["Names", "Rotation", "frames_of_time", "names_for", "rotation_of"]

_NUMBER = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([A-Za-z]+)\s*")
_SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_BYTES.update({"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40})
_FIELD = re.compile(r"\{(?:index|time)(?::[^}]*)?\}")
_MOST_SECONDS = 1e9


class Rotation(NamedTuple):
    """How long a file may become; -1: as long as it likes."""

    frames: int = -1
    bytes: int = -1
    by_segment: bool = False

    @property
    def is_on(self) -> bool:
        """Whether files follow each other by themselves."""
        return self.frames > 0 or self.bytes > 0 or self.by_segment


class Names(NamedTuple):
    """Templates of the first file's name and of the others', as C takes them."""

    first: bytes
    next: bytes


def _measure(text: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    return (float(match[1]), match[2].lower()) if match else (0.0, "")


def frames_of_time(name: str, value: Any, samplerate: float) -> int:
    """Return frames that were given as such, or as a time such as "5s"."""
    if not isinstance(value, str):
        return integer(name, value, 0, unit='frames, or a time such as "5s"')
    number, unit = _measure(value)
    if unit not in _SECONDS:
        raise ArgumentError(
            f"{name} is {shown(value)}; it must be frames, or a time such as "
            '"500ms", "5s", "30min" or "1h"'
        )
    return round(real(name, number * _SECONDS[unit], 0.0, _MOST_SECONDS, "seconds") * samplerate)


def rotation_of(rotate: Any, rotate_frames: Any, samplerate: float) -> Rotation:
    """Return what ``rotate`` and ``rotate_frames`` of a recorder mean."""
    if rotate is not None and rotate_frames is not None:
        raise ArgumentTypeError(
            f"rotate is {shown(rotate)} and rotate_frames {shown(rotate_frames)}; give one of them"
        )
    if rotate_frames is not None:
        return Rotation(frames=integer("rotate_frames", rotate_frames, 1, unit="frames"))
    if rotate is None:
        return Rotation()
    wanted = (
        'it must be seconds, a time such as "1h", "30min" or "10s", a size such as "500MB", or '
        '"segment"'
    )
    if isinstance(rotate, str):
        if rotate.strip().lower() == "segment":
            return Rotation(by_segment=True)
        number, unit = _measure(rotate)
        if unit in _BYTES and number > 0:
            return Rotation(bytes=integer("rotate", int(number * _BYTES[unit]), 1))
        if unit not in _SECONDS:
            raise ArgumentError(f"rotate is {shown(rotate)}; {wanted}")
        seconds = number * _SECONDS[unit]
    elif isinstance(rotate, bool) or not isinstance(rotate, Real):
        raise ArgumentTypeError(f"rotate is {shown(rotate)}; {wanted}")
    else:
        seconds = float(rotate)
    frames = round(seconds * samplerate) if 0.0 < seconds <= _MOST_SECONDS else 0
    if frames < 1:
        raise ArgumentError(
            f"rotate is {shown(rotate)}; it must be at least one frame, and at most "
            f"{_MOST_SECONDS:g} seconds"
        )
    return Rotation(frames=frames)


def names_for(file: Any, rotation: Rotation) -> Names:
    """Return the templates for a path; those that say nothing about numbers get some."""
    path = os.fsencode(file)
    if not path or b"\0" in path:
        what = "empty" if not path else "one with NUL in it"
        raise ArgumentError(f"file is {shown(file)}; a path cannot be {what}")
    if _FIELD.search(os.fsdecode(path)):
        return Names(path, path)
    root, extension = os.path.splitext(path)
    numbered = root + b"-{index:4}" + extension
    return Names(numbered if rotation.is_on else path, numbered)
