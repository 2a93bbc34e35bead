# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The one stream class of PyAudio-CFFI, on top of ours."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag, integer, real, shown
from pastream_ng._native.arrays import frames_of
from pastream_ng.classic.devices import half_of
from pastream_ng.classic.results import adapt, spread
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.formats import sample_format
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.output import OutputStream

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["Stream"]

_FLAGS = (
    "no_clipping",
    "no_dithering",
    "never_drop_input",
    "prime_output_buffers_using_callback",
)

# What is written may lie so many blocks, and seconds, ahead of the device, and what is not read is
# kept so long.
_BLOCKS_AHEAD, _SECONDS_AHEAD = 8, 0.1
_BLOCKS_KEPT, _SECONDS_KEPT = 16, 0.5
# The silence that a full duplex stream begins with, so that reading a block before writing it
# leaves no hole.
_BLOCKS_BEFORE, _SECONDS_BEFORE = 2, 0.02


class Stream:
    """A stream as PyAudio-CFFI has it: full or half duplex, read and written, or with a callback.

    If nothing is read, input is discarded; if nothing is written, silence is played. For anything
    else the streams that it is made of, `InputStream`, `OutputStream` and `DuplexStream`, can do
    more.

    Parameters
    ----------
    sample_rate : float, optional
        Hz.
    block_length : int, optional
        Frames per block, 0 to 65536; 0 lets the host choose.
    input_device, output_device : bool, dict, or what `InputStream` takes as device, optional
        True is the default device, None or False no such side. A dict is one of `devices`, perhaps
        edited.
    callback : callable, optional
        ``callback(in_data, frame_count, time_info, status)``, which returns ``(out_data, flag)``.
        `in_data` is an array (frames, channels), or None; `out_data` must be one, with exactly
        `frame_count` rows, or fewer with `complete_flag`. One channel is played on all. `time_info`
        is a dict of ``input_adc_time``, ``current_time``, ``output_dac_time``; `status` are
        `StreamFlags`. Input streams may return just the flag. It runs on a thread of the library.
    finished_callback : callable, optional
        Called without arguments once a run is over.
    **flags : bool
        ``never_drop_input`` makes an error (`BufferFull`) of input that nobody reads for a minute.
        ``no_clipping``, ``no_dithering`` and ``prime_output_buffers_using_callback`` are known and
        change nothing: floats are not clipped here unless the device takes integers, nothing is
        dithered, and callbacks always give the first output.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DeviceNotFoundError, UnsupportedSettingsError, HostError
        As for `InputStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> stream = ps.Stream(48000, 64, "loopback", "loopback")
    >>> stream.start()
    >>> for _ in range(3):
    ...     stream.write(stream.read(64))
    >>> stream.stop()
    >>> stream.is_stopped()
    True
    >>> stream.close()
    """

    def __init__(
        self,
        sample_rate: float = 44100,
        block_length: int = 1024,
        input_device: Any = True,
        output_device: Any = True,
        callback: Any = None,
        finished_callback: Any = None,
        **flags: bool,
    ) -> None:
        _check_flags(flags)
        rate = real("sample_rate", sample_rate, 1.0, 1e6, "Hz")
        self._block = integer("block_length", block_length, 0, 65536, "frames")
        self._input = half_of("input_device", input_device, Direction.INPUT)
        self._output = half_of("output_device", output_device, Direction.OUTPUT)
        if self._input is None and self._output is None:
            raise ArgumentError(
                "input_device and output_device are both off; a stream needs one of them"
            )
        options: dict[str, Any] = {"samplerate": rate, "blocksize": self._block or None}
        if finished_callback is not None:
            if not callable(finished_callback):
                raise ArgumentTypeError(
                    f"finished_callback is {shown(finished_callback)}; it must be a function"
                )
            options["finished_callback"] = lambda _stream: finished_callback()
        self._has_callback = callback is not None
        # What the last read and the last write of the run saw; None before them.
        self._lost: int | None = None
        self._missing: int | None = None
        self._stream = self._open(options, callback, bool(flags.get("never_drop_input")))

    def _open(self, options: dict[str, Any], callback: Any, keeps_input: bool) -> Any:
        rate = options["samplerate"]
        if callback is not None:
            direction = self._direction()
            form = sample_format(self._output.dtype) if self._output else None
            options["callback"] = adapt(callback, direction, form)
        plays_ring = callback is None and self._output is not None
        ahead = max(self._block * _BLOCKS_AHEAD, round(rate * _SECONDS_AHEAD))
        output_size = ahead if plays_ring else None
        if self._input is None:
            assert self._output is not None
            return OutputStream(**self._output._asdict(), **options, buffersize=output_size)
        kept = max(self._block * _BLOCKS_KEPT, round(rate * _SECONDS_KEPT))
        input_size = None
        if callback is None and not keeps_input:
            input_size, options["overflow"] = kept, "drop-oldest"
        if self._output is None:
            return InputStream(**self._input._asdict(), **options, buffersize=input_size)
        for name, value in self._input._asdict().items():
            options[name] = (value, getattr(self._output, name))
        return DuplexStream(**options, buffersize=(input_size, output_size))

    def _direction(self) -> Direction:
        if self._output is None:
            return Direction.INPUT
        return Direction.OUTPUT if self._input is None else Direction.DUPLEX

    # ---- Life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start. On a running stream this does nothing."""
        if self._stream.active:
            return
        self._lost = self._missing = None
        if not self._has_callback and self._input is not None and self._output is not None:
            ring = self._stream.output_ring
            rate = self._stream.samplerate
            before = max(self._block * _BLOCKS_BEFORE, round(rate * _SECONDS_BEFORE))
            before = min(before, len(ring)) - ring.read_available
            with ring.write_view(max(0, before)) as frames:
                frames[:] = sample_format(self._output.dtype).silence
        self._stream.start()

    def stop(self) -> None:
        """Stop once all that was written is played."""
        if self._stream.active and self._output is not None and not self._has_callback:
            left = len(self._stream.output_ring) / self._stream.samplerate
            self._stream.drain(left + 2.0)
        self._stream.stop()

    def abort(self) -> None:
        """Stop at once."""
        self._stream.abort()

    def close(self) -> None:
        """Close the device. A stream that is dropped does it by itself."""
        self._stream.close()

    def __enter__(self) -> Stream:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            try:
                self.stop()
            finally:
                self._stream.__exit__(kind, error, trace)
        else:
            self._stream.__exit__(kind, error, trace)

    def __del__(self) -> None:
        stream = getattr(self, "_stream", None)
        if stream is not None and not stream.closed:
            stream._close()

    # ---- What it tells --------------------------------------------------------------------------

    def is_active(self) -> bool:
        """Return whether it runs."""
        return bool(self._stream.active)

    def is_stopped(self) -> bool:
        """Return whether it does not run."""
        return bool(self._stream.stopped)

    def read_length(self) -> int:
        """Return how many frames can be read without waiting."""
        return int(self._side(Direction.INPUT).read_available)

    def write_length(self) -> int:
        """Return how many frames can be written without waiting."""
        return int(self._side(Direction.OUTPUT).write_available)

    def info(self) -> dict[str, float]:
        """Return ``input_latency`` and ``output_latency`` in seconds, and ``sample_rate`` in Hz."""
        told = self._stream._info
        return {
            "input_latency": float(told.input_latency_s),
            "output_latency": float(told.output_latency_s) + self._stream.callback_latency,
            "sample_rate": float(self._stream.samplerate),
        }

    def time(self) -> float:
        """Return the time in seconds, by the clock of a callback's `time_info`."""
        return float(self._stream.time)

    def cpu_load(self) -> float:
        """Return the time spent in the library's own callback over the duration of a block."""
        return float(self._stream.cpu_load)

    def __repr__(self) -> str:
        return f"<pastream_ng.Stream over {self._stream!r}>"

    # ---- Frames ---------------------------------------------------------------------------------

    def read(self, num_frames: int = 1024, raw: bool = False) -> Array | bytes:
        """Wait for frames and return them.

        Parameters
        ----------
        num_frames : int, optional
            How many.
        raw : bool, optional
            Return bytes, not an array.

        Returns
        -------
        numpy.ndarray or bytes
            (frames, channels).

        Warns
        -----
        RuntimeWarning
            Frames were lost since the last read: they were not read in time, or not captured.
        """
        stream = self._side(Direction.INPUT)
        frames = integer("num_frames", num_frames, 1, unit="frames")
        data = (
            bytes(stream.read_raw(frames))
            if flag("raw", raw)
            else stream.read(frames, always_2d=True)
        )
        stats = stream.stats
        lost = stats.dropped_frames + stats.lost_frames
        if self._lost is not None and lost > self._lost:
            warnings.warn(
                f"input overflow: {lost - self._lost} frames were lost", RuntimeWarning, 2
            )
        self._lost = lost
        return data

    def write(self, data: Any, num_frames: int | None = None) -> None:
        """Write frames to be played, waiting for room.

        Parameters
        ----------
        data : array_like or bytes
            (frames, channels); one channel is played on all. Floats of any width are converted.
        num_frames : int, optional
            How many of them; None takes all.

        Warns
        -----
        RuntimeWarning
            Since the last write silence was played, because this one came too late.
        """
        stream = self._side(Direction.OUTPUT)
        half = self._output
        assert half is not None
        form = sample_format(half.dtype)
        frames = frames_of("data", spread("data", data, form, half.channels), form, half.channels)
        if num_frames is not None:
            frames = frames[: integer("num_frames", num_frames, 0, len(frames), "frames")]
        if not stream.active:
            raise StateError("the stream does not run; call start() before write")
        stream.write(frames)
        missing = stream.stats.missing_frames
        if self._missing is not None and missing > self._missing:
            warnings.warn(
                f"output underflow: {missing - self._missing} frames of silence were played",
                RuntimeWarning,
                2,
            )
        self._missing = missing

    def _side(self, direction: Direction) -> Any:
        half = self._input if direction == Direction.INPUT else self._output
        if half is None:
            side = direction.name.lower()
            raise StateError(f"the stream has no {side}; open it with {side}_device=True")
        return self._stream


def _check_flags(flags: dict[str, Any]) -> None:
    for name, value in flags.items():
        if name not in _FLAGS:
            raise ArgumentTypeError(
                f"{name} is no flag of Stream; it knows {', '.join(_FLAGS)}. (The Stream of "
                "sounddevice is DuplexStream here)"
            )
        if not isinstance(value, bool):
            raise ArgumentTypeError(f"{name} is {shown(value)}; it must be a bool")
