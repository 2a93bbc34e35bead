# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Who does the jobs of a batch: threads of C in this process, or an executor."""

from __future__ import annotations

import select
import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng._native.waits import Deadline
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentTypeError, TranscodeCancelledError
from pastream_ng.transcoding.batch_work import (
    CANCELLED,
    Outcome,
    prepared,
    run_anywhere,
    run_blocking,
)
from pastream_ng.transcoding.ends import may_wait
from pastream_ng.transcoding.option_values import is_path

if TYPE_CHECKING:
    from pastream_ng.transcoding.batch_core import Core
    from pastream_ng.transcoding.batch_plan import Item
    from pastream_ng.transcoding.job import Job
    from pastream_ng.transcoding.transcoder import Transcoder

__all__ = ["Crew", "ExecutorCrew", "NativeCrew", "executor_of"]

# How long jobs that cannot be cancelled are waited for when the batch is, in seconds.
_GRACE_S = 1.5
# How often to look where the system has no descriptor to wait for, in milliseconds.
_POLL_MS = 5
# The longest wait, in case that a wake-up was lost.
_SLICE_MS = 1000

_GOES_ON = (
    "the batch was cancelled while this job was under way elsewhere, where it may go on: its "
    "output may still appear"
)


class Crew(ABC):
    """Does the jobs of a batch, on the one thread that calls `work`.

    Parameters
    ----------
    core : Core
        The batch.
    limit : int or None
        How many jobs are under way at once.
    """

    def __init__(self, core: Core, limit: int | None) -> None:
        self._core = core
        self._limit = limit
        self._waiting = deque(core.order())
        # What was done on other threads, which put it here.
        self._posted: deque[tuple[int, Any]] = deque()
        self._busy: set[int] = set()

    def work(self) -> None:
        """Do all jobs, or give them up once the batch is cancelled."""
        core, grace = self._core, None
        while True:
            core.wake.clear()
            if core.is_cancelled and grace is None:
                grace = Deadline(_GRACE_S)
                self._give_up()
            while self._waiting and (self._limit is None or len(self._busy) < self._limit):
                if core.is_cancelled:
                    break
                self._begin(self._waiting.popleft())
            if self._collect():
                continue
            if not self._busy and not self._waiting:
                return
            left = None if grace is None else grace.left()
            if left == 0.0:
                for number in list(self._busy):
                    self._settle(number, Outcome(error=TranscodeCancelledError(_GOES_ON)))
                return
            self._sleep(_SLICE_MS if left is None else min(_SLICE_MS, 1 + int(left * 1e3)))

    def _give_up(self) -> None:
        while self._waiting:
            number = self._waiting.popleft()
            self._core.settle(number, Outcome(error=TranscodeCancelledError(CANCELLED)))
        self._core.cancel_running()

    @abstractmethod
    def _begin(self, number: int) -> None:
        """Begin a job, or settle it if it cannot begin."""

    @abstractmethod
    def _outcome(self, posted: Any) -> Outcome:
        """Return what came of a job, of what was posted."""

    def _post(self, number: int, what: Any) -> None:
        """Tell from any thread that a job is over."""
        self._posted.append((number, what))
        self._core.wake.set()

    def _collect(self) -> bool:
        """Settle the jobs that are over; False if there are none."""
        found = False
        while self._posted:
            number, posted = self._posted.popleft()
            self._settle(number, self._outcome(posted))
            found = True
        return found

    def _settle(self, number: int, outcome: Outcome) -> None:
        self._busy.discard(number)
        self._core.settle(number, outcome)

    def _sleep(self, milliseconds: int) -> None:
        poller = select.poll()
        poller.register(self._core.wake.fd, select.POLLIN)
        for fd in self._fds():
            if fd >= 0:
                poller.register(fd, select.POLLIN)
            else:
                milliseconds = min(milliseconds, _POLL_MS)
        poller.poll(milliseconds)

    def _fds(self) -> list[int]:
        """Return what else wakes; a negative one stands for what has none."""
        return []


