# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a recorder tells about itself, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["RecordedFile", "RecorderStats"]


@dataclass(frozen=True)
class RecordedFile:
    """A file that a recorder has begun.

    Attributes
    ----------
    path : str
        Where it is; what the user gave, if that was no path.
    frames : int
        In it so far.
    seconds : float
        The same as a time.
    bytes : int
        Its size so far.
    first_frame : int
        Device frame number of its first one.
    opened : float
        When, in seconds since 1970 (`time.time`).
    complete : bool
        Ended and closed.
    error : int
        The errno of what went wrong with it; 0: nothing.
    """

    path: str
    frames: int
    seconds: float
    bytes: int
    first_frame: int
    opened: float
    complete: bool
    error: int


@dataclass(frozen=True)
class RecorderStats:
    """What a `Recorder` has done so far.

    Attributes
    ----------
    state : str
        As `Recorder.state`.
    files : tuple of RecordedFile
        In the order of time.
    format, subtype : str
        Of the files.
    samplerate, channels : int
        Of the files.
    frames : int
        In all files.
    seconds : float
        The same as a time.
    bytes : int
        The size of all files.
    elapsed : float
        Seconds since the start, pauses included; of one that is over, until its end.
    lost_frames : int
        Frames that the device or the ring has lost in between: there is silence in their place,
        unless ``gaps="skip"``.
    unwritten_frames : int
        Frames left out because the disk was full, with ``on_disk_full="continue"``.
    xruns : int
        Of the stream, since its start; see `StreamStats`.
    clipped, nonfinite : int
        Samples that the files' format could not hold.
    peak : float
        The largest absolute sample; 1 is full scale.
    disk_errors : int
        How often a file could not be opened, written or closed.
    error : str or None
        What ended it, if that was an error.
    """

    state: str
    files: tuple[RecordedFile, ...]
    format: str
    subtype: str
    samplerate: int
    channels: int
    frames: int
    seconds: float
    bytes: int
    elapsed: float
    lost_frames: int
    unwritten_frames: int
    xruns: int
    clipped: int
    nonfinite: int
    peak: float
    disk_errors: int
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict of numbers, texts, lists and dicts, as `json.dumps` takes it."""
        made = asdict(self)
        made["files"] = list(made["files"])
        return made
