# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a callback gets beside its frames, and what it may raise."""

from __future__ import annotations

from typing import NamedTuple

from pastream_ng._checks import integer
from pastream_ng.enums import StreamFlags

__all__ = ["CallbackAbort", "CallbackFlags", "CallbackStop", "CallbackTime"]

_ALL_FLAGS = sum(StreamFlags)


class CallbackStop(Exception):
    """Raised by a callback to end the run once everything it has given is played.

    The output of the very call that raises it is the last one played.
    """


class CallbackAbort(Exception):
    """Raised by a callback to end the run at once: what is not played yet is discarded."""


class CallbackTime(NamedTuple):
    """When the frames of a block are taken and heard, in seconds of `time.monotonic`.

    Attributes
    ----------
    input_adc_time : float
        When the first frame of the input was taken; 0 without an input.
    output_dac_time : float
        When the first frame of the output will be heard; 0 without an output. It includes the
        stream's ``callback_latency``.
    current_time : float
        When the callback was called.
    frame : int
        Device frame number of the block's first frame, counted from the stream's start, lost frames
        included: of the input if there is one, else of the output.
    """

    input_adc_time: float
    output_dac_time: float
    current_time: float
    frame: int

    @property
    def inputBufferAdcTime(self) -> float:  # noqa: N802
        """The same as `input_adc_time`, by its name in PortAudio."""
        return self.input_adc_time

    @property
    def outputBufferDacTime(self) -> float:  # noqa: N802
        """The same as `output_dac_time`, by its name in PortAudio."""
        return self.output_dac_time

    @property
    def currentTime(self) -> float:  # noqa: N802
        """The same as `current_time`, by its name in PortAudio."""
        return self.current_time


class CallbackFlags:
    """What went wrong around a block. It is true if anything did.

    Parameters
    ----------
    flags : int or StreamFlags, optional
        Flags to begin with.
    lost_frames : int, optional
        Input frames missing right before this block's end.
    missing_frames : int, optional
        Frames of silence that were played since the last call, for want of output in time.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> seen = ps.CallbackFlags()
    >>> bool(seen)
    False
    >>> seen |= ps.CallbackFlags(ps.StreamFlags.INPUT_OVERFLOW, lost_frames=64)
    >>> seen.input_overflow, seen.lost_frames
    (True, 64)
    >>> print(seen)
    input overflow, 64 frames lost
    """

    __slots__ = ("_flags", "_lost", "_missing")

    def __init__(self, flags: int = 0, lost_frames: int = 0, missing_frames: int = 0) -> None:
        self._flags = StreamFlags(integer("flags", flags, 0, _ALL_FLAGS))
        self._lost = integer("lost_frames", lost_frames, 0, unit="frames")
        self._missing = integer("missing_frames", missing_frames, 0, unit="frames")

    @property
    def flags(self) -> StreamFlags:
        """The flags, as one number."""
        return self._flags

    @property
    def lost_frames(self) -> int:
        """Input frames that never came."""
        return self._lost

    @property
    def missing_frames(self) -> int:
        """Frames of silence played in place of output that was late."""
        return self._missing

    @property
    def input_underflow(self) -> bool:
        """Whether the host had to make input up."""
        return StreamFlags.INPUT_UNDERFLOW in self._flags

    @property
    def input_overflow(self) -> bool:
        """Whether input was lost, by the host or for want of room in the ring."""
        return StreamFlags.INPUT_OVERFLOW in self._flags

    @property
    def output_underflow(self) -> bool:
        """Whether output came too late, and silence was played."""
        return StreamFlags.OUTPUT_UNDERFLOW in self._flags

    @property
    def output_overflow(self) -> bool:
        """Whether the host had no room for output."""
        return StreamFlags.OUTPUT_OVERFLOW in self._flags

    @property
    def priming_output(self) -> bool:
        """Whether the device does not run yet: this is the output it will begin with."""
        return StreamFlags.PRIMING in self._flags

    def __bool__(self) -> bool:
        return bool(self._flags)

    def __or__(self, other: CallbackFlags) -> CallbackFlags:
        if not isinstance(other, CallbackFlags):
            return NotImplemented
        return CallbackFlags(
            self._flags | other._flags, self._lost + other._lost, self._missing + other._missing
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CallbackFlags):
            return NotImplemented
        return (self._flags, self._lost, self._missing) == (
            other._flags,
            other._lost,
            other._missing,
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        words = [
            str(flag.name).lower().replace("_", " ") for flag in StreamFlags if flag & self._flags
        ]
        if self._lost:
            words.append(f"{self._lost} frames lost")
        if self._missing:
            words.append(f"{self._missing} frames of silence played")
        return ", ".join(words)

    def __repr__(self) -> str:
        return f"<pastream_ng.CallbackFlags: {self or 'no flags set'}>"
