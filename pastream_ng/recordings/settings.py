# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From the arguments of a recording to what C wants to know."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal

from pastream_ng._checks import flag, integer, real, shown
from pastream_ng._native import ffi, lib
from pastream_ng.enums import Trigger
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["make_take"]

_DECIBELS = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*dB\s*", re.IGNORECASE)


def make_take(
    channels: int,
    capacity: int,
    frames: int | None,
    at: int | None,
    time: float | None,
    pre_roll: int,
    trigger: float | str | None,
    trigger_channels: int | Sequence[int] | None,
    release: int | None,
    retrigger: bool,
    gaps: Literal["silence", "skip"],
) -> tuple[Any, Any]:
    """Check the arguments of ``recording``; return a ``pst_take *`` and what must outlive it."""
    take = ffi.new("pst_take *")
    lib.pst_take_default(take)
    if frames is not None:
        take.total_frames = integer("frames", frames, 1, unit="frames")
    if at is not None and time is not None:
        raise ArgumentTypeError("at and time are both given; at most one of them can be")
    if at is not None:
        take.start_frame = integer("at", at, 0, unit="frames")
    if time is not None:
        take.start_time_s = real("time", time, 1e-9, 1e12, "seconds of time.monotonic()")
    kind, level = _trigger(trigger)
    take.trigger, take.level = kind, level
    watched = _watched(trigger_channels, kind, channels)
    if watched is not None:
        take.n_watched, take.watched = len(watched), watched
    take.pre_roll_frames = _pre_roll(pre_roll, capacity)
    if pre_roll and kind == Trigger.NONE and (at is not None or time is not None):
        name = "time" if at is None else "at"
        raise ArgumentError(
            f"pre_roll is {pre_roll}; with {name} it needs a trigger: begin earlier instead"
        )
    if release is not None:
        take.release_frames = integer("release", release, 1, unit="frames")
        if kind != Trigger.LEVEL:
            raise ArgumentError(f"release is {release}; it needs a level as trigger")
    if flag("retrigger", retrigger):
        if kind == Trigger.NONE:
            raise ArgumentError(f"retrigger is {shown(retrigger)}; it needs a trigger")
        if frames is None and release is None:
            raise ArgumentError(
                f"retrigger is {shown(retrigger)}; it needs frames or release, to end a segment"
            )
        take.retrigger = True
    if not isinstance(gaps, str) or gaps not in ("silence", "skip"):
        raise ArgumentError(f'gaps is {shown(gaps)}; it must be one of "silence", "skip"')
    take.leave_gaps_out = gaps == "skip"
    return take, watched


def _pre_roll(value: Any, capacity: int) -> int:
    count = integer("pre_roll", value, 0, unit="frames")
    if count > capacity // 2:
        raise ArgumentError(
            f"pre_roll is {count}; it must be at most {capacity // 2} frames, half of the stream's "
            "ring: open the stream with a larger buffersize"
        )
    return count


def _trigger(value: Any) -> tuple[Trigger, float]:
    """Return what triggers, and the level as a fraction of full scale."""
    if value is None:
        return Trigger.NONE, 0.0
    if isinstance(value, str):
        if value.lower() == "call":
            return Trigger.CALL, 0.0
        match = _DECIBELS.fullmatch(value)
        if match is None:
            raise ArgumentError(
                f'trigger is {shown(value)}; it must be a level from 0 to 1, one like "-20 dB", or '
                '"call"'
            )
        level = 10.0 ** (float(match[1]) / 20.0)
    elif isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f'trigger is {shown(value)}; it must be a level from 0 to 1, one like "-20 dB", or '
            '"call"'
        )
    else:
        level = real("trigger", value, 0.0, 1.0, "of full scale")
    if not 0.0 < level <= 1.0:
        raise ArgumentError(
            f"trigger is {shown(value)}; it must be more than 0 and at most 1, which is full scale"
        )
    return Trigger.LEVEL, level


def _watched(value: Any, kind: Trigger, channels: int) -> Any:
    """Return the channels to listen to as ``uint32_t[]``, None for all of them."""
    if value is None:
        return None
    if kind != Trigger.LEVEL:
        raise ArgumentError(f"trigger_channels is {shown(value)}; it needs a level as trigger")
    try:
        items = [operator.index(value)]
    except TypeError:
        try:
            items = list(value)
        except TypeError:
            raise ArgumentTypeError(
                f"trigger_channels is {shown(value)}; it must be a channel or a list of channels"
            ) from None
    if not items:
        raise ArgumentError("trigger_channels is empty; it must name at least one channel")
    if len(items) > channels:
        raise ArgumentError(
            f"trigger_channels is {shown(value)}; the stream has {channels} channels"
        )
    return ffi.new(
        "uint32_t[]", [integer("trigger_channels", item, 0, channels - 1) for item in items]
    )
