# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The threads of a run: Python functions that fill or empty a stream's rings.

They are daemons, so that a function that never returns cannot keep the program from ending, and
nobody waits for them without a bound, or with a lock in his hands.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from pastream_ng._native.waits import Deadline
from pastream_ng.rings.transfer import RunOver
from pastream_ng.rings.views import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.endpoints import Endpoint

__all__ = ["JOIN_S", "Run", "RunThread"]

#: How long stop and close wait for a function that does not return, in seconds.
JOIN_S = 5.0


class RunThread(threading.Thread):
    """A thread that runs a function once and hands what it raises to the stream.

    Parameters
    ----------
    run : Run
        What it belongs to.
    name : str
        What messages call it.
    work : callable
        What to do; forgotten as soon as it is done, with all that it refers to.
    """

    def __init__(self, run: Run, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=f"pastream {name}", daemon=True)
        self.run_of = run
        self._work: Callable[[], None] | None = work
        self._is_done = threading.Event()

    def run(self) -> None:
        """Do the work. Called by `start`."""
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            del work
            self._is_done.set()

    @property
    def is_done(self) -> bool:
        """Whether the function has returned."""
        return self._is_done.is_set()

    def wait(self, deadline: Deadline) -> bool:
        """Wait until the function has returned; False if the time is over."""
        while not self._is_done.wait(deadline.slice_ns() / 1e9):
            if deadline.slice_ns() == 0:
                return False
        return True


class Run:
    """One run of a stream, as far as threads take part in it.

    It refers to its stream weakly: a stream dies with its last user.

    Attributes
    ----------
    workers : list of RunThread
        In the order of their start.
    ends : list of Endpoint
        What is to be told when it is over.
    has_begun : bool
        The stream was started.
    is_over : bool
        The writer of this run may write no more.
    """

    def __init__(self, stream: StreamBase) -> None:
        self.stream = weakref.ref(stream)
        self.workers: list[RunThread] = []
        self.ends: list[Endpoint] = []
        self.has_begun = False
        self.is_over = False
        #: Who keeps everybody else from the rings while a function works there.
        self.writer = RunUser(self, "the writer function")
        self.reader = RunUser(self, "the reader function")

    def launch(self, name: str, work: Callable[[], None]) -> RunThread:
        """Start a thread."""
        worker = RunThread(self, name, work)
        self.workers.append(worker)
        worker.start()
        return worker

    def join(self, limit: float | None) -> bool:
        """Wait until all threads are done; False if one is not in time.

        A thread of the stream's own does not wait: it would wait for itself.
        """
        if is_own_thread(self.stream()):
            return True
        deadline = Deadline(limit)
        return all(worker.wait(deadline) for worker in list(self.workers))

    def unfinished(self) -> list[str]:
        """Return the names of the threads that are not done, but for the calling one."""
        me = threading.current_thread()
        return [worker.name for worker in self.workers if not worker.is_done and worker is not me]


class RunUser(User):
    """The function that has one end of a ring: its own thread may use it while the run lasts."""

    __slots__ = ("_run", "thread")

    def __init__(self, run: Run, name: str) -> None:
        super().__init__(name)
        self._run = weakref.ref(run)
        self.thread: int | None = None

    def refuse(self, text: str) -> None:
        """Let the function itself pass; the writer only while its run lasts."""
        if self.thread != threading.get_ident():
            super().refuse(text)
        run = self._run()
        if run is None or (run.is_over and self is run.writer):
            raise RunOver("the run that this function belongs to is over")


def is_own_thread(stream: StreamBase | None) -> bool:
    """Whether the calling thread is one of a stream's workers."""
    thread = threading.current_thread()
    return isinstance(thread, RunThread) and thread.run_of.stream() is stream
