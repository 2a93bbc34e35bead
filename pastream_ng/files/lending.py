# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files that one user has at a time: calls of the program, or a stream."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown_file
from pastream_ng._native.errors import check, error_for
from pastream_ng._native.handle import Handle
from pastream_ng._native.interrupt import interruptible
from pastream_ng._native.text import decode
from pastream_ng.enums import Status
from pastream_ng.errors import CodecMissingError, FileFormatError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.places import FileObject

__all__ = ["LentFile"]


class LentFile(Handle):
    """A sound file that can be lent to a stream, and keeps everybody else out then."""

    _noun = "sound file"
    _source: FileObject | None
    _name: Any
    #: Whether calls may wait for a pipe.
    _may_wait = False
    #: Whether Ctrl-C has ended such a wait: the file is of no use from then on.
    _was_interrupted = False

    def _ready(self, out: Any) -> None:
        self._lock = threading.Lock()
        self._user = ""
        self._is_done: Callable[[], bool] | None = None
        self._join: Callable[[], None] | None = None
        super().__init__(out)

    def _run(self, call: Callable[[], int], cancel: Any) -> int:
        """Make a C call that reads or writes; `cancel` is the C function that ends its waits."""
        if not self._may_wait:
            return call()
        try:
            return interruptible(call, lambda: cancel(self._pointer, True), self)
        except BaseException:
            self._was_interrupted = True
            raise

    def _check(self, status: int, err: Any) -> int:
        """Raise what a call has met with: what a file object raised comes out as it is.

        Of many files, the one that is broken has to be told.
        """
        if status < 0 and self._source is not None and self._source.error is not None:
            error, self._source.error = self._source.error, None
            raise error
        if status == Status.BAD_FILE:
            raise FileFormatError(f"{shown_file(self._name)}: {error_for(status, err)}")
        if status == Status.UNSUPPORTED:
            raise CodecMissingError(f"{shown_file(self._name)}: {decode(err.text)}")
        return check(status, err)

    def _is_lent(self) -> bool:
        """Whether a stream has the file."""
        if self._user and self._is_done is not None and self._is_done():
            self._give_back()
        return bool(self._user)

    def _refuse_used(self) -> None:
        if self._user and self._join is not None:
            self._join()
        if self._is_lent():
            raise StateError(f"the sound file is in use: {self._user}")

    def _lend(self, user: str) -> Any:
        """Give the C object to a stream, and keep everybody else out until `_give_back`."""
        pointer = self._use()
        with self._lock:
            self._refuse_used()
            self._user = user
        return pointer

    def _leave_to(
        self, is_done: Callable[[], bool], join: Callable[[], None] | None = None
    ) -> None:
        """Give the file back as soon as something is so; `join` waits if that is near."""
        self._user = "its last frames are still on their way"
        self._is_done, self._join = is_done, join

    def _give_back(self) -> None:
        self._user, self._is_done, self._join = "", None, None

    def _error_of(self, status: int, err: Any, origin: str = "") -> BaseException:
        """Return what a worker has met with, see `_check`; `origin` is where."""
        if self._source is not None and self._source.error is not None:
            error, self._source.error = self._source.error, None
            return error
        return error_for(status, err, origin=origin)
