# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What contexts tell about themselves, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["ContextState", "ContextStats", "OutputTimestamp"]

#: The life of a context.
ContextState = Literal["suspended", "running", "interrupted", "closed"]


class OutputTimestamp(NamedTuple):
    """What is heard at a moment.

    Attributes
    ----------
    context_time : float
        Time of the context whose sound is heard, in seconds; at most `AudioContext.current_time`.
    performance_time : float
        The moment, in seconds of `time.monotonic`.
    """

    context_time: float
    performance_time: float


@dataclass(frozen=True)
class ContextStats:
    """What an `AudioContext` has done so far.

    Attributes
    ----------
    state : str
        As `AudioContext.state`.
    current_time : float
        Seconds of the context.
    total_duration : float
        Seconds that were played, the silence of fades and gaps included.
    blocks : int
        Calls by the device.
    underrun_events : int
        Blocks that came too late for the device, or before which frames were lost.
    underrun_duration : float
        Seconds that were lost by the device's clock. A host may report an underrun without an
        amount.
    xruns : int
        As `StreamStats.xruns`, since the last start of the stream.
    average_latency, minimum_latency, maximum_latency : float
        Seconds from a call until its first frame is heard, since the beginning, or since
        `AudioContext.reset_latency`. 0 until known.
    cpu_load : float
        Time spent in rendering over the duration of a block, smoothed; 1 is too late.
    max_cpu_load : float
        The largest of single blocks since the last start of the stream.
    clipped_samples, nonfinite_samples : int
        Samples beyond full scale of the device's format, and samples that were no numbers and were
        played as 0, since the last start of the stream.
    """

    state: str
    current_time: float
    total_duration: float
    blocks: int
    underrun_events: int
    underrun_duration: float
    xruns: int
    average_latency: float
    minimum_latency: float
    maximum_latency: float
    cpu_load: float
    max_cpu_load: float
    clipped_samples: int
    nonfinite_samples: int
