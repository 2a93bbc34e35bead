# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A graph on a device: its life, and those who wait for its time."""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pastream_ng._native.waits import Deadline
from pastream_ng.enums import StreamState
from pastream_ng.errors import (
    ClosedError,
    DeviceLostError,
    ForkedError,
    HostError,
    StateError,
)
from pastream_ng.graph.live.keeper import Keeper, Sleeper, Sleepers, call
from pastream_ng.graph.live.output import NEVER, GraphOutput
from pastream_ng.hosts.query import refresh

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

    from pastream_ng.graph.core import CoreGraph
    from pastream_ng.graph.live.streams import GraphDuplexStream, GraphStream, StreamPlan
    from pastream_ng.graph.live.values import ContextState

__all__ = ["Playback"]

# How long a fade may take, on a device that may have stopped calling, in seconds.
_FADE_S = 1.0
# How long a close waits for a function that is under way, in seconds.
_JOIN_S = 1.0

_PLAYS = (StreamState.RUNNING, StreamState.STALLED)
_GONE = (StreamState.LOST, StreamState.CLOSED)


class Playback:
    """The stream that plays a graph, opened again where need be. It knows nothing of the context.

    All methods may be called from any thread.

    Attributes
    ----------
    on_state_change : callable or None
        Called with each new state, by the keeper's thread.
    """

    def __init__(
        self,
        graph: CoreGraph,
        plan: StreamPlan,
        device: Any,
        deliver: Callable[[], None],
        check: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._device = device
        self._deliver = deliver
        self._check = check  # Raises what waiters are to be told.
        self._pid = os.getpid()
        # A signal handler may close in the middle of another call of its thread.
        self._lock = threading.RLock()
        self._is_closed = False
        self._is_wanted = False
        self._has_begun = False
        self._is_moving = False  # From one device to another.
        self.output = GraphOutput(graph)
        self.stream: GraphStream | GraphDuplexStream = plan.open(device, self.output)
        self.sleepers = Sleepers()
        self._keeper: Keeper | None = None
        self.on_state_change: Callable[[ContextState], object] | None = None
        # A finalizer may close in the middle of another call of its thread.
        self._told_lock = threading.RLock()
        self._told: ContextState = "suspended"
        self._seen = self.stream.state
        self._to_tell: deque[ContextState] = deque()
        self._listeners: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[ContextState]]] = []

    # ---- What it does ---------------------------------------------------------------------------

    @property
    def state(self) -> ContextState:
        """What the context does now."""
        if self._is_closed:
            return "closed"
        if self._is_moving:
            return self._told
        if not self._is_wanted:
            return "suspended"
        return "running" if self.stream.state in _PLAYS else "interrupted"

    @property
    def is_ours(self) -> bool:
        """Whether it belongs to this process, and not to the one that this was forked from."""
        return self._pid == os.getpid()

    def use(self) -> None:
        """Raise if it was closed, or belongs to the parent process."""
        if not self.is_ours:
            raise ForkedError(
                "this context belongs to the process that made it, which was forked since; make "
                "one here, with multiprocessing's 'spawn' start method"
            )
        if self._is_closed:
            raise ClosedError("this context is closed; make a new one")

    def resume(self) -> None:
        """Play, or go on."""
        self.use()
        with self._lock:
            self.use()
            self._note_state()
            if self.state == "running":
                return
            if self.stream.state in _GONE:
                self._replace(self._device)
                self._start()
            else:
                try:
                    self._start()
                except (DeviceLostError, HostError):
                    # It went away while nothing was played.
                    self._replace(self._device)
                    self._start()
        self._tell()

    def _start(self) -> None:
        """Let the stream run. With the lock."""
        self.output.resume(self._has_begun)
        try:
            self.stream.start()
        except BaseException:
            self.output.cut()
            raise
        self._has_begun = self._is_wanted = True
        self.keep()

    def _replace(self, device: Any) -> None:
        """Open another stream in place of the one there is. With the lock."""
        if self.stream._is_given_up:
            raise StateError(
                "the host of the device did not come back and may still call, so this context "
                "cannot go on; make a new one"
            )
        old = self.stream
        if device is self._device:
            if not old.closed:
                old._close()  # It would be in the way.
            refresh()
        self.stream = self._plan.open(device, self.output)
        self._device = device
        if not old.closed:
            old._close()

    def set_device(self, device: Any) -> None:
        """Go on elsewhere."""
        self.use()
        with self._lock:
            self.use()
            self._note_state()
            was_wanted = self._is_wanted
            self._is_moving = was_wanted
            try:
                if was_wanted:
                    self._halt(is_quiet=True)
                try:
                    self._replace(device)
                finally:
                    if was_wanted:
                        self._start()
            finally:
                self._is_moving = False
        self._tell()

    def suspend(self) -> None:
        """Fade out, and let time stand still."""
        self.use()
        with self._lock:
            self.use()
            self._note_state()
            if not self._is_wanted:
                return
            try:
                self._halt(is_quiet=False)
            finally:
                self._tell()

    def _halt(self, *, is_quiet: bool) -> None:
        """Fade out and stop the stream, quietly without raising what is pending. With the lock."""
        self._is_wanted = False
        try:
            self._fade_out()
        finally:
            try:
                if is_quiet:
                    self.stream._stop_quietly()
                else:
                    self.stream.stop()
            finally:
                self.output.cut()

    def _fade_out(self) -> None:
        output, deadline = self.output, Deadline(_FADE_S)
        output.suspend()
        while self.stream.state in _PLAYS:
            news, slice_ns = output.news, deadline.slice_ns()
            if slice_ns == 0 or output.status().is_silent:
                return
            output.wait(NEVER, news, slice_ns)

    def close(self, *, is_quiet: bool = False, fades: bool = True) -> None:
        """End it all; quietly without raising what is pending. A second time does nothing."""
        if not self.is_ours:
            self._is_closed = True
            return
        try:
            with self._lock:
                if not self._is_closed:
                    self._shut(is_quiet, fades)
        finally:
            keeper = self._keeper
            if keeper is not None:
                keeper.join(_JOIN_S)

    def _shut(self, is_quiet: bool, fades: bool) -> None:
        was_wanted, self._is_wanted = self._is_wanted, False
        self._is_closed = True
        stream = self.stream
        try:
            if was_wanted and fades:
                self._fade_out()
                # What the host has taken is heard; a close would discard it.
                stream._stop_quietly()
        finally:
            try:
                if is_quiet:
                    stream._close()
                else:
                    stream.close()
            finally:
                self._tell()

    # ---- States as events -----------------------------------------------------------------------

    def _note_state(self) -> bool:
        """Note the state for the keeper to tell, if it is new; return whether it is."""
        with self._told_lock:
            state = self.state
            if state == self._told or self._told == "closed":
                return False
            self._told = state
            self._to_tell.append(state)
            return True

    def _tell(self) -> None:
        self._note_state()
        self.output.wake()

    def keep(self) -> None:
        """Have a keeper from now on."""
        with self._lock:
            if self._keeper is None and not self._is_closed:
                self._keeper = Keeper(self, self.output)
                self._keeper.begin()

    def look(self) -> bool:
        """Do what the keeper is for; False once it is closed."""
        is_closed = self._is_closed
        seen = self.stream.state
        is_new, self._seen = seen != self._seen, seen
        if is_new and seen in _GONE:
            self._cut()
        self.output.tidy()
        self._note_state()
        self._tell_states()
        call("on_ended", self._deliver)
        # Whoever waits for a time wants to know that it does not come, too.
        self.sleepers.wake(NEVER if is_new or is_closed else self.output.frame)
        return not is_closed

    def _cut(self) -> None:
        """Tell the graph that nobody plays it, unless somebody is at it already."""
        if self._lock.acquire(blocking=False):
            try:
                if self.stream.state in _GONE:
                    self.output.cut()
            finally:
                self._lock.release()

    def _tell_states(self) -> None:
        while self._to_tell:
            state = self._to_tell.popleft()
            with self._told_lock:
                listeners = list(self._listeners)
            for loop, queue in listeners:
                with suppress(RuntimeError):  # The loop is closed.
                    loop.call_soon_threadsafe(queue.put_nowait, state)
            function = self.on_state_change
            if function is not None:
                call("on_state_change", function, state)

    # ---- Waiting --------------------------------------------------------------------------------

    def _check_waiting(self) -> None:
        """Raise if there is nothing to wait for."""
        self.use()
        if not self._has_begun:
            raise StateError(
                "the context was never started, so its time stands still; call resume(), or use "
                "`with`"
            )
        state = self.stream.state
        if not self._is_wanted or state in _PLAYS or state == StreamState.REOPENING:
            return
        with self._lock:  # It may be starting, or stopping.
            if self._is_wanted and self.stream.state not in (*_PLAYS, StreamState.REOPENING):
                self.stream._raise_pending()
                raise StateError(
                    "the context is interrupted, because its device is gone; resume() looks for "
                    f"it again ({self.stream.exception})"
                )

    def wait(self, is_done: Callable[[], bool], frame: int, timeout: float | None) -> bool:
        """Wait until something is so: at a frame, or when there is news. False: time is up."""
        deadline, output = Deadline(timeout), self.output
        while True:
            news = output.news
            self._check()
            if is_done():
                return True
            self._check_waiting()
            slice_ns = deadline.slice_ns()
            if slice_ns == 0:
                return False
            output.wait(frame, news, slice_ns)

    async def wait_async(
        self, is_done: Callable[[], bool], frame: int, timeout: float | None
    ) -> bool:
        """Await what `wait` waits for."""
        import asyncio

        loop, deadline = asyncio.get_running_loop(), Deadline(timeout)
        while True:
            sleeper = Sleeper(loop, loop.create_future(), frame)
            must_tell = self.sleepers.add(sleeper)
            try:
                self._check()
                if is_done():
                    return True
                self._check_waiting()
                left = deadline.left()
                if left == 0:
                    return False
                if must_tell:
                    self.output.wake()
                await asyncio.wait((sleeper.future,), timeout=left)
            finally:
                self.sleepers.remove(sleeper)

    async def states(self) -> AsyncIterator[ContextState]:
        """Yield each new state."""
        import asyncio

        self.use()
        self.keep()
        listener = asyncio.get_running_loop(), asyncio.Queue[Any]()
        with self._told_lock:
            self._listeners.append(listener)
        try:
            while True:
                state = await listener[1].get()
                yield state
                if state == "closed":
                    return
        finally:
            with self._told_lock:
                self._listeners.remove(listener)
