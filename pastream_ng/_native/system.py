# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The one ``pst_system`` of the process: made on first use, ended at exit, lost in a fork."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Any

from pastream_ng._native import ffi, hostlog, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng.enums import Status
from pastream_ng.errors import ForkedError

__all__ = ["get", "load", "refresh"]

# How long the end of the program may wait for streams to close.
_EXIT_NS = 2_000_000_000


class _Process:
    """What this process knows about its audio system."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pointer: Any = None
        self.is_forked = False

    def get(self) -> Any:
        if self.is_forked:
            raise ForkedError(
                "the process was forked after the audio system was used; its devices and threads "
                "stayed with the parent. Use multiprocessing with the 'spawn' start method, or use "
                "pastream_ng in one of the processes only"
            )
        with self.lock:
            if self.pointer is None:
                out, err = ffi.new("pst_system **"), new_error()
                check(lib.pst_system_create(out, err), err)
                self.pointer = out[0]
                atexit.register(self.close)
            return self.pointer

    def after_fork(self) -> None:
        # The lock may have been held by a thread that does not exist here.
        self.lock = threading.Lock()
        self.is_forked = self.pointer is not None

    def close(self) -> None:
        if not self.is_forked and lib.pst_system_close_streams(self.pointer, _EXIT_NS) < 0:
            hostlog.warn("a sound device did not close within %g s", _EXIT_NS / 1e9)
        # The system itself is left to the end of the process: streams that Python has not dropped
        # yet still point to it.


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.after_fork)


def get() -> Any:
    """Return the system, making it if this is the first use. Touches no host API.

    Raises
    ------
    ForkedError
        In a child of a process that has used the system before the fork.
    """
    return _process.get()


def load() -> Any:
    """Return the system with its list of devices read."""
    system = get()
    err = new_error()
    check(lib.pst_system_load(system, err), err)
    hostlog.drain(system)
    return system


def refresh() -> bool:
    """Read the list of devices again; False if that is not safe now."""
    system = get()
    err = new_error()
    status = lib.pst_system_refresh(system, err)
    hostlog.drain(system)
    if status == Status.DEVICE_BUSY:
        return False
    if status < 0:
        raise error_for(status, err)
    return True
