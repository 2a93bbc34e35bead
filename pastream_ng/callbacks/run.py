# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One run of a stream with a Python callback: the thread that calls it, block by block.

The audio thread fills and empties the rings, and never waits for this thread. What the callback
gives is played `ahead` frames later: in a run of output alone, that much is kept in the ring; with
an input, the ring begins with that much silence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng.callbacks.sides import Intake, Outlet
from pastream_ng.callbacks.values import (
    CallbackAbort,
    CallbackFlags,
    CallbackStop,
    CallbackTime,
)
from pastream_ng.enums import Overflow, StreamFlags
from pastream_ng.errors import ArgumentTypeError, PastreamTimeoutError
from pastream_ng.streams.worker import Worker

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase

__all__ = ["CallbackRun"]

# How long the start of a stream waits for the first blocks of its callback, in seconds.
_PRIMING_S = 10.0

_NO_FLAGS = StreamFlags(0)


class _Verdict(Enum):
    GO_ON = 0
    STOP = 1
    ABORT = 2


class CallbackRun(Worker):
    """Calls the callback of a stream, on a thread of its own."""

    def __init__(self, stream: StreamBase, blocksize: int, ahead: int) -> None:
        super().__init__(stream, "pastream callback")
        self._blocksize = blocksize
        self._ahead = ahead
        self._rate = stream.samplerate
        self._delay_s = stream._info.output_latency_s
        self._intake = None
        ring = stream._own_input()
        if ring is not None:
            assert stream._input is not None
            self._intake = Intake(stream, ring._ring, stream._input, blocksize)
        self._outlet = None
        if stream._output is not None:
            capacity = len(stream._rings["output"])
            self._outlet = Outlet(self._pointer, stream._output, capacity, ahead)
            self._outlet.empty()
        self._keeps_time = stream._overflow == Overflow.SILENCE
        self._stats = ffi.new("pst_stream_stats *")
        self._missing = 0  # Silence that the callback was already told of.
        self._cut = 0  # Frames of output that came too late, and were left out.
        self._is_primed = threading.Event()
        self._runs = threading.Event()

    # ---- For the thread that starts the stream --------------------------------------------------

    def prime(self) -> bool:
        """Begin, and wait for the first output; False if there is nothing to start for."""
        self.begin()
        if not self._is_primed.wait(_PRIMING_S):
            self.cancel()
            raise PastreamTimeoutError(
                f"timeout: the callback did not give its first {self._ahead} frames within "
                f"{_PRIMING_S:g} s; the stream was not started"
            )
        return not self.is_over

    def go(self) -> None:
        """Say that the device runs."""
        self._runs.set()

    def cancel(self) -> None:
        """Say that nothing more is to be done."""
        self.is_over = True
        self._runs.set()

    # ---- The thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        if self._outlet is None:
            turn = self._turn_of_input
        elif self._intake is not None:
            self._outlet.put(self._outlet.block(self._ahead))
            turn = self._turn_of_both
        else:
            turn = self._turn_of_output
            if not self._fill():
                return
        self._is_primed.set()
        self._runs.wait()
        while self._is_alive() and turn():
            pass

    def _done(self) -> None:
        self._is_primed.set()

    def _is_alive(self) -> bool:
        return not self.is_over and self._stream() is not None

    def _fill(self) -> bool:
        """Get the output that the device begins with; False if nothing is left to be done then."""
        outlet = self._outlet
        assert outlet is not None
        while outlet.written + self._blocksize <= self._ahead and self._is_alive():
            if not self._turn_of_output(StreamFlags.PRIMING):
                return False
        return True

    def _turn_of_input(self) -> bool:
        intake = self._intake
        assert intake is not None
        frames = intake.wait(self._is_alive)
        if frames == 0:
            return False
        block, info = intake.take(frames)
        # Not a call into C from here on, unless this was the last block that is held.
        status = _input_status(info)
        verdict = self._call((block,), frames, _time(info, 0.0), status)
        if verdict is _Verdict.STOP and not self.is_over:
            lib.pst_stream_stop(self._pointer, ffi.NULL)
        elif verdict is _Verdict.ABORT:
            self._abort()
        return verdict is _Verdict.GO_ON

    def _turn_of_output(self, flags: StreamFlags = _NO_FLAGS) -> bool:
        outlet, frames = self._outlet, self._blocksize
        assert outlet is not None
        if not flags and not outlet.wait(frames, self._is_alive):
            return False
        block = outlet.block(frames)
        status = self._output_status(flags)
        # Silence and losses took frame numbers, too.
        frame = outlet.written + self._stats.missing_frames + self._stats.lost_frames
        now = time.monotonic()
        heard = lib.pst_stream_output_time_s(self._pointer, frame) if not flags else 0.0
        if heard == 0.0:  # No callback yet: as if it came now.
            heard = now + self._delay_s + outlet.written / self._rate
        verdict = self._call((block,), frames, CallbackTime(0.0, heard, now, frame), status)
        return self._hand_over(block, verdict)

    def _turn_of_both(self) -> bool:
        intake, outlet = self._intake, self._outlet
        assert intake is not None
        assert outlet is not None
        frames = intake.wait(self._is_alive)
        if frames == 0:
            return False
        captured, info = intake.take(frames)
        block = outlet.block(frames)
        heard = lib.pst_stream_output_time_s(self._pointer, info.frame + self._ahead)
        status = _input_status(info) | self._output_status()
        verdict = self._call((captured, block), frames, _time(info, heard), status)
        if verdict is not _Verdict.ABORT and not outlet.wait_for_room(frames, self._is_alive):
            return False
        if not self._hand_over(self._on_time(block), verdict):
            if verdict is _Verdict.STOP:
                intake.discard(self._is_alive)  # While the rest is played.
            return False
        return True

    def _hand_over(self, block: Array, verdict: _Verdict) -> bool:
        """Put a block into the ring unless the run is over; False if it was the last."""
        outlet = self._outlet
        assert outlet is not None
        if self.is_over:
            return False
        if verdict is _Verdict.ABORT:
            self._abort()
            return False
        outlet.put(block)
        if verdict is _Verdict.STOP:
            outlet.end()
        return verdict is _Verdict.GO_ON

    def _abort(self) -> None:
        if self._runs.is_set():
            lib.pst_stream_abort(self._pointer, ffi.NULL)
        else:
            self.is_over = True

    def _on_time(self, block: Array) -> Array:
        """Return what of a block is not too late, so that the latency stays what it was.

        Silence that was played in its place has pushed all later output back. Input that was
        dropped has pulled it forward as much.
        """
        outlet, stats = self._outlet, self._stats
        assert outlet is not None
        lib.pst_stream_get_stats(self._pointer, stats)
        late = stats.missing_frames - self._cut
        if not self._keeps_time:
            late -= stats.dropped_frames
        # Where nothing is left to play, late is better than never.
        if late <= 0 or outlet.is_empty():
            return block
        cut = min(late, len(block))
        self._cut += cut
        return block[cut:]

    # ---- One call -------------------------------------------------------------------------------

    def _output_status(self, flags: int = 0) -> CallbackFlags:
        """Return what has happened to the output since the last call."""
        stats = self._stats
        lib.pst_stream_get_stats(self._pointer, stats)
        missing = stats.missing_frames - self._missing
        self._missing += missing
        if missing:
            flags |= StreamFlags.OUTPUT_UNDERFLOW
        return CallbackFlags(flags, missing_frames=missing)

    def _function(self) -> Callable[..., Any] | None:
        stream = self._stream()
        callback = None if stream is None else stream._callback
        return None if callback is None else callback.function

    def _call(
        self, blocks: tuple[Array, ...], frames: int, when: CallbackTime, status: CallbackFlags
    ) -> _Verdict:
        # Neither the stream nor its callback is kept between two calls. The frames of a traceback,
        # which the stream will refer to, must not refer to the stream.
        function = self._function()
        if function is None or self.is_over:
            return _Verdict.ABORT
        try:
            result = function(*blocks, frames, when, status)
        except CallbackStop:
            return _Verdict.STOP
        except CallbackAbort:
            return _Verdict.ABORT
        if isinstance(result, (tuple, np.ndarray, bytes)) or hasattr(result, "__await__"):
            raise ArgumentTypeError(
                f"the callback returned {shown(result)}; it must write into outdata, return None, "
                "and raise CallbackStop or CallbackAbort to end the run"
            )
        return _Verdict.GO_ON


def _time(info: Any, heard: float) -> CallbackTime:
    return CallbackTime(info.adc_time_s, heard, time.monotonic(), info.frame)


def _input_status(info: Any) -> CallbackFlags:
    """Return what has happened to the frames of a block, and before it."""
    lost = info.gap_frames
    return CallbackFlags(info.flags | (StreamFlags.INPUT_OVERFLOW if lost else 0), lost)
