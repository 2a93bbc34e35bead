# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pipelines that are pushed and pulled by the caller, and work on threads of their own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from pastream_ng._checks import flag, integer, seconds
from pastream_ng._native.closing import Closing
from pastream_ng._native.waits import SLICE_NS, wait, wait_async
from pastream_ng.enums import Status
from pastream_ng.errors import (
    ArgumentError,
    ClosedError,
    ForkedError,
    PastreamTimeoutError,
    StateError,
)
from pastream_ng.packets.node_buffer import check_buffer
from pastream_ng.pipelines.build import Build
from pastream_ng.pipelines.feeds import Feed
from pastream_ng.pipelines.line import MOST_THREADS, Line
from pastream_ng.pipelines.nodes import check_line, nodes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pastream_ng.packets import NodeBuffer
    from pastream_ng.pipelines.nodes import DynNode

__all__ = ["AsyncDynPipeline", "PipelineProgress"]

_MOST_BUFFERS = 1 << 20


class PipelineProgress(NamedTuple):
    """How far a pipeline has come since it was made, or reset.

    Attributes
    ----------
    pushed : int
        Buffers that it has taken.
    got : int
        Buffers that were fetched from it.
    waiting : int
        Buffers that are ready to be fetched.
    ended : bool
        Whether everything was fetched, and no more can come.
    """

    pushed: int
    got: int
    waiting: int
    ended: bool


