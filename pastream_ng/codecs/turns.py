# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One thread at a time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from pastream_ng.errors import ForkedError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Turns"]


class Turns:
    """A lock that one thread may take several times; a forked child is refused.

    A thread of the parent's may hold it in the moment of the fork, and is not there in the child to
    give it back: there it would be waited for for ever.

    Parameters
    ----------
    noun : str
        What messages call the object that it guards.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._pid = os.getpid()
        self._lock = threading.RLock()

    @property
    def is_ours(self) -> bool:
        """Whether this process made it."""
        return self._pid == os.getpid()

    def __enter__(self) -> None:
        if not self.is_ours:
            raise ForkedError(
                f"this {self._noun} belongs to the process that made it, which was forked since; "
                "make one here"
            )
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
