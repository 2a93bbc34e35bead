# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The arguments of voices: lengths, moments, loops and channels, as C wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pastream_ng._checks import choice, flag, integer, real, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check
from pastream_ng.enums import Curve, Direction, Format
from pastream_ng.errors import ArgumentError, ArgumentTypeError, OutOfMemoryError
from pastream_ng.streams.arrays import playable
from pastream_ng.streams.mapping import channel_map

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = [
    "Length",
    "fill_loop",
    "fill_moment",
    "fill_ramp",
    "gain_of",
    "length",
    "routes",
    "sound",
]

#: A length or a place in the data: an int is frames, a float is seconds.
Length: TypeAlias = int | float

_MOST_FRAMES = 2**48
_MOST_GAIN = 1e6


def length(name: str, value: Any, samplerate: float) -> int:
    """Return a length in frames: an int is frames, a float is seconds."""
    if isinstance(value, (float, np.floating)):
        return round(real(name, float(value), 0.0, 1e8, "seconds") * samplerate)
    return integer(name, value, 0, _MOST_FRAMES, "frames")


def gain_of(name: str, value: Any) -> float:
    """Return a gain, which is a factor."""
    return real(name, value, 0.0, _MOST_GAIN, "as a factor (1 changes nothing)")


def fill_moment(target: Any, at: Any, time: Any, allow_belated: Any) -> None:
    """Fill in a ``pst_moment`` from ``at``, a frame, or ``time``, in seconds; neither is now."""
    if at is not None and time is not None:
        raise ArgumentError(f"at is {shown(at)} and time is {shown(time)}; give one of them")
    target.frame = -1 if at is None else integer("at", at, 0, _MOST_FRAMES, "frames")
    target.time_s = -1.0 if time is None else real("time", time, 0.0, 9e9, "seconds")
    target.allow_belated = flag("allow_belated", allow_belated)


def fill_ramp(command: Any, name: str, duration: Any, curve: Any, samplerate: float) -> None:
    """Fill in how long a ramp of a ``pst_command`` is, and its shape."""
    command.ramp_frames = length(name, duration, samplerate)
    command.curve = choice("curve", curve, Curve)


def fill_loop(
    target: Any,
    loop: Any,
    repeats: Any,
    crossfade: Any,
    frames: int,
    samplerate: float,
    name: str = "crossfade",
) -> None:
    """Fill in a ``pst_loop`` for data of so many frames; `name` is that of `crossfade`."""
    if repeats is None:
        target.n_repeats = 0 if loop is False else -1
    else:
        target.n_repeats = integer("repeats", repeats, 0)
    start, end = _ends(loop, samplerate)
    if end > frames:
        raise ArgumentError(f"loop is {shown(loop)}; data has {frames} frames")
    if (end >= 0 and start >= end) or start >= frames:
        raise ArgumentError(f"loop is {shown(loop)}; its end must lie behind its start")
    target.start_frame, target.end_frame = start, end
    fade = length(name, crossfade, samplerate)
    span = (frames if end < 0 else end) - start
    most = span if start >= fade else span // 2
    if target.n_repeats != 0 and fade > most:
        raise ArgumentError(
            f"{name} is {shown(crossfade)}, that is {fade} frames; for a loop of {span} frames "
            f"with {start} frames before it, it can be {max(min(start, span), span // 2)} at most"
        )
    target.crossfade_frames = fade


def _ends(loop: Any, samplerate: float) -> tuple[int, int]:
    """Return the first frame of a loop and the first behind it, -1 for the end of the data."""
    if isinstance(loop, (bool, np.bool_)):
        return 0, -1
    if not isinstance(loop, (tuple, list)):
        raise ArgumentTypeError(f"loop is {shown(loop)}; it must be a bool or a pair (start, end)")
    if len(loop) != 2:
        raise ArgumentError(f"loop is {shown(loop)}; as a pair it has two items, (start, end)")
    start = length("the start of loop", loop[0], samplerate)
    return start, -1 if loop[1] is None else length("the end of loop", loop[1], samplerate)


def sound(data: Any, dtype: Any = None) -> Array:
    """Return data to be heard as float32 (frames, channels); float32 arrays are not copied."""
    frames, form = playable(data, dtype)
    if form.code == Format.F32:
        return frames
    try:
        result = np.empty(frames.shape, "float32")
    except MemoryError:
        raise OutOfMemoryError(
            f"data has shape {frames.shape}; that does not fit into memory as float32"
        ) from None
    check(
        lib.pst_convert(
            address(result), Format.F32, address(frames), form.code, frames.size, ffi.NULL
        )
    )
    return result


def routes(mapping: Any, inputs: int, outputs: int) -> Array | None:
    """Return the gains (outputs, inputs) of a mapping, or None where none are needed."""
    if mapping is None:
        if inputs not in (1, outputs):
            raise ArgumentError(
                f"data has {inputs} channels; it must have {outputs}, as the mixer, or 1, or there "
                "must be a mapping"
            )
        return None
    plan = channel_map("mapping", mapping, inputs, Direction.OUTPUT)
    if plan.device_channels > outputs:
        raise ArgumentError(
            f"mapping needs channel {plan.device_channels}; the mixer has {outputs} channels"
        )
    if np.ndim(mapping) == 2 and plan.device_channels < outputs:
        raise ArgumentError(
            f"mapping has shape {plan.gains.shape}; it must have a row for each of the mixer's "
            f"{outputs} channels"
        )
    gains = np.zeros((outputs, inputs), "float32")
    gains[: plan.device_channels] = plan.gains
    return gains
