# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""When a stream's callbacks came, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import real
from pastream_ng._native import ffi, lib

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["CallbackTiming", "Distribution", "timing_of"]


@dataclass(frozen=True, eq=False)
class Distribution:
    """How a ratio was distributed.

    Attributes
    ----------
    count : int
        How many were measured. Without any, all else is 0.
    min, max, mean, deviation : float
        Exact; `deviation` is the standard deviation.
    edges : numpy.ndarray
        Where the bins begin, and where the last one ends, rising: 0, then eight bins of equal width
        per octave from 2**-12 to 2**8, then infinity. Shape (163,).
    counts : numpy.ndarray
        How many fell into each bin, int64. Shape (162,).
    """

    count: int
    min: float
    max: float
    mean: float
    deviation: float
    edges: Array = field(repr=False)
    counts: Array = field(repr=False)

    def percentile(self, q: float) -> float:
        """Return the value that `q` percent did not exceed, to the width of a bin.

        Parameters
        ----------
        q : float
            From 0 to 100.

        Returns
        -------
        float
            Never outside `min` and `max`; nan if nothing was measured.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            `q` is not as described above.
        """
        share = real("q", q, 0.0, 100.0, "percent") / 100.0
        if not self.count:
            return float("nan")
        reached = np.concatenate(([0], np.cumsum(self.counts)))
        wanted = share * float(reached[-1])
        # The bin in which that many are reached, and how far into it.
        at = max(int(np.searchsorted(reached, wanted, side="left")) - 1, 0)
        low, high = np.clip(self.edges[at : at + 2], self.min, self.max)
        within = (wanted - float(reached[at])) / max(int(self.counts[at]), 1)
        return float(low + (high - low) * within)


@dataclass(frozen=True, eq=False)
class CallbackTiming:
    """When the callbacks since the last start came, and how long they took.

    Both are counted in the callback itself, for every callback that had frames.

    Attributes
    ----------
    interval : Distribution
        Time between the begins of two callbacks over the duration of the block in between: 1 is on
        time, 3 came two blocks late. Its `deviation` is the jitter, in blocks. On a free clock time
        is simulated.
    load : Distribution
        Time spent in the callback over the duration of its block: at 1 it is too late.
    """

    interval: Distribution
    load: Distribution


def _edges(n: int) -> Array:
    edges = np.array([lib.pst_distribution_edge(i) for i in range(n + 1)])
    edges.flags.writeable = False
    return edges


def _distribution(found: Any, edges: Array) -> Distribution:
    counts = np.frombuffer(ffi.buffer(found.bins), dtype=np.int64).copy()
    return Distribution(
        count=found.n,
        min=found.smallest,
        max=found.largest,
        mean=found.mean,
        deviation=found.deviation,
        edges=edges,
        counts=counts,
    )


def timing_of(stream: Any) -> CallbackTiming:
    """Return the timing of a ``pst_stream``."""
    timing = ffi.new("pst_timing *")
    lib.pst_stream_get_timing(stream, timing)
    edges = _edges(len(timing.load.bins))
    return CallbackTiming(_distribution(timing.interval, edges), _distribution(timing.load, edges))
