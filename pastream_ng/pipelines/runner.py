# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Runners: from a source through nodes into a sink, on threads of C."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._checks import integer, seconds, shown
from pastream_ng._native.closing import Closing
from pastream_ng._native.waits import Deadline
from pastream_ng.enums import ChainState
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    ForkedError,
    PastreamTimeoutError,
    StateError,
)
from pastream_ng.packets import AudioFormat
from pastream_ng.packets.audio_format import check_format
from pastream_ng.pipelines.build import Build
from pastream_ng.pipelines.devices import (
    StreamIn,
    StreamOut,
    stream_sink_of,
    stream_source_of,
)
from pastream_ng.pipelines.files import FileOut, file_sink_of, file_source_of
from pastream_ng.pipelines.line import MOST_THREADS, Line
from pastream_ng.pipelines.nodes import check_line, nodes_of
from pastream_ng.pipelines.objects import AsyncIn, sink_of, source_of

if TYPE_CHECKING:
    from pastream_ng.pipelines.ends import End
    from pastream_ng.pipelines.nodes import DynNode

__all__ = ["AsyncDynRunner", "RunnerProgress"]

# How long an interrupted or closed runner is waited for, in seconds.
_END_S = 2.0
_SLICE_S = 0.1


class RunnerProgress(NamedTuple):
    """How far a runner has come.

    Attributes
    ----------
    state : str
        ``"created"``, ``"running"``, ``"draining"``, ``"done"``, ``"failed"`` or ``"cancelled"``.
    pulled : int
        Frames that the source has given, or packets.
    pushed : int
        Frames that the sink has taken, or packets.
    fillers : int
        Of the frames pushed: silence in place of what a device has lost.
    """

    state: str
    pulled: int
    pushed: int
    fillers: int


