# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recording to something: an array, a function, a ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag, integer, seconds
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.arrays import new_recording
from pastream_ng.streams.endpoints import Endpoint
from pastream_ng.streams.launch import Launch
from pastream_ng.streams.lengths import Lengths, Limits, lengths_of
from pastream_ng.streams.reading import ReadingStream
from pastream_ng.streams.sinks import ArraySink, make_sink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pastream_ng.files.soundfile import SoundFile

__all__ = ["RecordingStream"]


class RecordingStream(ReadingStream):
    """A stream that has a sink to record to."""

    def set_sink(
        self,
        sink: Any,
        buffersize: int | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> RingBuffer:
        """Set what the stream records to in all runs from the next on.

        Parameters
        ----------
        sink : callable, RingBuffer, SoundFile, path, numpy.ndarray, buffer, or None
            A function ``sink(stream, ring, *args, **kwargs)`` runs on a thread of its own during
            each run and reads from `ring`. A ring gets all frames, and is ended with the run; its
            frames must have the stream's size. An open `SoundFile` is appended to, a file given by
            its path is made anew in each run; both are written to in C, resampled and mixed where
            the file has another rate or other channels. A writable array or memory is filled from
            its start in each run. None: nothing but the stream's own ring.
        buffersize : int, optional
            Frames that the ring must hold at least; more than it has is refused.
        args, kwargs : optional
            More arguments for a function.

        Returns
        -------
        RingBuffer
            The ring given, or the one that the device fills.

        Raises
        ------
        StateError
            The stream is running.
        ArgumentError, ArgumentTypeError
            A sink of a wrong kind, shape, dtype or element size, or read-only. Nothing was changed.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> peaks = []
        >>> def meter(stream, ring):
        ...     while len(block := ring.read(480, timeout=10)):
        ...         peaks.append(round(float(abs(block).max()), 1))
        >>> device = ps.VirtualDevice(clock="free", input="sine")
        >>> with ps.InputStream(device, 48000, channels=1, frames=1440) as stream:
        ...     ring = stream.set_sink(meter)
        ...     stream.start()
        ...     stream.wait()
        True
        >>> peaks
        [0.5, 0.5, 0.5]
        """
        self._use()
        end = None if sink is None else make_sink(self, sink, buffersize, args, kwargs)
        _ = self.input_ring  # Raises if there is none.
        self._launcher.check_may_start(self)
        with self._launcher.lock:
            self._refuse_running("set_sink")
            self._launcher.sink = end
        return self.input_ring if end is None or end.face is None else end.face

    def to_file(self, file: Any, mode: str = "w", **kw: Any) -> SoundFile:
        """Return a new sound file that fits what the stream captures, for `set_sink` or `record`.

        Parameters
        ----------
        file : str, os.PathLike, int or binary file object
            As for `SoundFile`.
        mode : {"w", "x"}, optional
            As for `SoundFile`.
        **kw
            ``subtype``, ``endian``, ``format`` and ``closefd`` of `SoundFile`. The default subtype
            holds the samples of the stream as they are.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            The kind of file cannot hold such samples, or another argument is wrong.
        OSError
            The file cannot be made.
        """
        from pastream_ng.files.fitting import file_for

        self._use()
        side = self._input
        assert side is not None
        return file_for(side, self.samplerate, file, mode, kw)

    def record(
        self,
        frames: int | None = None,
        offset: int = 0,
        always_2d: bool = False,
        buffersize: int | None = None,
        blocking: bool = False,
        out: Any = None,
        *,
        atleast_2d: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Record in one run, of which nothing is left for the next.

        Parameters
        ----------
        frames : int, optional
            Frames to capture, those of `offset` included; -1 goes on until `stop`. None takes as
            many as an array as `out` holds; with another `out` it means -1.
        offset : int, optional
            Frames to leave out at the start.
        always_2d, atleast_2d : bool, optional
            Give a mono recording the shape (frames, 1) too, not (frames,).
        buffersize : int, optional
            As for `set_sink`.
        blocking : bool, optional
            Return when all is there, not at once.
        out : optional
            What to record to, as for `set_sink`; None makes an array.
        timeout : float, optional
            With `blocking`: seconds to wait for that; the stream is stopped then.

        Returns
        -------
        numpy.ndarray, or `out`
            (frames - offset, channels), or (frames - offset,) for mono. Without `blocking` it is
            silence that is filled in the background until `wait` returns.

        Raises
        ------
        StateError
            The stream is running.
        PastreamTimeoutError
            The time ran out.
        ArgumentError, ArgumentTypeError
            As for `set_sink`, or lengths that do not fit together.
        PastreamError
            As for `start` and `wait`.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
        ...     stream.record(6, offset=2, blocking=True)
        array([2, 3, 4, 5], dtype=int32)
        """
        self._use()
        limit = seconds("timeout", timeout)
        self._refuse_running("record")
        _ = self.input_ring  # Raises if there is none.
        returns_late = flag("blocking", blocking)
        is_2d = flag("always_2d", always_2d) | flag("atleast_2d", atleast_2d)
        result, sink, lengths = self._target(frames, offset, is_2d, buffersize, out)
        # The other side of a duplex stream is silent.
        limits = Limits(lengths.offset, lengths.frames, 0, -1)
        self._run("record", Launch(limits, None, sink), limit, waits=returns_late)
        return result

    def _target(
        self, frames: Any, offset: Any, is_2d: bool, buffersize: Any, out: Any, extra: int = 0
    ) -> tuple[Any, Endpoint, Lengths]:
        """Return what a recording goes to, the sink that does it, and the lengths of its run.

        `extra` frames are recorded after those of `frames`.
        """
        skipped = integer("offset", offset, 0, unit="frames")
        sink = None if out is None else make_sink(self, out, buffersize, name="out")
        if frames is None:
            if sink is None:
                raise ArgumentTypeError("one of frames and out must be given")
            frames = -1 if sink.frames is None else sink.frames + skipped - extra
        lengths = lengths_of(frames, 0, skipped)
        if lengths.frames >= 0:
            if lengths.frames + extra <= skipped:
                raise ArgumentError(
                    f"frames is {lengths.frames}; it must be more than the offset, {skipped} "
                    "frames, which it includes"
                )
            length = lengths.frames + extra - skipped
            if sink is not None and sink.frames is not None and sink.frames != length:
                raise ArgumentError(
                    f"out has {sink.frames} rows; {length} frames would be recorded"
                )
            lengths = lengths._replace(frames=lengths.frames + extra)
        elif sink is None or sink.frames is not None:
            raise ArgumentError(f"frames is {frames}; an array needs a length, 1 frame or more")
        if sink is not None:
            return out, sink, lengths
        side = self._input
        assert side is not None
        memory = new_recording(length, side.channels, side.form)
        flat = side.channels == 1 and not is_2d
        return memory[:, 0] if flat else memory, ArraySink(memory), lengths
