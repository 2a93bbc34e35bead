# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What can be asked of a stream at any time, from any thread, without waiting."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.handle import Handle
from pastream_ng._native.text import decode
from pastream_ng.enums import Direction, OnLost, StreamState
from pastream_ng.hosts.query import device_of_uid
from pastream_ng.streams.clock import StreamClock, clock_of
from pastream_ng.streams.meters import MeterReading, enable_meters, meters_of
from pastream_ng.streams.timing import CallbackTiming, timing_of
from pastream_ng.streams.values import StreamEvent, StreamStats, event_of, stats_of

if TYPE_CHECKING:
    from pastream_ng.hosts.info import DeviceInfo
    from pastream_ng.streams.options import Configured, Side

__all__ = ["StreamNumbers"]

_ACTIVE = (StreamState.RUNNING, StreamState.STALLED, StreamState.REOPENING)

#: How many events `StreamNumbers.events` remembers.
_EVENTS = 4096


class StreamNumbers(Handle):
    """The state and the numbers of a stream."""

    _noun = "stream"

    def __init__(self, owned: Any, configured: Configured) -> None:
        self._input = configured.input
        self._output = configured.output
        self._overflow = configured.overflow
        self._may_move = configured.config.on_lost == OnLost.DEFAULT
        self._info = ffi.new("pst_stream_info *")
        lib.pst_stream_get_info(owned[0], self._info)
        self._blocksize: int = self._info.block_frames
        self._events: deque[StreamEvent] = deque(maxlen=_EVENTS)
        self._events_lock = threading.Lock()
        super().__init__(owned)

    @property
    def state(self) -> StreamState:
        """Where the stream is in its life."""
        return StreamState(lib.pst_stream_state(self._pointer))

    @property
    def active(self) -> bool:
        """Whether the stream runs; also while it is stalled, or its device is being looked for."""
        return self.state in _ACTIVE

    @property
    def stopped(self) -> bool:
        """Whether the stream does not run, for whatever reason."""
        return not self.active

    @property
    def finished(self) -> bool:
        """Whether the last run came to the end of its limits or its data."""
        return self.state == StreamState.FINISHED

    @property
    def aborted(self) -> bool:
        """Whether the last run ended by `abort`, a policy or an error."""
        return self.state in (StreamState.ABORTED, StreamState.LOST)

    def _both(self, input_value: Any, output_value: Any) -> Any:
        if self._input is None:
            return output_value
        return input_value if self._output is None else (input_value, output_value)

    def _each(self, name: str) -> Any:
        return self._both(getattr(self._input, name, None), getattr(self._output, name, None))

    @property
    def device(self) -> Any:
        """The `DeviceInfo`; a pair (input, output) for duplex streams.

        With ``on_lost="default"`` it may be another one than at the beginning.
        """
        return self._both(
            self._device_of(Direction.INPUT, self._input),
            self._device_of(Direction.OUTPUT, self._output),
        )

    def _device_of(self, direction: Direction, side: Side | None) -> DeviceInfo | None:
        if side is None or not self._may_move:
            return side and side.info
        text = ffi.new("char[]", len(side.info.uid.encode()) + 384)
        lib.pst_stream_device_uid(self._pointer, direction, text, len(text))
        uid = decode(text)
        return side.info if uid == side.info.uid else device_of_uid(uid) or side.info

    @property
    def channels(self) -> Any:
        """Number of channels; a pair (input, output) for duplex streams."""
        return self._each("channels")

    @property
    def dtype(self) -> Any:
        """Name of the sample format; a pair (input, output) for duplex streams."""
        return self._both(*(side and side.form.name for side in (self._input, self._output)))

    @property
    def samplesize(self) -> Any:
        """Bytes of one sample in arrays; a pair (input, output) for duplex streams."""
        sizes = [
            side and lib.pst_format_bytes(side.form.code) for side in (self._input, self._output)
        ]
        return self._both(*sizes)

    @property
    def latency(self) -> Any:
        """Latency in seconds as the host tells it; a pair (input, output) for duplex streams."""
        return self._both(self._info.input_latency_s, self._info.output_latency_s)

    @property
    def samplerate(self) -> float:
        """Frames per second, as the device runs."""
        return float(self._info.samplerate_hz)

    @property
    def blocksize(self) -> int:
        """Frames per callback as asked for; 0 if the host chooses."""
        return self._blocksize

    @property
    def time(self) -> float:
        """Now, in seconds of `time.monotonic`: the clock of all times of this library."""
        return lib.pst_now_ns() / 1e9

    @property
    def stats(self) -> StreamStats:
        """All counters since the last start."""
        stats = ffi.new("pst_stream_stats *")
        lib.pst_stream_get_stats(self._pointer, stats)
        return stats_of(stats)

    @property
    def frame_count(self) -> int:
        """Device frames of the run since the last start, lost ones included."""
        return self.stats.end_frame

    @property
    def xruns(self) -> int:
        """Callbacks since the last start in which something went wrong; see `StreamStats`."""
        return self.stats.xruns

    @property
    def cpu_load(self) -> float:
        """Time spent in the callback over the duration of a block, smoothed."""
        return self.stats.cpu_load

    @property
    def clock(self) -> StreamClock:
        """Which frame passes when, as known now.

        Raises
        ------
        StateError
            There was no callback since the last start.
        """
        return clock_of(self._pointer, self._input is not None, self._output is not None)

    def enable_meters(self) -> None:
        """Meter all sides from the next block on, and in all runs to come.

        The first look at `input_meters` or `output_meters` does the same for its side. It costs the
        callback about as much as a conversion of the samples.

        Raises
        ------
        ClosedError, ForkedError, OutOfMemoryError
        """
        both = self._input is not None and self._output is not None
        single = Direction.OUTPUT if self._input is None else Direction.INPUT
        enable_meters(self._use(), Direction.DUPLEX if both else single)

    def reset_meters(self) -> None:
        """Begin `MeterReading.max_peak` and ``clipped`` anew, with the next block."""
        lib.pst_stream_reset_meters(self._pointer)

    def _meters(self, direction: Direction) -> MeterReading:
        side = self._input if direction == Direction.INPUT else self._output
        assert side is not None
        found = meters_of(self._pointer, direction, side.channels)
        if found is None:
            enable_meters(self._use(), direction)
            found = meters_of(self._pointer, direction, side.channels)
        assert found is not None
        return found

    @property
    def timing(self) -> CallbackTiming:
        """When the callbacks since the last start came, and how long they took."""
        return timing_of(self._pointer)

    def _forget_events(self) -> None:
        """Make room for the events of a new run: those of the last may fill the queue."""
        with self._events_lock:
            self._take_events()
            self._events.clear()

    def _take_events(self) -> None:
        event = ffi.new("pst_stream_event *")
        while lib.pst_stream_pop_event(self._pointer, event):
            self._events.append(event_of(event))

    def events(self) -> list[StreamEvent]:
        """Return what has happened since the last start, oldest first.

        The stream keeps about a thousand events until somebody looks, this method the latest 4096.
        What found no room is counted in `StreamStats.events_dropped`; the end of a run always does.
        """
        with self._events_lock:
            self._take_events()
            return list(self._events)

    def __repr__(self) -> str:
        state = self.state.name.lower()
        infos = self.device if isinstance(self.device, tuple) else (self.device,)
        names = [info.name for info in infos]
        devices = " and ".join(repr(name) for name in dict.fromkeys(names))
        block = f"blocksize {self._blocksize}, " if self._blocksize else ""
        return (
            f"<pastream_ng.{type(self).__name__} on {devices}, {self.samplerate:g} Hz, "
            f"channels {self.channels}, {self.dtype}, {block}{state}>"
        )
