# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How many transcodings of one event loop work at a time: as many as there are processors."""

from __future__ import annotations

import os
from collections import deque
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

__all__ = ["Slots", "processors", "slots"]


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


class Slots:
    """Admits so many at a time, in the order in which they come. Of one event loop.

    Parameters
    ----------
    free : int
        How many.
    """

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @asynccontextmanager
    async def turn(self, watch: Callable[[Callable[[], None]], None]) -> AsyncIterator[None]:
        """Wait for one's turn, and have it as long as the block takes.

        `watch` gets a function that any thread may call to end the wait: the turn comes at once
        then, whoever else works.
        """
        is_mine = await self._take(watch)
        try:
            yield
        finally:
            if is_mine:
                self._give()

    async def _take(self, watch: Callable[[Callable[[], None]], None]) -> bool:
        """Return whether the place is to be given back."""
        if self._free > 0:
            self._free -= 1
            return True
        import asyncio

        loop = asyncio.get_running_loop()
        mine = loop.create_future()

        def wake() -> None:
            if not mine.done():
                self._waiting.remove(mine)
                mine.set_result(False)

        def wake_from_anywhere() -> None:
            with suppress(RuntimeError):  # The loop is closed.
                loop.call_soon_threadsafe(wake)

        self._waiting.append(mine)
        watch(wake_from_anywhere)
        try:
            return bool(await mine)
        except BaseException:
            if not mine.done() or mine.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(mine)
            elif mine.result():
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(True)
                return
        self._free += 1


_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()


def slots() -> Slots:
    """Return what admits the jobs of the running event loop."""
    import asyncio

    loop = asyncio.get_running_loop()
    found = _slots.get(loop)
    if found is None:
        found = _slots[loop] = Slots(processors())
    return found
