# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A recording with a stream of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pastream_ng.streams.input import InputStream

if TYPE_CHECKING:
    from pastream_ng.recordings.handle import Recording

__all__ = ["recording"]


def recording(
    frames: int | None = None,
    *,
    time: float | None = None,
    pre_roll: int = 0,
    trigger: float | str | None = None,
    trigger_channels: int | Sequence[int] | None = None,
    release: int | None = None,
    retrigger: bool = False,
    max_frames: int | None = None,
    gaps: Literal["silence", "skip"] = "silence",
    always_2d: bool = False,
    **stream: Any,
) -> Recording:
    """Open a stream, and record from it until told to stop.

    For a known length that is to be waited for, `rec` is shorter. This one returns at once, needs
    no length, and knows triggers and pauses. Any number can go on at the same time, each with a
    stream of its own; to record from a stream that is there, use `InputStream.recording`.

    Parameters
    ----------
    frames, time, pre_roll, trigger, trigger_channels, release, retrigger, max_frames, gaps, \
always_2d
        As for `InputStream.recording`.
    **stream
        All else goes to `InputStream`: `device`, `samplerate`, `channels`, ...

    Returns
    -------
    Recording
        To be used in a ``with`` block, at the end of which it is stopped and its stream closed; or
        with `Recording.stop`, `Recording.wait` or `Recording.array`, which close the stream too.

    Raises
    ------
    PastreamError
        As for `InputStream` and `InputStream.recording`.

    Examples
    --------
    >>> import time, pastream_ng as ps
    >>> device = ps.VirtualDevice("loopback")
    >>> with ps.recording(device=device, samplerate=48000, channels=2) as take:
    ...     time.sleep(0.05)
    >>> take.data.shape == (take.frames, 2)
    True
    """
    source = InputStream(**stream)
    try:
        made = source._record(
            frames,
            None,
            time,
            pre_roll,
            trigger,
            trigger_channels,
            release,
            retrigger,
            max_frames,
            gaps,
            always_2d,
            closes=True,
        )
        source.start()
    except BaseException:
        source._close()
        raise
    return made
