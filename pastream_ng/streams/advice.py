# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is worth a word in the log, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng._native import hostlog

if TYPE_CHECKING:
    from pastream_ng.streams.numbers import StreamNumbers

__all__ = ["advise_on_priority"]

_told: set[str] = set()


def advise_on_priority(stream: StreamNumbers) -> None:
    """Warn once per process of xruns on an audio thread without realtime priority.

    Virtual devices are left out: nobody hears them.
    """
    sides = (stream._input, stream._output)
    if "priority" in _told or all(side is None or side.info.is_virtual for side in sides):
        return
    stats = stream.stats
    if stats.xruns and not stats.thread_priority:
        _told.add("priority")
        hostlog.warn(
            "%s: %d callbacks came too late or lost frames, and the audio thread has no realtime "
            "priority; 'pastream doctor' tells how to allow it",
            stream,
            stats.xruns,
        )
