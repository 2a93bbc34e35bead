# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What recordings tell about themselves, as values."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng.enums import ChainState, TakeState

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["RecordingState", "Segment", "state_of"]


class RecordingState(Enum):
    """The life of a `pastream_ng.Recording`."""

    WAITING = "waiting"  #: For the stream to run, for its start, or for the trigger.
    RECORDING = "recording"
    PAUSED = "paused"
    DONE = "done"  #: It has all that was wanted, or all that came.
    FAILED = "failed"  #: It has what came before the error.
    CANCELLED = "cancelled"


class Segment(NamedTuple):
    """A run of frames of a recording without a break.

    Attributes
    ----------
    frame : int
        Device frame number of the first one, counted from the stream's start.
    data : numpy.ndarray
        The frames, as in `Recording.data`.
    """

    frame: int
    data: Array


_OVER = {
    ChainState.DONE: RecordingState.DONE,
    ChainState.FAILED: RecordingState.FAILED,
    ChainState.CANCELLED: RecordingState.CANCELLED,
}
_LIVE = {
    TakeState.WAITING: RecordingState.WAITING,
    TakeState.PAUSED: RecordingState.PAUSED,
}


def state_of(info: Any) -> RecordingState:
    """Return the state that a ``pst_recording_info`` tells."""
    over = _OVER.get(ChainState(info.state))
    return over or _LIVE.get(TakeState(info.take_state), RecordingState.RECORDING)
