# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How many transcodings of one event loop work at a time: as many as there are processors."""

from __future__ import annotations

import asyncio
import os
from weakref import WeakKeyDictionary

__all__ = ["processors", "slots"]

_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def slots() -> asyncio.Semaphore:
    """Return what admits the jobs of the running event loop, in the order in which they come."""
    loop = asyncio.get_running_loop()
    found = _slots.get(loop)
    if found is None:
        found = _slots[loop] = asyncio.Semaphore(processors())
    return found
