# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is worth a word in the log, once.

Virtual devices are left out: nobody hears them, and nobody speaks into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng._native import hostlog

if TYPE_CHECKING:
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.options import Side

__all__ = ["SUSPICIOUS_SECONDS", "advise_on_priority", "advise_on_silence"]

#: Input that is exactly zero for so long is worth a warning; C says the same with an event.
SUSPICIOUS_SECONDS = 5.0

_told: set[str] = set()


def _is_real(side: Side | None) -> bool:
    return side is not None and not side.info.is_virtual


def advise_on_priority(stream: StreamBase) -> None:
    """Warn once per process of xruns on an audio thread without realtime priority."""
    if "priority" in _told or not (_is_real(stream._input) or _is_real(stream._output)):
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


def advise_on_silence(stream: StreamBase) -> None:
    """Warn once per run that the input is suspiciously quiet."""
    if stream._told_silence or not _is_real(stream._input):
        return
    seconds_silent = stream.stats.zero_frames / stream.samplerate
    if seconds_silent >= SUSPICIOUS_SECONDS:
        stream._told_silence = True
        hostlog.warn(
            "%s: the input has been exactly zero for %.0f s; is it muted, or was access to it "
            "denied?",
            stream,
            seconds_silent,
        )