class NativeCrew(Crew):
    """Does jobs on threads of C in this process, so many at once."""

    def __init__(self, core: Core, limit: int) -> None:
        super().__init__(core, limit)
        self._jobs: dict[int, Job] = {}

    def _begin(self, number: int) -> None:
        self._busy.add(number)
        begun = _begun(self._core.items[number])
        if isinstance(begun, Outcome):
            self._settle(number, begun)
            return
        transcoder, job = begun
        self._core.begin(number, transcoder)
        if job is None:
            self._begin_blocking(number, transcoder)
        else:
            self._jobs[number] = job

    def _begin_blocking(self, number: int, transcoder: Transcoder) -> None:
        """Do a job whose files may not open at once on a thread of its own."""

        def work() -> None:
            self._post(number, run_blocking(transcoder))

        try:
            threading.Thread(target=work, name="pastream_ng job", daemon=True).start()
        except RuntimeError as error:  # No more threads.
            self._settle(number, Outcome(error=error))

    def _outcome(self, posted: Any) -> Outcome:
        outcome: Outcome = posted
        return outcome

    def _collect(self) -> bool:
        found = super()._collect()
        for number, job in list(self._jobs.items()):
            if job.look(0) != Status.TIMEOUT:
                del self._jobs[number]
                self._settle(number, _outcome_of(job))
                found = True
        return found

    def _fds(self) -> list[int]:
        return [job.arm() for job in self._jobs.values()]


def _begun(item: Item) -> tuple[Transcoder, Job | None] | Outcome:
    """Return a job that has begun, None in its place if beginning may take time, or its failure."""
    try:
        transcoder = prepared(item.options())
        if any(is_path(end) and may_wait(end) for end in (item.input, item.output)):
            return transcoder, None
        job = transcoder._begin()
        job.start()
    except BaseException as error:
        return Outcome(error=error)
    return transcoder, job


def _outcome_of(job: Job) -> Outcome:
    """Return what came of a job that is over."""
    try:
        error = job.error()
        return Outcome(job.stats()) if error is None else Outcome(error=error)
    except BaseException as error:
        return Outcome(error=error)


# ---- Executors -----------------------------------------------------------------------------------


def executor_of(executor: Any) -> Executor | None:
    """Return the executor that was given; a client of dask has one."""
    if executor is None or isinstance(executor, Executor):
        return executor
    get = getattr(executor, "get_executor", None)
    made = get() if callable(get) else None
    if isinstance(made, Executor):
        return made
    raise ArgumentTypeError(
        f"executor is {shown(executor)} of type {type(executor).__name__}; it must be an Executor "
        "of concurrent.futures, or a Client of dask.distributed"
    )


class ExecutorCrew(Crew):
    """Lets an executor do the jobs.

    Parameters
    ----------
    core, limit
        As for `Crew`; without a limit the executor gets all at once.
    executor : concurrent.futures.Executor
        Who does them.
    """

    def __init__(self, core: Core, limit: int | None, executor: Executor) -> None:
        super().__init__(core, limit)
        self._executor = executor
        self._futures: dict[int, Future[Outcome]] = {}

    def _begin(self, number: int) -> None:
        core = self._core
        self._busy.add(number)
        core.begin(number, None)
        try:
            options = core.items[number].options(absolute=True)
            future = self._executor.submit(run_anywhere, options, core.name, number)
        except BaseException as error:  # It is broken, or was shut down.
            self._settle(number, Outcome(error=error))
            return
        self._futures[number] = future
        future.add_done_callback(partial(self._post, number))

    def _give_up(self) -> None:
        super()._give_up()
        for future in list(self._futures.values()):
            future.cancel()

    def _outcome(self, posted: Any) -> Outcome:
        future: Future[Outcome] = posted
        if future.cancelled():
            text = _GOES_ON if self._core.is_cancelled else "the executor has cancelled this job"
            return Outcome(error=TranscodeCancelledError(text))
        error = future.exception()
        return future.result() if error is None else Outcome(error=error)

    def _settle(self, number: int, outcome: Outcome) -> None:
        self._futures.pop(number, None)
        super()._settle(number, outcome)
