# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a player tells about itself, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

__all__ = ["PlayerState", "PlayerStats"]


class PlayerState(Enum):
    """The life of a `pastream_ng.Player`."""

    STOPPED = "stopped"  #: Not started yet, or stopped.
    PLAYING = "playing"
    PAUSED = "paused"
    FINISHED = "finished"  #: All was played.
    FAILED = "failed"  #: The device went away, or a file could not be read on.
    CLOSED = "closed"


@dataclass(frozen=True)
class PlayerStats:
    """What a `Player` has done since its last start.

    Attributes
    ----------
    state : str
        As `Player.state`.
    file : str
        What is played, or comes next.
    index : int
        Its number among the files, from 0.
    position : float
        Seconds from its begin.
    duration : float or None
        Its length in seconds, if that is known.
    passes : int
        How often all of it was played before.
    samplerate, channels : int
        Of the stream.
    played_frames : int
        Frames that the device has got.
    missing_frames : int
        Silence that it got in between, because a disk or decoder was too slow.
    xruns : int
        As in `StreamStats`.
    error : str or None
        What ended it, if that was an error.
    """

    state: str
    file: str
    index: int
    position: float
    duration: float | None
    passes: int
    samplerate: int
    channels: int
    played_frames: int
    missing_frames: int
    xruns: int
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict of numbers and texts, as `json.dumps` takes it."""
        return asdict(self)
