# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Read the frame numbers out of samples that a counter played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

COUNTER_BITS = 24
PERIOD = 1 << COUNTER_BITS


def ramp(n_frames: int, first: int = 0) -> NDArray[np.float32]:
    """Return samples that say their own number, as the counters play them."""
    numbers = (np.arange(first, first + n_frames) % PERIOD).astype(np.float64)
    return (numbers / PERIOD).astype(np.float32)


def numbers(samples: NDArray[Any]) -> NDArray[np.int64]:
    """Return the frame number that each float sample of a counter stands for."""
    exact = np.asarray(samples, np.float64) * PERIOD
    rounded = np.rint(exact)
    if not np.array_equal(exact, rounded):
        raise AssertionError("samples that no counter played: they are not whole numbers / 2**24")
    return rounded.astype(np.int64)


@dataclass
class Continuity:
    """What became of a counter on its way.

    Attributes
    ----------
    silent_start : int
        Zeros before the first number: frames from before a connection was made.
    n_frames : int
        Frames from there on.
    first : int
        The first number.
    lost, doubled : int
        Numbers left out, and numbers that came again.
    breaks : list
        (index, step) of each frame that is not its predecessor plus one; at most the first 100.
    """

    silent_start: int = 0
    n_frames: int = 0
    first: int = 0
    lost: int = 0
    doubled: int = 0
    breaks: list[tuple[int, int]] = field(default_factory=list)


def continuity(samples: NDArray[Any]) -> Continuity:
    """Judge one channel of a recorded counter."""
    found = numbers(samples)
    heard = np.flatnonzero(found)
    if heard.size == 0:
        return Continuity(silent_start=len(found))
    start = int(heard[0])
    found = found[start:]
    steps = np.diff(found)
    # Steps count modulo the period, so that its end is none, and a step back is a small number.
    steps = (steps + PERIOD // 2) % PERIOD - PERIOD // 2
    places = np.flatnonzero(steps != 1)
    return Continuity(
        silent_start=start,
        n_frames=len(found),
        first=int(found[0]),
        lost=int(np.sum(steps[places][steps[places] > 1] - 1)),
        doubled=int(np.sum(1 - steps[places][steps[places] < 1])),
        breaks=[(int(start + at + 1), int(steps[at])) for at in places[:100]],
    )
