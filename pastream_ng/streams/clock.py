# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which frame of a stream passes when, by the monotonic clock and by the calendar."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Literal

from pastream_ng._checks import integer, real, shown
from pastream_ng._native import ffi, lib
from pastream_ng.errors import ArgumentError, StateError

__all__ = ["Side", "StreamClock", "clock_of"]

Side = Literal["input", "output"]

# Three centuries: what nanoseconds of 64 bits hold.
_MOST_SECONDS = 9e9


@dataclass(frozen=True)
class StreamClock:
    """The clock of a stream, as it was known at one moment.

    It maps frame numbers to times: when a frame is taken by the input, or heard from the output.
    Times are in seconds of `time.monotonic`, which no correction of the date disturbs; on a free
    clock they are simulated, and run ahead of it. The way from there to the date is one pair of
    readings: take a new snapshot where the date may have been corrected.

    Methods take ``side="input"`` or ``"output"``; None is the input if the stream has one.

    Attributes
    ----------
    frame : int
        A recent frame number.
    time : float
        When the callback for a block that begins with that frame is due.
    samplerate : float
        Frames per second as measured; nominal for the first seconds.
    drift_ppm : float
        How much faster than the nominal rate the device runs, in parts per million.
    drift_uncertainty : float
        Standard error of that, in parts per million; infinite until it is measured, which takes
        about a second.
    input_age : float or None
        How long before that callback the frame was taken, in seconds; None without an input.
    output_delay : float or None
        How long after it the frame is heard, in seconds; None without an output.
    monotonic, wall : float
        `time.monotonic` and `time.time`, read at the same moment.
    wall_uncertainty : float
        By how much that moment may differ for the two, in seconds; around 1e-7.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free")
    >>> with ps.InputStream(device, samplerate=48000, channels=1, blocksize=480) as stream:
    ...     for chunk, info in stream.chunks(480, frames=960, with_info=True):
    ...         pass
    ...     clock = stream.clock
    >>> round(clock.time_of(48000) - clock.time_of(0), 3)
    1.0
    >>> round(clock.frame_at(info.adc_time))
    480
    """

    frame: int
    time: float
    samplerate: float
    drift_ppm: float
    drift_uncertainty: float
    input_age: float | None
    output_delay: float | None
    monotonic: float
    wall: float
    wall_uncertainty: float

    def _shift(self, side: Side | None) -> float:
        """Return how long after its callback a frame passes on that side."""
        shifts = {}
        if self.input_age is not None:
            shifts["input"] = -self.input_age
        if self.output_delay is not None:
            shifts["output"] = self.output_delay
        if side is None:
            return next(iter(shifts.values()))
        if not isinstance(side, str) or side not in shifts:
            names = " or ".join(f'"{name}"' for name in shifts)
            raise ArgumentError(f"side is {shown(side)}; with this stream it must be {names}")
        return shifts[side]

    def time_of(self, frame: int, side: Side | None = None) -> float:
        """Return when a frame was or will be taken or heard, in seconds of `time.monotonic`."""
        number = integer("frame", frame, -(2**62), unit="frames")
        return self.time + (number - self.frame) / self.samplerate + self._shift(side)

    def frame_at(self, time: float, side: Side | None = None) -> float:
        """Return the number of the frame that is taken or heard at a time, with its fraction."""
        seconds = real("time", time, -_MOST_SECONDS, _MOST_SECONDS, "seconds")
        return self.frame + (seconds - self._shift(side) - self.time) * self.samplerate

    def wall_time(self, time: float) -> float:
        """Return a time of `time.monotonic` as one of `time.time`, seconds since 1970 in UTC."""
        seconds = real("time", time, -_MOST_SECONDS, _MOST_SECONDS, "seconds")
        return self.wall + (seconds - self.monotonic)

    def monotonic_time(self, wall: float) -> float:
        """Return a time of `time.time` as one of `time.monotonic`."""
        seconds = real("wall", wall, -_MOST_SECONDS, _MOST_SECONDS, "seconds")
        return self.monotonic + (seconds - self.wall)

    def wall_time_of(self, frame: int, side: Side | None = None) -> float:
        """Return when a frame was or will be taken or heard, in seconds of `time.time`."""
        return self.wall_time(self.time_of(frame, side))

    def datetime_of(self, frame: int, side: Side | None = None) -> datetime.datetime:
        """Return when a frame was or will be taken or heard, as a date with the time zone UTC."""
        return datetime.datetime.fromtimestamp(
            self.wall_time_of(frame, side), datetime.timezone.utc
        )


def clock_of(stream: Any, has_input: bool, has_output: bool) -> StreamClock:
    """Return what the clock of a ``pst_stream`` says."""
    reading = ffi.new("pst_clock_reading *")
    lib.pst_stream_get_clock(stream, reading)
    if reading.ns_per_frame == 0:
        raise StateError("the stream has no clock yet: there was no callback since it was started")
    return StreamClock(
        frame=reading.frame,
        time=reading.frame_ns / 1e9,
        samplerate=1e9 / reading.ns_per_frame,
        drift_ppm=reading.drift_ppm,
        drift_uncertainty=reading.drift_error_ppm,
        input_age=reading.input_age_s if has_input else None,
        output_delay=reading.output_delay_s if has_output else None,
        monotonic=reading.monotonic_ns / 1e9,
        wall=reading.wall_ns / 1e9,
        wall_uncertainty=reading.wall_error_ns / 1e9,
    )
