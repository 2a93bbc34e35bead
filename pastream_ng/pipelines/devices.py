# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams at the ends of a runner: their rings are read and filled in C."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import Direction
from pastream_ng.errors import StateError
from pastream_ng.pipelines.ends import End
from pastream_ng.rings.views import User, nobody
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.endpoints import Endpoint
from pastream_ng.streams.launch import Launch
from pastream_ng.streams.lengths import lengths_of
from pastream_ng.streams.limits import limits_of

if TYPE_CHECKING:
    from pastream_ng.pipelines.build import Build
    from pastream_ng.pipelines.line import Line

__all__ = ["StreamIn", "StreamOut", "stream_sink_of", "stream_source_of"]


class StreamIn(End):
    """What a stream captures from now on, or, if it does not run, from its start."""

    def __init__(self, stream: Any) -> None:
        self.name = "the input stream"
        self.stream = stream
        #: Whether frames that the device loses are a gap in the times; else they are silent.
        self.skips_gaps = False
        self._was_started = False

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_source``, with a reader of its own."""
        take = ffi.new("pst_take *")
        lib.pst_take_default(take)
        take.leave_gaps_out = self.skips_gaps
        out, err = owner("pst_source *", lib.pst_source_destroy), new_error()
        assert self.stream is not None
        check(lib.pst_source_take(out, self.stream._use(), take, err), err)
        return out

    def begin(self) -> None:
        """Start the stream."""
        assert self.stream is not None
        if not self.stream.active:
            self.stream.start()
            self._was_started = True

    def end(self, line: Line | None) -> None:
        """Stop the stream if it was started here."""
        assert self.stream is not None
        if self._was_started and not self.stream.closed:
            self._was_started = False
            self.stream._stop_quietly()

    def error_of(self, error: BaseException) -> BaseException:
        """Return the error of the stream, if it has one."""
        assert self.stream is not None
        return self.stream.exception or error


class StreamOut(End):
    """A stream that plays what comes; it ends when all is played."""

    def __init__(self, stream: Any) -> None:
        self.name = "the output stream"
        self.stream = stream
        side = stream._output
        self.code = side.form.code
        self._channels = side.channels
        self._endpoint: _Feeding | None = None

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_sink``."""
        stream: Any = self.stream
        pointer = stream.output_ring._ring.pointer
        out, err = owner("pst_sink *", lib.pst_sink_destroy), new_error()
        code = int(stream._output.form.code)
        check(lib.pst_sink_ring(out, pointer, stream._use(), code, self._channels, err), err)
        return out

    def launch(self, begin: Callable[[], None], is_duplex: bool) -> None:
        """Call `begin`, which fills the ring, and start the stream once there is something in it.

        With `is_duplex` the same stream is the source: nothing comes before it runs.
        """
        stream: Any = self.stream
        if stream.active:
            raise StateError("the output stream runs already; a runner starts it itself")
        self._endpoint = _Feeding(begin)
        limits = limits_of(stream._direction, lengths_of(-1, 0), self._endpoint)
        if not is_duplex and stream._direction == Direction.DUPLEX:
            limits = limits._replace(input_total=0)
        stream._start(Launch(limits, self._endpoint, None, 0 if is_duplex else 1, None))

    def play_out(self, slice_s: float) -> bool:
        """Wait until all is played; False if that takes longer than a slice."""
        stream: Any = self.stream
        return stream.closed or not stream.active or bool(stream.wait(slice_s))

    def end(self, line: Line | None) -> None:
        """Let others write to the stream."""
        stream: Any = self.stream
        if self._endpoint is not None and not stream.closed:
            if stream.active:
                stream._stop_quietly()
            self._endpoint.leave(stream)
        self._endpoint = None

    def error_of(self, error: BaseException) -> BaseException:
        """Return the error of the stream, if it has one."""
        stream: Any = self.stream
        return stream.exception or error


class _Feeding(Endpoint):
    """The runner as the source of an output stream."""

    prebuffers = True

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        self._user = User("a runner")

    def begin(self, stream: StreamBase) -> None:
        """Begin to fill the ring."""
        ring = stream._own_output()
        assert ring is not None
        with ring._write_lock:
            ring._check_writer()
            ring._write_user = ref(self._user)
        lib.pst_ring_restart(ring._ring.pointer)
        lib.pst_ring_skip(ring._ring.pointer, 0, 2**62)
        try:
            self._begin()
        except BaseException:
            self.leave(stream)
            raise

    def leave(self, stream: StreamBase) -> None:
        """Let others write."""
        ring = stream._own_output()
        if ring is not None and ring._write_user() is self._user:
            ring._write_user = nobody

    def end(self, stream: StreamBase) -> None:
        """Let others write."""
        self.leave(stream)


def stream_source_of(source: Any) -> StreamIn | None:
    """Return the end for a stream that captures, None for anything else."""
    is_one = isinstance(source, StreamBase) and source._input is not None
    return StreamIn(source) if is_one and hasattr(source, "recording") else None


def stream_sink_of(sink: Any) -> StreamOut | None:
    """Return the end for a stream that plays, None for anything else."""
    is_one = isinstance(sink, StreamBase) and sink._output is not None
    return StreamOut(sink) if is_one else None
