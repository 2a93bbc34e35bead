# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Python threads that serve one run of a stream, and the way of their errors to its owner."""

from __future__ import annotations

import threading
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pastream_ng.streams.base import StreamBase

__all__ = ["Worker"]


class Worker(ABC):
    """A daemon thread for one run of a stream.

    It keeps the C stream alive, but not the Python object: a stream that nobody refers to any more
    is closed, and the thread ends. Whatever it raises aborts the run, and is raised again, as the
    same object, by the next call on the stream.
    """

    def __init__(self, stream: StreamBase, name: str) -> None:
        self._stream = weakref.ref(stream)
        self._owned = stream._owned
        self._pointer = stream._pointer
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        #: Set by whoever ends the run: nothing more is to be done.
        self.is_over = False

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def is_current(self) -> bool:
        """Whether the calling thread is this one."""
        return threading.current_thread() is self._thread

    def join(self, timeout: float | None) -> bool:
        """Wait until the thread has ended; False if the time ran out. Its own call does nothing."""
        if not self.is_current() and self._thread.ident is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            stream = self._stream()
            if stream is not None and stream._serves(self):
                stream._fail(error)
                stream._abort_run()
        finally:
            # The traceback of an error refers to this frame, and so to what it still names.
            stream = None
            self._done()

    @abstractmethod
    def _work(self) -> None:
        """Do what the thread is for."""

    @abstractmethod
    def _done(self) -> None:
        """Do what is to be done however the work has ended."""
