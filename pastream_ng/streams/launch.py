# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Starting a run with all that takes part in it, and seeing it off."""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, hostlog, lib
from pastream_ng._native.errors import check
from pastream_ng._native.waits import SLICE_NS, wait
from pastream_ng.enums import Status
from pastream_ng.errors import (
    ArgumentTypeError,
    ClosedError,
    PastreamTimeoutError,
    StateError,
)
from pastream_ng.rings.transfer import RunOver
from pastream_ng.rings.views import nobody
from pastream_ng.streams.endpoints import Endpoint
from pastream_ng.streams.lengths import Limits
from pastream_ng.streams.run import JOIN_S, Run, RunUser, is_own_thread

if TYPE_CHECKING:
    from pastream_ng.rings import RingBuffer
    from pastream_ng.streams.base import StreamBase

# How long a start that fails waits for its writer, in seconds.
_SOON_S = 1.0

__all__ = ["Launch", "Launcher", "caller_of", "prebuffer_of"]


class Launch(NamedTuple):
    """What a run is made of."""

    limits: Limits
    source: Endpoint | None = None
    sink: Endpoint | None = None
    prebuffer: int = 1
    timeout: float | None = None


def prebuffer_of(value: Any) -> int:
    """Return the frames that must have been written before a start."""
    if isinstance(value, bool):
        return int(value)
    return integer("prebuffer", value, 0, unit="frames, or a bool")


def caller_of(callback: Any) -> Callable[[Any], object] | None:
    """Return a function of the stream that calls what a user gave as ``finished_callback``."""
    if callback is None:
        return None
    if not callable(callback):
        raise ArgumentTypeError(
            f"finished_callback is {shown(callback)}; it must be a function of the stream"
        )
    try:
        inspect.signature(callback).bind(None)
    except ValueError:  # Written in C, and silent about itself.
        pass
    except TypeError:
        return lambda _stream: callback()
    result: Callable[[Any], object] = callback
    return result


class Launcher:
    """The part of a stream that knows its runs. It does not know the stream itself.

    Attributes
    ----------
    source, sink : Endpoint or None
        Of the runs that bring none of their own.
    callback : callable or None
        Called with the stream after each run.
    run : Run or None
        The last one.
    lock : threading.Lock
        One start at a time. Taken by nothing but ``with``: an interrupt leaves it free.
    """

    def __init__(self, callback: Callable[[Any], object] | None) -> None:
        self.source: Endpoint | None = None
        self.sink: Endpoint | None = None
        self.callback = callback
        self.run: Run | None = None
        self._wrote = False
        self._is_starting = False
        self._awaits_workers = False
        self.lock = threading.Lock()

    def may_start(self, stream: StreamBase) -> bool:
        """Whether the calling thread may take the lock.

        False for a thread of the stream's own while a start waits for it.
        """
        while self.lock.locked() and is_own_thread(stream):
            if self._awaits_workers:
                return False
            time.sleep(0.001)
        return True

    def check_may_start(self, stream: StreamBase) -> None:
        """Raise where `may_start` says no."""
        if not self.may_start(stream):
            raise StateError("the stream is starting, and waits for the function that calls this")

    # ---- Before -----------------------------------------------------------------------------

    def prepare(self, stream: StreamBase, launch: Launch) -> Run:
        """Put everything in its place, and wait until the writer has begun. Under the lock."""
        # A run may have ended by itself, and its writer not know it yet.
        self.retire(self.run)
        try:
            self._awaits_workers = True
            self.see_off(stream, self.run)
        finally:
            self._awaits_workers = False
        self._refuse_leftovers()
        stream._forget_failure()
        run = Run(stream)
        source = launch.source
        if stream._output is not None:
            if self._wrote:
                # What the last run's writer has written too late.
                self._wrote = False
                lib.pst_stream_clear_output(stream._pointer)
            stream._take_output_ring(source)
        self.run = run
        if source is None:
            return run
        run.ends.append(source)
        try:
            source.begin(stream)
            if source.function is not None:
                self._wrote = self._awaits_workers = True
                _launch_writer(stream, run, source)
            if launch.prebuffer and (source.prebuffers or source.function is not None):
                self._is_starting = self._awaits_workers = True
                _await_writer(stream, run, launch)
        except BaseException as error:
            self.give_up(stream, run, error)
            raise
        finally:
            self._is_starting = self._awaits_workers = False
        return run

    def _refuse_leftovers(self) -> None:
        names = self.run.unfinished() if self.run is not None else []
        if names:
            raise StateError(
                f"the function on the thread '{names[0]}' has not returned since the last run "
                "ended; until it does, the stream cannot start again"
            )

    def give_up(self, stream: StreamBase, run: Run, error: BaseException) -> None:
        """Send everybody home whose run does not begin. Ctrl-C waits for nobody."""
        run.is_over = True
        limit = _SOON_S if isinstance(error, Exception) else 0.0
        if stream._output is not None and self._wrote:
            lib.pst_ring_end(_output_of(stream)._ring.pointer)  # Wakes the writer.
            run.join(limit)
            lib.pst_stream_clear_output(stream._pointer)
        self.see_off(stream, run, 0.0)
        if not run.unfinished():
            # An interrupt may have come between a claim and the thread it was for.
            for ring, user, end in (
                (stream._own_output(), run.writer, "_write_user"),
                (stream._own_input(), run.reader, "_read_user"),
            ):
                if ring is not None:
                    _leave(user, ring, end)

    # ---- During -----------------------------------------------------------------------------

    def join_in(self, stream: StreamBase, run: Run, sink: Endpoint | None) -> None:
        """Start what takes part once the stream runs."""
        if sink is not None:
            run.ends.append(sink)
            sink.begin(stream)
            if sink.function is not None:
                _launch_reader(stream, run, sink)
        if stream._failed:
            stream._abort_run()  # The writer did, when there was nothing yet to abort.
        if self.callback is not None:
            callback, reference = self.callback, ref(stream)
            run.launch("watcher", lambda: _watch(reference, run, callback))

    def accompany(self, stream: StreamBase) -> None:
        """Watch a run that somebody else has started."""
        self.retire(self.run)
        self.see_off(stream, self.run)
        run = self.run = Run(stream)
        run.has_begun = True
        self.join_in(stream, run, None)

    # ---- After ------------------------------------------------------------------------------

    def cancel(self, stream: StreamBase) -> None:
        """End a start that still waits for its writer."""
        run = self.run
        if self._is_starting and run is not None:
            run.is_over = True
            lib.pst_ring_end(_output_of(stream)._ring.pointer)

    def retire(self, run: Run | None) -> None:
        """Let the writer of a run that is over write no more."""
        if run is not None and run.has_begun:
            run.is_over = True

    def see_off(self, stream: StreamBase, run: Run | None, limit: float | None = JOIN_S) -> bool:
        """Wait for the threads of a run that is over; False if they are not in time.

        Those that do not return are left to themselves.
        """
        if run is None or stream._pid != os.getpid() or not (run.has_begun or run.is_over):
            return True
        if not run.join(limit):
            return False
        ends, run.ends = run.ends, []
        for end in ends:
            try:
                end.end(stream)
            except Exception as error:  # It is for the owner.
                stream._fail(error)
        return True

    def warn_of_leftovers(self, run: Run | None) -> None:
        """Log which functions did not return in time."""
        for name in run.unfinished() if run is not None else []:
            hostlog.warn("the function on the thread '%s' did not return in %g s", name, JOIN_S)


