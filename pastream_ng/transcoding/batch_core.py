# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The jobs of a batch from their begin to their results: what any thread may ask for."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pastream_ng._native.waits import Deadline, wake
from pastream_ng.errors import TranscodeCancelledError
from pastream_ng.transcoding.batch_values import BatchProgress, BatchResult
from pastream_ng.transcoding.batch_work import Outcome, cores
from pastream_ng.transcoding.ends import identity_of

if TYPE_CHECKING:
    import asyncio

    from pastream_ng.transcoding.batch_plan import Item
    from pastream_ng.transcoding.transcoder import Transcoder

__all__ = ["Core"]


class Wake:
    """A pipe that ends a poll. It is open as long as anybody might write to it."""

    fd = _write = -1

    def __init__(self) -> None:
        self.fd, self._write = os.pipe()
        for fd in (self.fd, self._write):
            os.set_blocking(fd, False)

    def set(self) -> None:
        """End the poll, or the next one. Any thread, at any time."""
        with suppress(BlockingIOError):
            os.write(self._write, b"\0")

    def clear(self) -> None:
        """Make the next poll wait again."""
        with suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def __del__(self) -> None:
        for fd in (self.fd, self._write):
            if fd >= 0:
                os.close(fd)


class Core:
    """What the threads of a batch and its users share; it outlives the `TranscodeBatch`.

    Parameters
    ----------
    items : sequence of Item
        What is to be done; a job's number is its place there.
    results : sequence of BatchResult
        What is known before.
    skips : bool
        Whether an output that is there counts as done.
    """

    def __init__(
        self, items: Sequence[Item], results: Sequence[BatchResult], *, skips: bool
    ) -> None:
        self.pid = os.getpid()
        self.name = uuid.uuid4().hex
        self.items = items
        self.total = len(items) + len(results)
        self.wake = Wake()
        #: Set without a lock: finalizers run anywhere, also in a thread that has the lock.
        self.is_cancelled = False
        #: What a progress callback has raised.
        self.error: BaseException | None = None
        self._is_error_told = False
        self.is_over = False
        self._begun = time.monotonic()
        self._ended: float | None = None
        self._changed = threading.Condition(threading.RLock())
        self._skips = skips
        self._made: set[tuple[int, int]] = set()
        self._results: list[BatchResult] = []
        self._fresh: deque[BatchResult] = deque()
        self._loops: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}
        self._running: dict[int, Transcoder | None] = {}
        self._left = set(range(len(items)))
        self._counts = {"done": 0, "failed": 0, "skipped": 0, "cancelled": 0}
        self._frames = self._size = 0
        self._seconds = 0.0
        self._weigh()
        cores[self.name] = self
        with self._changed:
            for result in results:
                self._add(result)

    def is_here(self) -> bool:
        """Whether this is the process that has made it."""
        return self.pid == os.getpid()

    # ---- Its jobs -------------------------------------------------------------------------------

    def _weigh(self) -> None:
        """Give each job the bytes of its input as its weight; the mean where they are not known."""
        known = [item.size for item in self.items if item.size > 0]
        mean = sum(known) / len(known) if known else 1.0
        self._weights = [float(item.size) if item.size > 0 else mean for item in self.items]
        self._weight = sum(self._weights)
        self._weight_done = self._weight_over = 0.0

    def order(self) -> list[int]:
        """Return the numbers of the jobs, longest first: so the last ones end together."""
        return sorted(range(len(self.items)), key=lambda number: -self._weights[number])

    def begin(self, number: int, transcoder: Transcoder | None) -> None:
        """Tell that a job is under way, by whom it can be watched, if by anybody."""
        with self._changed:
            if number in self._left:
                self._running[number] = transcoder

    @contextmanager
    def watched(self, number: int, transcoder: Transcoder) -> Iterator[None]:
        """Tell that a job is under way in this thread."""
        self.begin(number, transcoder)
        if self.is_cancelled:
            transcoder.cancel()
        try:
            yield
        finally:
            with self._changed:
                if number in self._running:
                    self._running[number] = None

    def settle(self, number: int, outcome: Outcome) -> None:
        """Take what came of a job."""
        place = identity_of(self.items[number].output)
        with self._changed:
            if number not in self._left:
                return
            self._left.discard(number)
            self._running.pop(number, None)
            weight = self._weights[number]
            if (
                self._skips
                and isinstance(outcome.error, FileExistsError)
                and place not in self._made
            ):
                # Somebody else has made it meanwhile, or an executor has done the job twice, since
                # the worker died that had just completed it.
                outcome = Outcome(skipped=True)
            stats = outcome.stats
            if stats is not None:
                if place is not None:
                    self._made.add(place)
                self._frames += stats.frames_decoded
                self._seconds += stats.seconds
                self._size += stats.output_size
                self._weight_done += weight
            if not isinstance(outcome.error, TranscodeCancelledError):
                self._weight_over += weight
            self._add(self.items[number].result(**outcome._asdict()))

    def _add(self, result: BatchResult) -> None:
        if result.error is None:
            kind = "skipped" if result.skipped else "done"
        else:
            kind = "cancelled" if result.cancelled else "failed"
        self._counts[kind] += 1
        self._results.append(result)
        self._fresh.append(result)
        self._tell()

    def left(self) -> list[int]:
        """Return the numbers of the jobs that have no result."""
        with self._changed:
            return sorted(self._left)

    def cancel(self) -> None:
        """End all jobs as soon as possible. Takes no lock, does not wait."""
        self.is_cancelled = True
        self.wake.set()

    def cancel_running(self) -> None:
        """Cancel the jobs that can be watched."""
        with self._changed:
            running = list(self._running.values())
        for transcoder in running:
            if transcoder is not None:
                transcoder.cancel()

    def fail(self, error: BaseException) -> None:
        """Keep what a callback has raised, and end all."""
        self.error = error
        self.cancel()

    def end(self) -> None:
        """Tell that there will be no more results, or callbacks."""
        with self._changed:
            self.stop_clock()
            self.is_over = True
            self._tell()

    def stop_clock(self) -> None:
        """Let the time stand still."""
        if self._ended is None:
            self._ended = time.monotonic()

    # ---- Its users ------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Wake all who wait; the lock is held."""
        self._changed.notify_all()
        for woken, loop in self._loops.items():
            with suppress(RuntimeError):  # The loop was closed.
                loop.call_soon_threadsafe(wake, woken)
        self._loops.clear()

    def results(self) -> list[BatchResult]:
        """Return all results so far."""
        with self._changed:
            return list(self._results)

    def raise_error(self) -> None:
        """Raise what a callback has raised, once."""
        if self.error is not None and not self._is_error_told:
            self._is_error_told = True
            raise self.error

    def take(self, deadline: Deadline) -> BatchResult | None:
        """Return a result that nobody else has got; None: there will be none, or not in time."""
        with self._changed:
            while True:
                self.raise_error()
                if self._fresh:
                    return self._fresh.popleft()
                if self.is_over or not self._sleep(deadline):
                    return None

    def take_now(self) -> BatchResult | None:
        """Return a result that nobody else has got, or None."""
        with self._changed:
            self.raise_error()
            return self._fresh.popleft() if self._fresh else None

    def wait(self, deadline: Deadline) -> bool:
        """Wait until all is over."""
        with self._changed:
            while not self.is_over:
                if not self._sleep(deadline):
                    return False
        return True

    def _sleep(self, deadline: Deadline) -> bool:
        """Wait for a change; False if the time is over. The lock is held."""
        slice_ns = deadline.slice_ns()
        if slice_ns > 0:
            self._changed.wait(slice_ns / 1e9)
        return slice_ns > 0

    async def result_async(self) -> None:
        """Await that there is something to take, or that there will be nothing."""
        await self._change(None, lambda: bool(self._fresh or self.error or self.is_over))

    async def wait_async(self, seconds: float | None) -> None:
        """Await the end, so many seconds at most."""
        deadline = Deadline(seconds)
        while not self.is_over and deadline.left() != 0.0:
            await self._change(deadline.left(), lambda: self.is_over)

    async def _change(self, seconds: float | None, is_there: Callable[[], bool]) -> None:
        """Await a change, unless what is awaited is there."""
        import asyncio

        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        with self._changed:
            if is_there():
                return
            self._loops[woken] = loop
        try:
            await asyncio.wait([woken], timeout=seconds)
        finally:
            with self._changed:
                self._loops.pop(woken, None)

    # ---- How far it is --------------------------------------------------------------------------

    def progress(self) -> BatchProgress:
        """Return how far all have come."""
        with self._changed:
            counts = dict(self._counts)
            running = dict(self._running)
            frames, size, seconds = self._frames, self._size, self._seconds
            done, over = self._weight_done, self._weight_over
            n_left = len(self._left)
            ended = self._ended
        for number, transcoder in running.items():
            if transcoder is None:
                continue
            now = transcoder.progress
            frames += now.frames
            size += now.size
            seconds += now.seconds
            part = self._weights[number] * (now.percent or 0.0) / 100
            done += part
            over += part
        elapsed = (time.monotonic() if ended is None else ended) - self._begun
        whole = self._weight
        # Skipped jobs count as those that are left: a batch that goes on begins where it was.
        n_before = self.total - len(self.items)
        mean = whole / len(self.items) if self.items else 1.0
        percent, eta = 100.0, 0.0 if n_left == 0 else None
        if n_left or counts["cancelled"]:
            percent = min(99.9, 100.0 * (over + mean * n_before) / (whole + mean * n_before))
        if n_left and done > 0:
            eta = elapsed * max(0.0, whole - over) / done
        return BatchProgress(
            percent,
            self.total,
            counts["done"],
            counts["failed"],
            counts["skipped"],
            counts["cancelled"],
            len(running),
            frames,
            seconds,
            elapsed,
            seconds / elapsed if elapsed > 0 else 0.0,
            eta,
            size,
        )