class AsyncDynRunner(Closing):
    """Moves all that a source has through nodes into a sink.

    Parameters
    ----------
    source : object
        With ``pull()``, see `AudioSource`; an `AudioFileReader` or a `SoundFile`; an `InputStream`
        or a `DuplexStream`, which is started if it does not run; an iterable of `NodeBuffer`,
        `Packet`, or, with `format`, of arrays; with ``await``, also an async one.
    nodes : sequence of DynNode
        In their order; may be empty.
    sink : object
        With ``push(buffer)`` and perhaps ``finalize()``, see `AudioSink`; an `AudioFileWriter` or a
        `SoundFile`; an `OutputStream` or a `DuplexStream`, which is started; a list; a function; a
        binary file object or a socket, which get the bytes.
    threads : int, optional
        Over so many the nodes are shared out, in their order; of more than 16 nodes each thread has
        16 at most.
    capacity : int, optional
        Buffers that wait between two of the threads.
    format : AudioFormat, optional
        Of arrays that the source gives.
    gaps : {None, "skip", "silence"}, optional
        What becomes of frames that an input stream loses: a gap in the times of the buffers, or
        silence. None: silence for sound files and output streams, which have no times, else a gap.

    Raises
    ------
    ArgumentError
        A node does not take what comes before it gives.
    ArgumentTypeError
        Not such a source, node or sink.

    Notes
    -----
    A runner runs once, on threads of its own. Between C's own sources, nodes and sinks nothing
    needs Python: the frames move on whatever the program does. Python's own parts are called on
    these threads. What lies ready comes to them as one buffer.

    The first error ends it; whoever waits gets it, that of a Python object as the same exception.
    The sink's ``finalize()`` is called once, whatever the end was. Files stay open, except that an
    `AudioFileWriter` is finalized.

    A runner that is dropped is cancelled. At the end of the program the sources of those that still
    run end, and they have two seconds to finish.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 1, "f32")
    >>> found = []
    >>> blocks = (np.full((1, 480), k, "float32") for k in range(3))
    >>> runner = ps.AsyncDynRunner(blocks, [ps.make_gain_node(2.0)], found, format=fmt)
    >>> runner.run()
    >>> [float(buffer.as_pcm()[0, 0]) for buffer in found], runner.progress.state
    ([0.0, 2.0, 4.0], 'done')
    """

    def __init__(
        self,
        source: Any,
        nodes: Sequence[DynNode],
        sink: Any,
        *,
        threads: int = 1,
        capacity: int = 32,
        format: AudioFormat | None = None,
        gaps: str | None = None,
    ) -> None:
        self._nodes = nodes_of("nodes", nodes)
        self._threads = integer("threads", threads, 1, MOST_THREADS)
        self._capacity = integer("capacity", capacity, 1, 1 << 20, unit="buffers")
        form = None if format is None else check_format("format", format)
        told = [node._format for node in self._nodes if node._format is not None]
        planar = (told[-1] if told else form or AudioFormat(1, 1, "f32")).planar
        self._source: End = (
            file_source_of(source) or stream_source_of(source) or source_of(source, form)
        )
        self._sink: End = file_sink_of(sink) or stream_sink_of(sink) or sink_of(sink, planar)
        if isinstance(self._source, StreamIn):
            self._source.skips_gaps = self._skips(gaps)
        self._kinds = self._check()
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._state = "created"
        self._has_ended = False
        self._error: BaseException | None = None
        self._mover: asyncio.Task[None] | None = None

    def _skips(self, gaps: Any) -> bool:
        """Return whether what a device loses is left out."""
        if gaps is None:
            return not isinstance(self._sink, (FileOut, StreamOut))
        if gaps in ("skip", "silence"):
            return bool(gaps == "skip")
        error = ArgumentError if isinstance(gaps, str) else ArgumentTypeError
        raise error(f"gaps is {shown(gaps)}; it must be 'skip', 'silence' or None")

    def _check(self) -> tuple[str, str]:
        """Return what the source gives and the sink takes."""
        check_line("nodes", self._nodes)
        source, sink, nodes = self._source, self._sink, self._nodes
        given = nodes[0].input_kind if nodes else sink.kind or source.kind or "pcm"
        taken = nodes[-1].output_kind if nodes else source.kind or sink.kind or "pcm"
        if source.kind not in ("", given):
            to = f"node 1 ({nodes[0].name})" if nodes else sink.name
            raise ArgumentError(f"{source.name} gives {source.kind}, {to} takes {given}s")
        if sink.kind not in ("", taken):
            by = f"node {len(nodes)} ({nodes[-1].name})" if nodes else source.name
            raise ArgumentError(f"{by} gives {taken}s, {sink.name} takes {sink.kind}")
        return given, taken

    # ---- What it is -----------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[DynNode, ...]:
        """What it is made of."""
        return tuple(self._nodes)

    @property
    def progress(self) -> RunnerProgress:
        """How far it has come; looking needs no lock, and costs little."""
        if self._line is None:
            return RunnerProgress(self._state, 0, 0, 0)
        state, *counts = self._line.progress()
        if state in (ChainState.DONE, ChainState.FAILED) and self.exception is not None:
            state = ChainState.FAILED
        return RunnerProgress(state.name.lower(), *counts)

    @property
    def exception(self) -> BaseException | None:
        """The first error, or None; always the same object."""
        if self._error is None and self._line is not None:
            found = self._line.exception
            if found is not None:
                self._error = self._told_by_end(found, self._line)
        return self._error

    def _told_by_end(self, error: BaseException, line: Line) -> BaseException:
        """Return the error itself, or what the source or the sink has of it."""
        for end, place in ((self._source, 0), (self._sink, len(self._nodes) + 1)):
            if line.error_place == place:
                return end.error_of(error)
        return error

    # ---- Life -----------------------------------------------------------------------------------

    def run(self, timeout: float | None = None) -> None:
        """Start, and wait for the end.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Raises
        ------
        PastreamTimeoutError
            It is not over in time; it goes on, and can be waited for with `wait`.
        StateError
            It was started before.
        Exception
            The first error, see `exception`.
        """
        limit = seconds("timeout", timeout)
        self.start()
        if not self.wait(limit):
            raise PastreamTimeoutError(
                f"timeout: the runner was not done within {timeout} s; it goes on, and wait() or "
                "cancel() ends it"
            )

    def start(self) -> None:
        """Start, and return at once.

        Raises
        ------
        StateError
            It was started before; a Python node works elsewhere; or a file or stream is in use.
        Exception
            A source or sink that cannot begin.
        """
        if isinstance(self._source, AsyncIn):
            raise StateError("source is an async iterable; 'await runner' moves it, run() cannot")
        self._start()

    def _start(self) -> None:
        self._use()
        with self._lock:
            if self._state != "created":
                raise StateError("the runner was started or cancelled before; make a new one")
            self._state = "running"
        try:
            if isinstance(self._sink, StreamOut):
                is_duplex = self._sink.stream is self._source.stream
                self._sink.launch(self._begin, is_duplex)
                if is_duplex:
                    self._source.begin()
            else:
                self._begin()
        except BaseException as error:
            self._error = error
            if self._line is not None:
                self._line.close()
            self._state = "failed"
            self._end_both()
            raise

    def _begin(self) -> None:
        """Make what works, and let it begin."""
        build = Build()
        source = self._source.make(build, self._kinds[0])
        build.place = len(self._nodes) + 1
        sink = self._sink.make(build, self._kinds[1])
        names = (self._source.name, self._sink.name)
        self._line = Line(
            build,
            source,
            self._nodes,
            sink,
            self._threads,
            self._capacity,
            code=self._sink.code,
            names=names,
        )
        self._line.stops_at_exit = True
        self._line.start()
        if self._source.stream is None or self._source.stream is not self._sink.stream:
            self._source.begin()
        self._sink.begin()

    def _use(self) -> None:
        if self._pid != os.getpid():
            raise ForkedError(
                "this runner belongs to the process that made it, which was forked since; make "
                "one here, with multiprocessing's 'spawn' start method"
            )

    def _end_both(self) -> None:
        """Let source and sink go, once."""
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = True
        _ = self.exception  # The first one, before others come.
        for end in (self._source, self._sink):
            try:
                end.end(self._line)
            except BaseException as error:
                if self.exception is None:
                    self._error = error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end.

        Ctrl-C cancels the runner. What a Python object is doing at that moment is not waited for.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once it is over, False if the time ran out.

        Raises
        ------
        StateError
            It was not started.
        Exception
            The first error, see `exception`.
        """
        deadline = Deadline(seconds("timeout", timeout))
        line = self._running_line()
        try:
            if not line.wait(deadline.left()) or not self._play_out(deadline):
                return False
        except KeyboardInterrupt:
            self._leave()
            raise
        self._conclude()
        return True

    def _running_line(self) -> Line:
        self._use()
        if self._line is None:
            if self._error is not None:
                raise self._error
            raise StateError("the runner was not started; run() or start() does that")
        return self._line

    def _play_out(self, deadline: Deadline) -> bool:
        """Wait until a device has played what came; False if the time runs out."""
        sink = self._sink
        if not isinstance(sink, StreamOut) or self._has_ended:
            return True
        while self.exception is None and not sink.play_out(_SLICE_S):
            if deadline.left() == 0.0:
                return False
        return True

    def _conclude(self) -> None:
        """Finish what is over, and raise its error."""
        self._end_both()
        if self.exception is not None:
            raise self.exception

    def _leave(self) -> None:
        """Cancel, and wait as long as is bearable."""
        line = self._line
        if line is None:
            return
        line.close()
        line.wait(_END_S)
        self._end_both()

    async def _wait_async(self, timeout: float | None) -> None:
        line = self._running_line()
        try:
            await line.wait_async(timeout)
            while not self._play_out(Deadline(0.0)):
                await asyncio.sleep(_SLICE_S / 10)
            if self._mover is not None:
                await self._mover
        except GeneratorExit:  # Nothing can be awaited any more.
            line.close()
            self._end_both()
            raise
        except BaseException:
            line.close()
            try:
                if self._mover is not None and not self._mover.done():
                    self._mover.cancel()
                    with suppress(BaseException):
                        await self._mover
                await line.wait_async(_END_S)
            finally:
                self._end_both()
            raise
        self._conclude()

    async def run_async(self) -> None:
        """Do the same as `run`, without blocking the event loop; ``await runner`` is short for it.

        A task that is cancelled cancels the runner, and waits up to two seconds for its end.
        """
        if self._line is None:
            self._start()
            if isinstance(self._source, AsyncIn):
                self._mover = asyncio.ensure_future(self._source.move())
        await self._wait_async(None)

    def __await__(self) -> Generator[Any, None, None]:
        return self.run_async().__await__()

    def stop(self) -> None:
        """Let the source end where it is; what it has given still arrives. Does not wait."""
        self._use()
        if self._line is not None:
            self._line.stop()

    def cancel(self) -> None:
        """End as soon as possible; what is under way is dropped. Idempotent; does not wait.

        The sink is finalized. What a Python object is doing is not interrupted.
        """
        self._use()
        with self._lock:
            if self._state == "created":
                self._state = "cancelled"
        if self._line is not None:
            self._line.cancel()

    def close(self) -> None:
        """Stop, and wait up to two seconds for the end; what is left then is cancelled. Idempotent.

        Raises
        ------
        Exception
            The first error, unless it was raised before.
        """
        self._use()
        if self._line is None or self._has_ended:
            return
        self._line.stop()
        deadline = Deadline(_END_S)
        if not self._line.wait(deadline.left()):
            self._leave()
        self._play_out(deadline)
        self._conclude()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._leave()

    def __del__(self) -> None:
        line = getattr(self, "_line", None)
        if line is not None and self._pid == os.getpid() and not self._has_ended:
            line.close()
            self._end_both()

    def __repr__(self) -> str:
        names = ", ".join(node.name for node in self._nodes) or "no nodes"
        return f"<pastream_ng.AsyncDynRunner of {names}; {self.progress.state}>"