class AsyncDynPipeline(Closing):
    """Nodes in a row, which work on threads of C while the caller pushes and gets.

    Parameters
    ----------
    nodes : sequence of DynNode
        In the order in which sound passes them.
    capacity : int, optional
        Buffers that wait in front of the first node, and between threads. When they are full,
        `push` waits.
    max_pending : int, optional
        Buffers that wait to be fetched. When there are as many, the nodes wait, and `push` in the
        end: memory is bounded if nobody fetches.
    threads : int, optional
        Over so many the nodes are shared out, in their order; of more than 16 nodes each thread has
        16 at most.

    Raises
    ------
    ArgumentError
        There is no node, or one does not take what the one before it gives.
    ArgumentTypeError
        They are no nodes.
    StateError
        A node of a Python object works elsewhere already.

    Notes
    -----
    One thread may push while another gets. After an error, which may be that of any node, what came
    out before it can still be fetched; then it is raised, by every call until `reset`.

    A pipeline that is dropped ends at once, and its outputs with it. ``with`` closes it.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 1, "f32")
    >>> with ps.AsyncDynPipeline([ps.make_gain_node(0.5)]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.ones((1, 3), "float32"), fmt, pts=7))
    ...     pipeline.flush()
    ...     for buffer in pipeline:
    ...         print(buffer.as_pcm(), buffer.pts)
    [[0.5 0.5 0.5]] 7
    """

    def __init__(
        self,
        nodes: Sequence[DynNode],
        *,
        capacity: int = 32,
        max_pending: int = 4096,
        threads: int = 1,
    ) -> None:
        self._nodes = nodes_of("nodes", nodes)
        if not self._nodes:
            raise ArgumentError("nodes is empty; a pipeline needs at least one node")
        check_line("nodes", self._nodes)
        self._capacity = integer("capacity", capacity, 1, _MOST_BUFFERS, unit="buffers")
        self._most = integer("max_pending", max_pending, 1, _MOST_BUFFERS, unit="buffers")
        self._threads = integer("threads", threads, 1, MOST_THREADS)
        self._pid = os.getpid()
        self._is_closed = False
        self._lock = threading.Lock()
        #: What came of buffers from before a reset.
        self._kept: deque[NodeBuffer] = deque()
        self._formats = [node._format for node in self._nodes if node._format is not None]
        self._begin()

    def _begin(self) -> None:
        """Make what works of the nodes, and let it begin."""
        self._is_flushed = self._is_over = False
        self._planar: bool | None = None
        if self._formats and self._nodes[-1].output_kind == "pcm":
            self._planar = self._formats[-1].planar
        self._input = Feed(self.input_kind, self._capacity)
        self._output = Feed(self.output_kind, self._most)
        source, sink = self._input.source(), self._output.sink()
        self._line = Line(Build(), source, self._nodes, sink, self._threads, self._capacity)
        self._line.start()

    # ---- What it is -----------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[DynNode, ...]:
        """What it is made of."""
        return tuple(self._nodes)

    @property
    def input_kind(self) -> str:
        """What the first node takes: ``"pcm"`` or ``"packet"``."""
        return self._nodes[0].input_kind

    @property
    def output_kind(self) -> str:
        """What the last node gives: ``"pcm"`` or ``"packet"``."""
        return self._nodes[-1].output_kind

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    @property
    def ended(self) -> bool:
        """Whether everything was fetched, and no more can come before a reset."""
        return self._is_over and not self._kept

    @property
    def exception(self) -> BaseException | None:
        """The first error, or None. It is raised once the outputs before it were fetched."""
        self._use()
        return self._line.exception

    @property
    def progress(self) -> PipelineProgress:
        """How far it has come."""
        self._use()
        pushed = self._input.counts()[0]
        _, got, waiting = self._output.counts()
        return PipelineProgress(pushed, got, waiting + len(self._kept), self.ended)

    def _use(self) -> None:
        if self._pid != os.getpid():
            raise ForkedError(
                "this pipeline belongs to the process that made it, which was forked since; make "
                "one here, with multiprocessing's 'spawn' start method"
            )
        if self._is_closed:
            raise ClosedError("this pipeline is closed; make a new one")

    # ---- In -------------------------------------------------------------------------------------

    def push(self, buf: NodeBuffer | None = None, timeout: float | None = None) -> None:
        """Give the pipeline a buffer; None does the same as `flush`.

        Parameters
        ----------
        buf : NodeBuffer, optional
            Sound or a packet, as `input_kind` says. It is copied.
        timeout : float, optional
            Seconds to wait for room; None waits for ever, 0 not at all.

        Raises
        ------
        PastreamTimeoutError
            There was no room in that time; nothing was taken.
        ArgumentError, ArgumentTypeError
            Not such a buffer.
        StateError
            The pipeline was flushed before; `reset` makes it ready again.
        ClosedError, ForkedError
        Exception
            What a node has failed with.
        """
        limit = seconds("timeout", timeout)
        if buf is None:
            self.flush()
            return
        feed, put = self._to_put(buf)
        self._after_put(feed, wait(put, limit), timeout)

    async def push_async(self, buf: NodeBuffer | None = None, timeout: float | None = None) -> None:
        """Do the same as `push`; waiting for room does not block the event loop."""
        limit = seconds("timeout", timeout)
        if buf is None:
            self.flush()
            return
        feed, put = self._to_put(buf)
        self._after_put(feed, await wait_async(put, feed.arm_put, limit), timeout)

    def _to_put(self, buf: NodeBuffer) -> tuple[Feed, Callable[[int], int]]:
        """Return the feed for a buffer, and what tries to put it there."""
        self._use()
        check_buffer("buf", buf)
        if buf.kind != self.input_kind:
            raise ArgumentError(
                f"buf is {buf!r}; its kind is {buf.kind!r}, but node 1 ({self._nodes[0].name}) "
                f"takes {self.input_kind!r}"
            )
        if self._is_flushed:
            raise StateError("the pipeline was flushed; reset() makes it ready for more")
        if self._planar is None and buf.format is not None:
            self._planar = buf.format.planar
        return self._input, self._input.putter(buf)

    def _after_put(self, feed: Feed, status: int, timeout: float | None) -> None:
        if status == Status.OK:
            return
        if status == Status.TIMEOUT:
            raise PastreamTimeoutError(
                f"timeout: the pipeline had no room for a buffer within {timeout} s; get() makes "
                "room, if nobody else does"
            )
        self._use()  # Perhaps it was closed meanwhile.
        if feed is not self._input or status == Status.BAD_STATE:
            raise StateError("the pipeline was flushed or reset while this call waited for room")
        self._line.settle()
        if self._line.exception is not None:
            raise self._line.exception
        raise StateError("the pipeline takes no more: a node has ended it; reset() makes it ready")

    def flush(self) -> None:
        """Say that no more comes: the nodes give all that they hold. Does not wait. Idempotent."""
        self._use()
        with self._lock:
            self._is_flushed = True
            self._input.end()

    # ---- Out ------------------------------------------------------------------------------------

    def try_get(self) -> NodeBuffer | None:
        """Return the next output, or None if there is none: not yet, or, see `ended`, at the end.

        Raises
        ------
        ClosedError, ForkedError
        Exception
            What a node has failed with.
        """
        status, found = self._take(0)
        return None if status == Status.TIMEOUT else self._after_take(status, found, None)

    def get(self, timeout: float | None = None) -> NodeBuffer | None:
        """Wait for the next output and return it; None at the end, again and again.

        The end comes after `flush`: before, this waits for what others push.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever, 0 not at all.

        Raises
        ------
        PastreamTimeoutError
            There was none in that time.
        ClosedError, ForkedError
        Exception
            What a node has failed with.
        """
        limit = seconds("timeout", timeout)
        found: list[NodeBuffer] = []
        status = wait(lambda slice_ns: self._look(slice_ns, found), limit)
        return self._after_take(status, found[0] if found else None, timeout)

    async def get_async(self, timeout: float | None = None) -> NodeBuffer | None:
        """Do the same as `get`, without blocking the event loop."""
        limit = seconds("timeout", timeout)
        found: list[NodeBuffer] = []
        status = await wait_async(
            lambda slice_ns: self._look(slice_ns, found), lambda: self._output.arm_get(), limit
        )
        return self._after_take(status, found[0] if found else None, timeout)

    def _look(self, slice_ns: int, found: list[NodeBuffer]) -> int:
        status, buffer = self._take(slice_ns)
        if buffer is not None:
            found.append(buffer)
        return status

    def _take(self, slice_ns: int) -> tuple[int, NodeBuffer | None]:
        self._use()
        with suppress(IndexError):
            return int(Status.OK), self._kept.popleft()
        if self._is_over:
            return int(Status.END), None
        feed = self._output
        status, buffer = feed.get(slice_ns, self._planar is not False)
        if feed is not self._output:  # There was a reset meanwhile.
            return int(Status.TIMEOUT if buffer is None else Status.OK), buffer
        if status not in (Status.OK, Status.TIMEOUT):
            self._is_over = True
        return status, buffer

    def _after_take(
        self, status: int, found: NodeBuffer | None, timeout: float | None
    ) -> NodeBuffer | None:
        if found is not None:
            return found
        if status == Status.TIMEOUT:
            raise PastreamTimeoutError(f"timeout: there was no output within {timeout} s")
        self._use()
        self._line.settle()
        if self._line.exception is not None:
            raise self._line.exception
        return None

    def __iter__(self) -> Iterator[NodeBuffer]:
        """Iterate over the outputs, up to the end."""
        while (buffer := self.get()) is not None:
            yield buffer

    async def __aiter__(self) -> AsyncIterator[NodeBuffer]:
        """Iterate over the outputs, up to the end, without blocking the event loop."""
        while (buffer := await self.get_async()) is not None:
            yield buffer

    # ---- Life -----------------------------------------------------------------------------------

    def reset(self, force: bool = False) -> None:
        """Begin anew, with nodes as they were when the pipeline was made.

        Parameters
        ----------
        force : bool, optional
            False: what was pushed is finished first, and its outputs can be fetched afterwards, in
            front of later ones. True: all of it is dropped.

        Raises
        ------
        ClosedError, ForkedError
        """
        forced = flag("force", force)
        self._use()
        with self._lock:
            self._is_flushed = True
            if forced:
                self._kept.clear()
            else:
                self._finish()
            self._line.close()
            self._input.cancel()
            self._output.cancel()
            self._line.join()  # Python's own nodes must be free.
            self._begin()

    def _finish(self) -> None:
        """Keep what still comes out of it."""
        self._input.end()
        while not self._is_over:
            status, buffer = self._output.get(SLICE_NS, self._planar is not False)
            if buffer is not None:
                self._kept.append(buffer)
            elif status != Status.TIMEOUT:
                self._is_over = True

    def close(self) -> None:
        """End at once; what is inside is dropped. Idempotent, from any thread, and never waits.

        Threads that wait in other calls get a `ClosedError`.
        """
        if not self._is_closed:
            self._is_closed = True
            self._line.abandon()
            self._input.cancel()
            self._output.cancel()

    def __repr__(self) -> str:
        names = ", ".join(node.name for node in self._nodes)
        state = "closed" if self._is_closed else "ended" if self._is_over else "open"
        return f"<pastream_ng.AsyncDynPipeline of {names}; {state}>"
