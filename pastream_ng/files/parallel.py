# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Several writers that get the same buffers at the same time."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng._native.closing import Closing
from pastream_ng.errors import ArgumentError, ArgumentTypeError, ClosedError, ForkedError
from pastream_ng.packets.node_buffer import check_buffer

if TYPE_CHECKING:
    from pastream_ng.packets.node_buffer import NodeBuffer

__all__ = ["ParallelAudioWriter", "check_writer"]

_Calls = SimpleQueue[tuple["Future[None]", Callable[[], None]] | None]


def check_writer(name: str, writer: Any) -> Any:
    """Return an argument that must have ``push(buf)`` and ``finalize()``."""
    for method in ("push", "finalize"):
        if not callable(getattr(writer, method, None)):
            raise ArgumentTypeError(
                f"{name} is {shown(writer)} of type {type(writer).__name__}, which has no "
                f"{method}(); it must be an AudioFileWriter, or have push(buf) and finalize()"
            )
    return writer


def _work(calls: _Calls) -> None:
    """Do what comes, until None does."""
    while (item := calls.get()) is not None:
        result, call = item
        try:
            call()
        except BaseException as error:
            result.set_exception(error)
        else:
            result.set_result(None)
        del item, result, call  # Nothing is kept alive while nothing is to be done.


class ParallelAudioWriter(Closing):
    """Writers that all get the same buffers, each on a thread of its own.

    Encoding needs no Python, so several files of different kinds take as long as the slowest one,
    if there are cores enough.

    Parameters
    ----------
    writers : iterable, optional
        Each an `AudioFileWriter`, or anything else with ``push(buf)`` and ``finalize()``.

    Notes
    -----
    `push` returns when all writers have taken the buffer. What one of them raises does not keep the
    others from it; it is raised when all are done. Threads begin with the first buffer that two
    writers get, and end with the last reference or `finalize`.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 1, "f32")
    >>> files = [ps.AudioFileWriter(io.BytesIO(), kind) for kind in ("wav", "flac")]
    >>> with ps.ParallelAudioWriter(files) as writer:
    ...     writer.push(ps.NodeBuffer.pcm(np.zeros((1, 480), "float32"), fmt))
    ...     print(len(writer), [file.frames for file in files])
    2 [480, 480]
    """

    def __init__(self, writers: Iterable[Any] = ()) -> None:
        if not isinstance(writers, Iterable):
            raise ArgumentTypeError(
                f"writers is {shown(writers)} of type {type(writers).__name__}; it must be a list "
                "of writers"
            )
        self._writers: list[Any] = []
        self._threads: list[_Calls] = []
        self._under_way: list[Future[None]] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._is_over = False
        for writer in writers:
            self.bind(writer)

    @property
    def writers(self) -> tuple[Any, ...]:
        """All of them, in the order in which they were bound."""
        return tuple(self._writers)

    @property
    def closed(self) -> bool:
        """Whether it was finalized."""
        return self._is_over

    def __len__(self) -> int:
        return len(self._writers)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<ParallelAudioWriter of {self._writers!r}>"

    def bind(self, writer: Any) -> None:
        """Add a writer, which gets all buffers from now on.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            It is bound already, or cannot push and finalize.
        ClosedError, ForkedError
        """
        check_writer("writer", writer)
        self._use()
        with self._lock:
            self._use()
            if writer is self or any(writer is other for other in self._writers):
                raise ArgumentError(f"writer is {shown(writer)}; it is bound already")
            self._writers.append(writer)

    def _use(self) -> None:
        if self._pid != os.getpid():
            raise ForkedError(
                "this writer belongs to the process that made it, which was forked since; make "
                "one here"
            )
        if self._is_over:
            raise ClosedError("The writer is closed")

    def push(self, buf: NodeBuffer) -> None:
        """Give all writers a buffer, and wait until they have taken it.

        Raises
        ------
        Exception
            What the first of them raises that does, in the order in which they were bound.
        ArgumentTypeError
            It is no buffer.
        ClosedError, ForkedError
        """
        check_buffer("buf", buf)
        self._use()  # First without the lock: a forked child may find it taken for ever.
        with self._lock:
            self._use()
            self._settle()
            while len(self._threads) < len(self._writers) - 1:
                self._threads.append(_begin(self))
            self._all([_push(writer, buf) for writer in self._writers])

    def finalize(self) -> None:
        """Finalize all writers, each once. Idempotent.

        Raises
        ------
        Exception
            What the first of them raises that does; all are finalized nevertheless.
        """
        if self._pid != os.getpid():
            return
        with self._lock:
            if self._is_over:
                return
            self._settle()
            self._is_over = True
            try:
                self._all([_finalize(writer) for writer in self._writers])
            finally:
                _end(self._threads)

    def close(self) -> None:
        """Do the same as `finalize`."""
        self.finalize()

    def _settle(self) -> None:
        """Wait for what Ctrl-C has left under way."""
        wait(self._under_way)
        self._under_way = []

    def _all(self, calls: list[Callable[[], None]]) -> None:
        """Do all of it at once, and raise the first error."""
        found = self._first_error(calls)
        try:
            if found is not None:
                raise found
        finally:
            del found  # Else it and its traceback would keep one another.

    def _first_error(self, calls: list[Callable[[], None]]) -> BaseException | None:
        """Do the first here and one on each thread; what has none is done here, too."""
        n_there = min(len(self._threads), max(0, len(calls) - 1))
        there, here = calls[1 : 1 + n_there], calls[:1] + calls[1 + n_there :]
        for thread, call in zip(self._threads, there, strict=False):
            result: Future[None] = Future()
            thread.put((result, call))
            self._under_way.append(result)  # After it: Ctrl-C must leave none that never ends.
        errors = [_error_of(call) for call in here]
        errors[1:1] = [result.exception() for result in self._under_way]
        self._under_way = []
        return next((error for error in errors if error is not None), None)


def _push(writer: Any, buf: NodeBuffer) -> Callable[[], None]:
    return lambda: writer.push(buf)


def _finalize(writer: Any) -> Callable[[], None]:
    return lambda: writer.finalize()


def _error_of(call: Callable[[], None]) -> BaseException | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def _begin(owner: ParallelAudioWriter) -> _Calls:
    """Return the way to a new thread, which ends with its owner."""
    calls: _Calls = SimpleQueue()
    threading.Thread(target=_work, args=(calls,), name="pastream-writer", daemon=True).start()
    weakref.finalize(owner, calls.put, None)
    return calls


def _end(threads: list[_Calls]) -> None:
    for calls in threads:
        calls.put(None)
    threads.clear()
