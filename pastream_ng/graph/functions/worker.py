# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The thread that calls a Python function of a live graph."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.waits import SLICE_NS
from pastream_ng.enums import Status

if TYPE_CHECKING:
    from pastream_ng.graph.functions.host import Host

__all__ = ["start_worker"]


def start_worker(host: Host) -> threading.Thread:
    """Start a thread that makes the blocks of a function.

    It ends with the node in C, or with the host, to which it does not refer while it waits: what
    the function refers to may be the last to know the context.
    """
    thread = threading.Thread(
        target=_work, args=(weakref.ref(host), host._owned), name="pastream function", daemon=True
    )
    thread.start()
    return thread


def _work(found: weakref.ref[Host], owned: Any) -> None:
    function = owned[0]
    block = ffi.new("pst_process_block *")
    while True:
        status = lib.pst_function_next(function, SLICE_NS, block)
        if status not in (Status.OK, Status.TIMEOUT):
            return
        host = found()
        if host is None:
            lib.pst_function_close(function)
            return
        if status == Status.OK:
            lib.pst_function_done(function, host.process(block))
        del host
