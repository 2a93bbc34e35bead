# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a run is judged by, and how its wake-ups are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Faults", "Outcome", "Quantiles", "WakeUps"]


@dataclass(frozen=True)
class Quantiles:
    """Wake-up latencies of a run, in seconds; None where nothing could be measured."""

    count: int
    p50_s: float | None
    p99_s: float | None


@dataclass(frozen=True)
class Outcome:
    """One run. All counts are frames, except ``xruns``."""

    name: str
    how: str
    expected: int
    captured: int
    lost: int
    xruns: int
    longest_hold_s: float
    wakeups: Quantiles


@dataclass(frozen=True)
class Faults:
    """What was wrong with a run of ours. All counts are frames."""

    lost_by_host: int  # Of the frames lost, those that the device or its host lost.
    output_missing: int  # Not there when the device wanted to play them.
    differing: int | None  # Came back changed; None where that cannot be known.


@dataclass
class WakeUps:
    """Collects when each chunk was asked for, when it was there, and when Python had it.

    A wake-up is worth measuring if the loop was already waiting when the chunk's last frame came,
    and if the GIL was free from then on until the loop ran. All other chunks say how long Python
    was busy, not how long it takes to wake it.
    """

    samples: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, asked: float, ready: float, woke: float) -> None:
        """Note one chunk; all times are in seconds of ``time.monotonic()``."""
        self.samples.append((asked, ready, woke))

    def quantiles(self, holds: Sequence[tuple[float, float]]) -> Quantiles:
        """Return median and 99th percentile over the wake-ups that no hold of the GIL touches."""
        if not self.samples:
            return Quantiles(0, None, None)
        asked, ready, woke = np.array(self.samples).T
        good = ready > asked
        for start, end in holds:
            good &= (woke < start) | (ready > end)
        latency = (woke - ready)[good]
        if not len(latency):
            return Quantiles(0, None, None)
        p50, p99 = np.percentile(latency, [50, 99])
        return Quantiles(len(latency), float(p50), float(p99))
