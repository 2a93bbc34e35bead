# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chains of C between a source and a sink: one thread or several, and one error."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.waits import SLICE_NS, Deadline, wait_async
from pastream_ng.enums import ChainState, Status
from pastream_ng.pipelines.feeds import Feed
from pastream_ng.pipelines.stages import convert_stage

if TYPE_CHECKING:
    from pastream_ng.enums import Format
    from pastream_ng.pipelines.build import Build
    from pastream_ng.pipelines.nodes import DynNode

__all__ = ["MOST_THREADS", "Line"]

MOST_THREADS = 64

# How long the end of the program waits for what is under way, in seconds.
_EXIT_S = 2.0
# How long a call that knows of an error waits until the chain has told which.
_SETTLE_S = 5.0
_STEP_NS = 2_000_000

_OVER = (ChainState.DONE, ChainState.FAILED, ChainState.CANCELLED)


def _shares(count: int, threads: int) -> list[range]:
    """Return which nodes each of the threads gets."""
    fewest = -(-count // int(lib.PST_CHAIN_MAX_STAGES))  # A chain holds no more than that.
    threads = max(1, fewest, min(threads, count))
    edges = [round(i * count / threads) for i in range(threads + 1)]
    return [range(begin, end) for begin, end in pairwise(edges)]


class Line:
    """What works: the chains that a pipeline or a runner has made of its nodes.

    Parameters
    ----------
    build : Build
        What was collected while source and sink were made.
    source, sink : cdata
        Owners of a ``pst_source`` and a ``pst_sink``, which are taken over.
    nodes : sequence of DynNode
    threads : int
        Chains in a row, at most one for each node.
    capacity : int
        Buffers between two of them.
    code : Format, optional
        The one format of samples that the sink takes.
    names : tuple of str, optional
        What source and sink are called in errors.
    """

    def __init__(
        self,
        build: Build,
        source: Any,
        nodes: Sequence[DynNode],
        sink: Any,
        threads: int,
        capacity: int,
        *,
        code: Format | None = None,
        names: tuple[str, str] = ("the source", "the sink"),
    ) -> None:
        self._pid = os.getpid()
        self._parts = build.parts
        self._sides = build.ends
        self._kept = build.kept
        self._names = [names[0], *(node.name for node in nodes), names[1]]
        self._error: BaseException | None = None
        #: Where it comes from: 0 is the source, 1 the first node; the sink is last. -1: no error.
        self.error_place = -1
        self._chains: list[Any] = []
        self._firsts: list[int] = []
        self._is_cancelled = False
        #: Whether the end of the program lets the source end, rather than dropping everything.
        self.stops_at_exit = False
        stages = []
        for build.place, node in enumerate(nodes, 1):
            stages.append(node._make(build))
        if code is not None:
            stages.append(convert_stage(code))
        shares = _shares(len(stages), threads)
        for number, share in enumerate(shares):
            end = sink
            following = source
            if number < len(shares) - 1:
                feed = Feed(nodes[share.stop - 1].output_kind, capacity)
                end, following = feed.sink(), feed.source()
            self._add_chain(source, [stages[i] for i in share], end)
            self._firsts.append(share.start)
            source = following
        for failures in self._parts.values():
            for failure in failures:
                failure.part.line = ref(self)
        _live.add(self)

    def _add_chain(self, source: Any, stages: list[Any], sink: Any) -> None:
        chain, err = owner("pst_chain *", lib.pst_chain_release), new_error()
        taken = ffi.new("pst_stage *[]", [stage[0] for stage in stages])
        check(
            lib.pst_chain_create_staged(
                chain, ffi.NULL, source[0], taken, len(stages), sink[0], err
            ),
            err,
        )
        source[0] = sink[0] = ffi.NULL
        for stage in stages:
            stage[0] = ffi.NULL
        self._chains.append(chain)

    # ---- Orders ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads, the last one first: what comes finds somebody."""
        err = new_error()
        try:
            for chain in reversed(self._chains):
                check(lib.pst_chain_start(chain[0], err), err)
        except BaseException:
            self.cancel()
            raise

    def stop(self) -> None:
        """Let the source end where it is; what it has given still arrives."""
        lib.pst_chain_stop(self._chains[0][0])

    def cancel(self) -> None:
        """End all as soon as possible. Does not wait."""
        self._is_cancelled = True
        for chain in self._chains:
            lib.pst_chain_cancel(chain[0])

    def close(self) -> None:
        """Cancel; the end of the program need not wait for it."""
        self.cancel()
        _live.discard(self)

    def abandon(self) -> None:
        """Cancel; nobody will ask for anything any more."""
        self.close()
        if self._sides:
            self._end_sides()  # Perhaps only once C is done with them, which they ask here.
        else:
            self._chains = []  # C frees them when their threads have ended.

    # ---- The end --------------------------------------------------------------------------------

    def _state(self, chain: Any) -> ChainState:
        progress = ffi.new("pst_chain_progress *")
        lib.pst_chain_get_progress(chain[0], progress)
        return ChainState(progress.state)

    @property
    def is_over(self) -> bool:
        """Whether all threads are done."""
        return all(self._state(chain) in _OVER for chain in self._chains)

    def look(self, slice_ns: int) -> int:
        """Wait for the end; return the status: PST_TIMEOUT if it has not come."""
        # The last one learns of every end and error; the others may wait for their source.
        for number, chain in enumerate(reversed(self._chains)):
            status = int(lib.pst_chain_wait(chain[0], slice_ns if number == 0 else 0, ffi.NULL))
            if status in (Status.FORKED, Status.BAD_STATE):
                return status
            if self._state(chain) not in _OVER:
                if number > 0:
                    lib.pst_chain_cancel(chain[0])
                    status = int(lib.pst_chain_wait(chain[0], slice_ns, ffi.NULL))
                if self._state(chain) not in _OVER:
                    return int(Status.TIMEOUT)
        self._set_free()
        return int(Status.OK)

    def wait(self, timeout: float | None) -> bool:
        """Wait for the end; False if it does not come in time."""
        deadline = Deadline(timeout)
        while True:
            slice_ns = deadline.slice_ns()
            status = self.look(slice_ns)
            if status != Status.TIMEOUT:
                check(status)
                return True
            if slice_ns == 0:
                return False

    async def wait_async(self, timeout: float | None) -> bool:
        """Await the end; False if it does not come in time."""

        def arm() -> int:
            for chain in reversed(self._chains):
                if self._state(chain) not in _OVER:
                    return int(lib.pst_chain_arm(chain[0]))
            return int(lib.pst_chain_arm(self._chains[-1][0]))

        status = await wait_async(self.look, arm, timeout)
        if status == Status.TIMEOUT:
            return False
        check(status)
        return True

    def lets_go(self) -> bool:
        """Whether Python's objects are free, or about to be; they are set free if all is over."""
        is_free = bool(self._chains) and self.look(0) == Status.OK
        return is_free or (self._is_cancelled and self._pid == os.getpid())

    def settle(self) -> None:
        """Wait until it is known what has ended it: something has."""
        deadline = Deadline(_SETTLE_S)
        while self.exception is None and self.look(_STEP_NS) == Status.TIMEOUT:
            if deadline.left() == 0.0:
                return

    def join(self) -> None:
        """Wait until all is over, as long as is bearable."""
        self.wait(_SETTLE_S)

    def _set_free(self) -> None:
        """Let Python's objects work elsewhere: all is over."""
        for failures in self._parts.values():
            for failure in failures:
                failure.part.let_go()
        _live.discard(self)
        self._end_sides()

    def _end_sides(self) -> None:
        while self._sides:
            try:
                side = self._sides.pop()
            except IndexError:  # Another thread has ended it.
                return
            try:
                side.end(self)
            except Exception as error:
                if self.exception is None:
                    self._error = error

    # ---- What there is --------------------------------------------------------------------------

    @property
    def exception(self) -> BaseException | None:
        """The first error, always the same object; None if there is none."""
        if self._error is None:
            self._error = self._find_error()
        return self._error

    def _find_error(self) -> BaseException | None:
        place = ffi.new("int32_t *")
        err = new_error()
        found: tuple[int, int] | None = None
        for number, chain in enumerate(self._chains):
            status = lib.pst_chain_error(chain[0], err)
            if status >= 0:
                continue
            lib.pst_chain_origin(chain[0], place)
            at = int(place[0]) + self._firsts[number]
            # What the threads hand to each other breaks because something else has.
            end = self._ends[number]
            is_first = number == 0 or place[0] > 0
            if is_first and (at < end or number == len(self._chains) - 1):
                return self._error_at(at, status, err)
            if found is None:
                found = (at, status)
        # It is known only when all are over that nothing else was the reason.
        if found is None or not self.is_over:
            return None
        return self._error_at(*found, err)

    @property
    def _ends(self) -> list[int]:
        """The place behind the last node of each chain."""
        return [*(first + 1 for first in self._firsts[1:]), 1 << 30]

    def _error_at(self, place: int, status: int, err: Any) -> BaseException:
        place = min(place, len(self._names) - 1)
        self.error_place = place
        for failure in self._parts.get(place, []):
            if failure.error is not None:
                return failure.error
        return error_for(status, err, origin=self.name_of(place))

    def name_of(self, place: int) -> str:
        """Return what errors call a place: 0 is the source, 1 the first node, the sink is last."""
        name = self._names[place]
        return f"node {place} ({name})" if 0 < place < len(self._names) - 1 else name

    def progress(self) -> tuple[ChainState, int, int, int]:
        """Return (state, frames pulled, frames pushed, fillers of them), without a lock."""
        first, last = ffi.new("pst_chain_progress *"), ffi.new("pst_chain_progress *")
        lib.pst_chain_get_progress(self._chains[0][0], first)
        lib.pst_chain_get_progress(self._chains[-1][0], last)
        state = ChainState(last.state)
        return state, int(first.pulled_frames), int(last.pushed_frames), int(last.filler_frames)


# ---- The end of the program ----------------------------------------------------------------------

_live: WeakSet[Line] = WeakSet()


def _end_all() -> None:
    """Let what is under way end while there still is a Python to call."""
    lines = [line for line in list(_live) if line._pid == os.getpid()]
    for line in lines:
        if line.stops_at_exit:
            line.stop()
        else:
            line.cancel()
    deadline = Deadline(_EXIT_S)
    for line in lines:
        line.wait(deadline.left())
        line.cancel()
    deadline = Deadline(SLICE_NS / 1e9)
    for line in lines:
        line.wait(deadline.left())
    lib.pst_python_is_over()


atexit.register(_end_all)
