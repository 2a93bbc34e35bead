# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""C calls that wait for the other end of a pipe, and are ended by Ctrl-C all the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["interruptible"]

# Cancelled calls end within a twentieth of a second; what does not is left to itself.
_PATIENCE_S = 5.0


def interruptible(call: Callable[[], int], cancel: Callable[[], None], *keep: object) -> int:
    """Return what a C call returns; if Ctrl-C comes first, cancel it and raise that.

    Parameters
    ----------
    call : callable
        Waits without the GIL.
    cancel : callable
        Makes the call end soon.
    *keep : object
        What must live as long as the call, which may go on after an exception.
    """
    # Only the main thread sees signals.
    if threading.current_thread() is not threading.main_thread():
        return call()
    results: list[int] = []
    done = threading.Event()

    def work(*_: object) -> None:
        results.append(call())
        done.set()

    worker = threading.Thread(target=work, name="pastream_ng pipe", args=keep, daemon=True)
    try:
        worker.start()
        # Not join: once interrupted, that takes the thread for ended.
        done.wait()
    except BaseException:
        cancel()
        done.wait(_PATIENCE_S)
        raise
    return results[0]
