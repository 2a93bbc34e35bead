# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A Python callback on an open stream: what starts and ends its runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._native import ffi, lib
from pastream_ng.callbacks.run import CallbackRun
from pastream_ng.errors import StateError
from pastream_ng.rings.views import User

if TYPE_CHECKING:
    from pastream_ng.callbacks.function import PythonCallback
    from pastream_ng.streams.base import Limits, StreamBase

__all__ = ["AttachedCallback"]

# How long a stop waits for a callback that is under way, in seconds.
_RETURN_S = 5.0


class AttachedCallback:
    """Keeps the rings of a stream for its callback, and makes a thread for every run.

    It does not refer to the stream, to which it belongs.
    """

    def __init__(self, stream: StreamBase, callback: PythonCallback) -> None:
        self.function = callback.function
        self._user = User("the stream's callback")
        self._lock = threading.Lock()
        self._run: CallbackRun | None = None
        self._blocksize = stream.blocksize
        self.ahead = 0
        ring = stream._own_output()
        if ring is not None:
            self.ahead = callback.frames_ahead(stream, self._blocksize, len(ring))
            ring._write_user = ref(self._user)
        ring = stream._own_input()
        if ring is not None:
            ring._claim(self._user)

    def start(self, stream: StreamBase, limits: Limits) -> bool:
        """Start a run: first the callback, as far as it goes ahead, then the device.

        False if there was nothing to start.
        """
        if stream.active:
            return False
        self.refuse_itself("start")
        with self._lock:
            if stream.active:
                return False
            if not self.join(_RETURN_S):
                raise StateError("the callback has not returned from its last run yet")
            run = self._run = CallbackRun(stream, self._blocksize, self.ahead)
            stream._forget_failure()
            try:
                is_wanted = run.prime()
                stream._raise_pending()
                if is_wanted:
                    stream._start_device(limits)
            except BaseException:
                run.cancel()
                raise
            if run.is_over:
                # Somebody called stop in between.
                lib.pst_stream_stop(stream._pointer, ffi.NULL)
            run.go()
            return is_wanted

    def refuse_itself(self, name: str) -> None:
        """Raise if the callback itself calls what would wait for it."""
        run = self._run
        if run is not None and run.is_current():
            raise StateError(
                f"{name}() was called by the stream's own callback, which it would wait for; raise "
                "CallbackStop or call stop() there, and do the rest elsewhere"
            )

    def serves(self, worker: object) -> bool:
        """Whether a thread belongs to the last run."""
        return worker is self._run

    def end(self) -> None:
        """Keep the callback from being called again."""
        run = self._run
        if run is not None:
            run.cancel()

    def join(self, timeout: float | None) -> bool:
        """Wait until the callback will not be called any more in this run."""
        run: Any = self._run
        return run is None or run.join(timeout)
