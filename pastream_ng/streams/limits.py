# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The limits of a run, from its lengths and what it plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from pastream_ng.streams.endpoints import Endpoint
    from pastream_ng.streams.lengths import Lengths, Limits

__all__ = ["limits_of"]


def limits_of(direction: Direction, lengths: Lengths, source: Endpoint | None) -> Limits:
    """Return the limits of a run with a source.

    Raises
    ------
    ArgumentError
        The source is too short, and nothing says what comes after it.
    """
    length = None if source is None else source.frames
    frames, pad = lengths.frames, lengths.pad
    if length is not None and frames > length and pad >= 0:
        raise ArgumentError(
            f"frames is {frames}; there are only {length} to play. With pad=-1 silence fills the "
            "rest, with loop=True they are repeated"
        )
    limits = lengths.limits(direction)
    if direction == Direction.DUPLEX and length is not None and frames < 0 <= pad:
        # The input ends with the output, to the frame.
        return lengths._replace(frames=length).limits(direction)._replace(output_total=-1)
    return limits
