# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The threads of a batch: one that hands out the jobs, and one that tells how far they are."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from pastream_ng._native.waits import Deadline
from pastream_ng.transcoding.batch_work import Outcome
from pastream_ng.transcoding.callbacks import tell

if TYPE_CHECKING:
    from pastream_ng.transcoding.batch import BatchCallback
    from pastream_ng.transcoding.batch_core import Core
    from pastream_ng.transcoding.batch_crews import Crew

__all__ = ["Reporter", "start"]

# How often progress is told, in seconds.
_TICK_S = 0.1
# How long the end of the program waits for what it has cancelled, in seconds.
_EXIT_S = 2.0


class Reporter:
    """Tells a callback how far a batch is, on a thread of its own: slow ones hold nothing up.

    Parameters
    ----------
    core : Core
        The batch.
    callback : callable
        Gets a `BatchProgress`.
    """

    def __init__(self, core: Core, callback: BatchCallback) -> None:
        self._core = core
        self._callback = callback
        self._is_done = threading.Event()
        self.thread = threading.Thread(target=self._work, name="pastream_ng progress", daemon=True)

    def _work(self) -> None:
        try:
            while not self._is_done.wait(_TICK_S):
                tell(self._callback, self._core.progress())
            tell(self._callback, self._core.progress())
        except BaseException as error:
            self._core.fail(error)

    def finish(self) -> None:
        """Tell the end, and wait until that was heard."""
        self._is_done.set()
        if self.thread.is_alive():
            self.thread.join()


def start(core: Core, crew: Crew, reporter: Reporter | None) -> None:
    """Begin the work of a batch."""
    thread = threading.Thread(
        target=_work, args=(core, crew, reporter), name="pastream_ng batch", daemon=True
    )
    _live.add(core)
    try:
        if reporter is not None:
            reporter.thread.start()
        thread.start()
    except BaseException:
        if reporter is not None:
            reporter.finish()
        core.end()
        _live.discard(core)
        raise


def _work(core: Core, crew: Crew, reporter: Reporter | None) -> None:
    try:
        crew.work()
    except BaseException as error:
        # No job is lost, whatever has happened here.
        core.cancel_running()
        for number in core.left():
            core.settle(number, Outcome(error=error))
    core.stop_clock()
    if reporter is not None:
        reporter.finish()
    core.end()
    _live.discard(core)


# ---- The end of the program ----------------------------------------------------------------------

_live: WeakSet[Core] = WeakSet()


def _end_all() -> None:
    """Cancel what is under way while there still is a Python to call."""
    mine = [core for core in list(_live) if core.is_here()]
    for core in mine:
        core.cancel()
    deadline = Deadline(_EXIT_S)
    for core in mine:
        core.wait(deadline)


atexit.register(_end_all)