def _output_of(stream: StreamBase) -> RingBuffer:
    ring = stream._own_output()
    assert ring is not None
    return ring


def _input_of(stream: StreamBase) -> RingBuffer:
    ring = stream._own_input()
    assert ring is not None
    return ring


def _launch_writer(stream: StreamBase, run: Run, source: Endpoint) -> None:
    ring, function = _output_of(stream), source.function
    assert function is not None
    with ring._write_lock:
        ring._check_writer()
        ring._write_user = ref(run.writer)

    def work() -> None:
        run.writer.thread = threading.get_ident()
        try:
            function(stream, ring)
        except BaseException as error:
            _report(stream, run, error)
        finally:
            if not run.is_over:
                lib.pst_ring_end(ring._ring.pointer)
            _leave(run.writer, ring, "_write_user")

    run.launch("writer", work)


def _launch_reader(stream: StreamBase, run: Run, sink: Endpoint) -> None:
    ring, function = _input_of(stream), sink.function
    assert function is not None
    ring._claim(run.reader)

    def work() -> None:
        run.reader.thread = threading.get_ident()
        try:
            function(stream, ring)
        except BaseException as error:
            _report(stream, run, error)
        finally:
            _leave(run.reader, ring, "_read_user")

    run.launch("reader", work)


def _leave(user: RunUser, ring: RingBuffer, end: str) -> None:
    if getattr(ring, end)() is user:
        setattr(ring, end, nobody)


def _report(stream: StreamBase, run: Run, error: BaseException) -> None:
    """Keep what a function has raised, and end its run."""
    was_woken = run.is_over or (run.has_begun and not stream.active)
    if isinstance(error, (SystemExit, RunOver)) or (isinstance(error, StateError) and was_woken):
        return
    stream._fail(error)
    # The device may run before the thread that starts it has noted so.
    if (run.has_begun or stream.active) and not run.is_over:
        stream._abort_run()


def _await_writer(stream: StreamBase, run: Run, launch: Launch) -> None:
    """Wait until the writer has written as much as was asked for, has returned, or has failed."""
    ring = _output_of(stream)
    n = min(launch.prebuffer, len(ring))
    limit = stream._prebuffer_timeout if launch.timeout is None else launch.timeout
    status = wait(
        lambda slice_ns: lib.pst_ring_wait_readable(ring._ring.pointer, 0, n, slice_ns), limit
    )
    if status == Status.TIMEOUT:
        raise PastreamTimeoutError(
            f"timeout: the writer has written {ring.read_available} of {n} frames within {limit} "
            "s; the stream was not started"
        )
    if status == Status.CLOSED:
        raise ClosedError("the stream was closed while it waited for its writer")
    if run.is_over:
        raise StateError("the stream was stopped while it waited for its writer")
    if status == Status.END:
        # It has returned, or failed; the thread is about to end.
        run.join(JOIN_S)
        stream._raise_pending()
    else:
        check(status)


def _watch(reference: ref[StreamBase], run: Run, callback: Callable[[Any], object]) -> None:
    """Call a function after a run. A stream that is dropped meanwhile calls nobody."""
    while True:
        stream = reference()
        if stream is None:
            return
        if lib.pst_stream_wait(stream._pointer, SLICE_NS, ffi.NULL) != Status.TIMEOUT:
            break
        if run.is_over:
            break
        del stream
    me = threading.current_thread()
    for worker in list(run.workers):
        if worker is not me:
            worker.join(JOIN_S)
    try:
        callback(stream)
    except BaseException as error:
        stream._fail(error)
