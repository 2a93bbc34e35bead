# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks written in Python: what is asked of them before a stream is opened."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._checks import integer, real, shown
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng.streams.base import StreamBase

__all__ = ["BLOCK_FRAMES", "PythonCallback", "check_arguments", "python_callback"]

#: Frames per call where no block size was asked for.
BLOCK_FRAMES = 512

# How much output is kept ahead unless that is asked for: blocks, and at least so many seconds.
_BLOCKS_AHEAD = 4
_SECONDS_AHEAD = 0.02
# Hosts may take their output in bursts that are as long as the latency they report. Reports are not
# trusted beyond this.
_MOST_BURST_S = 0.25

_ARGUMENTS = {
    Direction.INPUT: "indata, frames, time, status",
    Direction.OUTPUT: "outdata, frames, time, status",
    Direction.DUPLEX: "indata, outdata, frames, time, status",
}


class PythonCallback(NamedTuple):
    """A Python function, and how far ahead of the device it is to run.

    Attributes
    ----------
    function : callable
        What to call with each block.
    ahead : int, float or None
        Frames as an int, seconds as a float.
    """

    function: Callable[..., Any]
    ahead: int | float | None

    def frames_ahead(self, stream: StreamBase, blocksize: int, capacity: int) -> int:
        """Return how many frames the output is to be kept ahead of an opened stream."""
        if self.ahead is not None:
            wanted = self.ahead
            is_time = isinstance(wanted, float)
            frames = int(round(wanted * stream.samplerate) if is_time else wanted)
            if not blocksize <= frames <= capacity:
                raise ArgumentError(
                    f"callback_latency is {wanted}, which is {frames} frames; it must be from a "
                    f"block, {blocksize} frames, to what the output ring holds, {capacity} frames"
                )
            return frames
        burst = min(float(stream._info.output_latency_s), _MOST_BURST_S)
        most = max(_BLOCKS_AHEAD * blocksize, round(_SECONDS_AHEAD * stream.samplerate))
        frames = most + round(burst * stream.samplerate)
        return min(frames, capacity)


def python_callback(direction: Direction, function: Any, ahead: Any) -> PythonCallback:
    """Check a callback, and return it with its latency."""
    check_arguments(function, _ARGUMENTS[direction])
    if ahead is None or direction == Direction.INPUT:
        return PythonCallback(function, None)
    if isinstance(ahead, Real) and not isinstance(ahead, Integral):
        return PythonCallback(function, real("callback_latency", ahead, 0.0, 60.0, "seconds"))
    try:
        return PythonCallback(function, integer("callback_latency", ahead, 1, unit="frames"))
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"callback_latency is {shown(ahead)} of type {type(ahead).__name__}; it must be an int "
            "of frames or a float of seconds"
        ) from None


def check_arguments(function: Any, wanted: str) -> None:
    """Raise unless a callback is a plain function that takes these arguments."""
    import inspect

    if not callable(function):
        raise ArgumentTypeError(
            f"callback is {shown(function)} of type {type(function).__name__}; it must be a "
            f"function ({wanted})"
        )
    if inspect.iscoroutinefunction(function):
        raise ArgumentTypeError(
            f"callback is {shown(function)}, an async function; it must be a plain one. Coroutines "
            "iterate over the stream with async for"
        )
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return  # Some builtins do not tell.
    try:
        signature.bind(*wanted.split(", "))
    except TypeError as error:
        raise ArgumentTypeError(
            f"callback is {shown(function)}, which takes {signature}: {error}; it is called with "
            f"({wanted})"
        ) from None
