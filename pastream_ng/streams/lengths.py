# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How long a run is: from pastream's three lengths to the limits of the C stream."""

from __future__ import annotations

from typing import Any, NamedTuple

from pastream_ng._checks import integer
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError
from pastream_ng.streams.numbers import StreamNumbers

__all__ = ["Lengths", "Limits", "StreamLengths", "lengths_of"]


class Limits(NamedTuple):
    """How long a run is, in frames; -1 is unlimited."""

    input_skip: int = 0
    input_total: int = -1
    output_total: int = -1
    output_pad: int = 0
    output_run: int = -1


class Lengths(NamedTuple):
    """The three lengths, in frames; see `StreamLengths` for their meaning."""

    frames: int = -1
    pad: int = 0
    offset: int = 0

    def limits(self, direction: Direction) -> Limits:
        """Return the limits of a run with these lengths."""
        frames, pad, offset = self
        total = frames + max(pad, 0) if frames >= 0 and direction == Direction.DUPLEX else frames
        if direction != Direction.OUTPUT and 0 <= total <= offset:
            raise ArgumentError(
                f"frames is {frames}; it must be more than the offset, {offset} frames, which it "
                "includes, or -1 to go on for ever"
            )
        if frames >= 0 > pad:
            return Limits(offset, total, output_run=frames)
        return Limits(offset, total, frames, max(pad, -1))


def lengths_of(frames: Any = -1, pad: Any = 0, offset: Any = 0) -> Lengths:
    """Check three lengths."""
    return Lengths(
        integer("frames", frames, -1, unit="frames"),
        integer("pad", pad, -1, unit="frames"),
        integer("offset", offset, 0, unit="frames"),
    )


class StreamLengths(StreamNumbers):
    """A stream with lengths for its next run."""

    _lengths: Lengths

    @property
    def frames(self) -> int:
        """Frames of the next run, -1 without end; may be set at any time.

        Input: so many frames pass before the run ends, those of `offset` included. Output: so many
        frames are played, then those of `pad`. With -1 the output ends when its ring was ended and
        is empty. A duplex run without end of its own ends with its output.
        """
        return self._lengths.frames

    @frames.setter
    def frames(self, value: int) -> None:
        self._lengths = self._lengths._replace(frames=lengths_of(frames=value).frames)

    @property
    def pad(self) -> int:
        """Frames of silence to play after the last; may be set at any time.

        -1 and a length in `frames`: the ring is played as far as it goes and silence where it is
        empty, until that length. -1 and no length: silence without end.
        """
        return self._lengths.pad

    @pad.setter
    def pad(self, value: int) -> None:
        self._lengths = self._lengths._replace(pad=lengths_of(pad=value).pad)

    @property
    def offset(self) -> int:
        """Frames of the next run's input to leave out at its start; may be set at any time."""
        return self._lengths.offset

    @offset.setter
    def offset(self, value: int) -> None:
        self._lengths = self._lengths._replace(offset=lengths_of(offset=value).offset)
