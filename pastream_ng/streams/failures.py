# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What ended a run, kept until its owner asks."""

from __future__ import annotations

import threading
from typing import Any

from pastream_ng._native import lib
from pastream_ng._native.errors import error_for, new_error
from pastream_ng.errors import BufferEmpty, BufferFull, DeviceLostError
from pastream_ng.streams.lengths import StreamLengths
from pastream_ng.streams.run import is_own_thread

__all__ = ["StreamFailures"]


class StreamFailures(StreamLengths):
    """A stream that keeps the error that ended its run, and raises it once.

    It may be the stream's own, or what a function on one of its threads has raised.
    """

    def __init__(self, owned: Any, configured: Any) -> None:
        self._exception: BaseException | None = None
        self._is_raised = False
        self._failed = False  # A function has, in this run or on the way to it.
        self._is_fresh = True  # What C knows of a last run is of no interest any more.
        self._failure_lock = threading.Lock()
        super().__init__(owned, configured)

    @property
    def exception(self) -> BaseException | None:
        """The error that ended the last run, or None. Kept until the next start.

        What a reader, writer or callback has raised is the same object, with its traceback.
        """
        if self._exception is None and not self._is_fresh:
            err = new_error()
            status = lib.pst_stream_reason(self._pointer, err)
            if status < 0:
                self._exception = self._error(status, err)
        return self._exception

    def _error(self, status: int, err: Any) -> BaseException:
        error = error_for(status, err)
        if isinstance(error, (BufferFull, BufferEmpty, DeviceLostError)):
            error.frame = self.frame_count
        return error

    def _fail(self, error: BaseException) -> None:
        """Keep what a function has raised; where there is an error already, as its context.

        The run goes on: see `_abort_run`.
        """
        with self._failure_lock:
            self._failed = True
            first = self.exception
            if first is None:
                self._exception, self._is_raised = error, False
            elif first is error:
                self._is_raised = False
            else:
                _attach(first, error)

    def _forget_failure(self) -> None:
        """Begin anew, after raising what a function has raised since the owner was last told."""
        if self._failed:
            self._raise_pending()
        with self._failure_lock:
            self._exception, self._is_raised, self._failed = None, False, False
            self._is_fresh = True

    def _raise_pending(self) -> None:
        """Raise the error that ended the last run, unless that has been done.

        It is for the owner: a thread of the stream's own does not get it.
        """
        if is_own_thread(self):  # type: ignore[arg-type]
            return
        with self._failure_lock:
            error = self.exception
            if error is None or self._is_raised:
                return
            self._is_raised = True
        try:
            raise error
        finally:
            del error  # Its traceback holds this frame.


def _attach(first: BaseException, second: BaseException) -> None:
    """Show the second of two errors with the first, at the end of what it has as its context."""
    seen = {id(second)}
    while first.__context__ is not None:
        if id(first) in seen:
            return
        seen.add(id(first))
        first = first.__context__
    if id(first) not in seen:
        first.__context__ = second
