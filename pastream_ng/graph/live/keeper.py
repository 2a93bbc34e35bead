# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The thread of a graph on a device: it wakes coroutines, calls functions, and tidies up."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._native.waits import SLICE_NS
from pastream_ng.graph.live.output import NEVER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pastream_ng.graph.live.output import GraphOutput
    from pastream_ng.graph.live.playback import Playback

__all__ = ["Keeper", "Sleeper", "Sleepers", "call"]


class Sleeper(NamedTuple):
    """A coroutine that waits for a frame, or for news."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    frame: int

    def wake(self) -> None:
        """Let it look again. A loop that was closed has nobody left to look."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(_finish, self.future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Sleepers:
    """The coroutines that wait. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._all: list[Sleeper] = []
        self._alarm = NEVER  # What the keeper waits for.

    def add(self, sleeper: Sleeper) -> bool:
        """Wake this one when there is something to see; whether the keeper must be told."""
        with self._lock:
            self._all.append(sleeper)
            return sleeper.frame < self._alarm

    def remove(self, sleeper: Sleeper) -> None:
        """Forget one that was woken, or cancelled."""
        with self._lock:
            self._all = [item for item in self._all if item is not sleeper]

    def set_alarm(self) -> int:
        """Return the first frame that somebody waits for."""
        with self._lock:
            self._alarm = min((item.frame for item in self._all), default=NEVER)
            return self._alarm

    def wake(self, frame: int) -> None:
        """Wake those who wait for a frame until this one, and those who wait for news alone."""
        with self._lock:
            due = [item for item in self._all if item.frame <= frame or item.frame == NEVER]
        for item in sorted(due, key=lambda item: item.frame):
            item.wake()


class Keeper:
    """A daemon thread that looks after a `Playback`, which it does not keep alive."""

    def __init__(self, playback: Playback, output: GraphOutput) -> None:
        self._playback = weakref.ref(playback)
        self._output = output
        self._thread = threading.Thread(target=self._run, name="pastream_ng graph", daemon=True)

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait until it has ended; from itself that does nothing."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            news = self._output.news
            alarm = self._look()
            if alarm is None:
                return
            # Whatever came after the first line ends this wait at once.
            self._output.wait(alarm, news, SLICE_NS)

    def _look(self) -> int | None:
        """Do what is due; return the next frame that is waited for, None at the end."""
        playback = self._playback()
        if playback is None or not playback.look():
            return None
        return playback.sleepers.set_alarm()


def call(what: str, function: Callable[..., Any], *arguments: object) -> None:
    """Call a function of the user's. What it raises is logged: nobody waits for it."""
    try:
        function(*arguments)
    except Exception:
        import logging

        logging.getLogger("pastream_ng").exception("%s has raised an exception", what)
