# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The Python side of functions: what calls them, and what becomes of their exceptions."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from pastream_ng._native import ffi, lib
from pastream_ng.enums import ProcessResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from pastream_ng.graph.functions.arrays import Memory
    from pastream_ng.graph.functions.styles import Call

__all__ = ["Host", "Hosts", "Kept", "numbered"]

_FAILED = -1


class Kept:
    """What must live as long as a node in C: a compiled function, with its data."""

    def __init__(self, owned: Any, *keep: object) -> None:
        self._owned = owned
        self._keep = keep
        #: What the function has raised, and nobody was told of yet.
        self.error: BaseException | None = None

    @property
    def pointer(self) -> Any:
        """The ``pst_function *``."""
        return self._owned[0]

    def stats(self) -> Any:
        """Return its ``pst_function_stats``, fresh."""
        stats = ffi.new("pst_function_stats *")
        lib.pst_function_get_stats(self.pointer, stats)
        return stats

    @property
    def is_needed(self) -> bool:
        """Whether C may still call, or there is something to tell."""
        return self.error is not None or not self.stats().is_closed


class Host(Kept):
    """Has a Python function called with each block. It refers to no node and no context."""

    def __init__(self, owned: Any, rate: float) -> None:
        super().__init__(owned)
        self.rate = rate
        self.memory: Memory | None = None
        #: What is called; None: nothing yet, which is silence.
        self.call: Call | None = None
        #: Is set before each call, for processors that want to know.
        self.clock: Any = None
        #: What gets an exception, in place of the next call on the context.
        self.on_error: Callable[[BaseException], object] | None = None

    def process(self, block: Any) -> int:
        """Make a block, which C has put where it belongs."""
        try:
            call, memory = self.call, self.memory
            if call is None or memory is None:
                return ProcessResult.CONTINUE
            arrays = memory.arrays(block.n_frames)
            arrays.set_steady(block.steady)
            frame = block.frame
            clock = self.clock
            if clock is not None:
                clock.current_frame = frame
                clock.current_time = frame / self.rate
            return call(arrays, frame)
        except BaseException as error:
            self.fail(error)
            return _FAILED

    def fail(self, error: BaseException) -> None:
        """Hand an exception to the handler, or keep it for the next call on the context."""
        error.__traceback__ = _of_user(error.__traceback__)
        handler = self.on_error
        if handler is None:
            self.error = error
            return
        try:
            handler(error)
        except BaseException as another:
            another.__traceback__ = _of_user(another.__traceback__)
            self.error = another


def _of_user(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without our own frames, which would keep what they refer to."""
    while traceback is not None and traceback.tb_frame.f_globals.get("__name__", "").startswith(
        "pastream_ng.graph.functions"
    ):
        traceback = traceback.tb_next
    return traceback


class Hosts:
    """The functions of a context: kept as long as C may call them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Kept] = []

    def add(self, kept: Kept) -> None:
        """Keep one, and forget those that are not needed any more."""
        with self._lock:
            self._kept = [other for other in self._kept if other.is_needed]
            self._kept.append(kept)

    def __len__(self) -> int:
        return len(self._kept)

    def raise_error(self) -> None:
        """Raise the first exception that nobody was told of."""
        for kept in self._kept:
            error, kept.error = kept.error, None
            if error is not None:
                try:
                    raise error
                finally:
                    # The traceback has this frame.
                    del error, kept

    def close(self) -> None:
        """Call nothing any more. What is under way comes to its end."""
        for kept in self._kept:
            lib.pst_function_close(kept.pointer)


# ---- In line -------------------------------------------------------------------------------------

_numbers = itertools.count(1)
_hosts: WeakValueDictionary[int, Host] = WeakValueDictionary()


def numbered() -> tuple[int, Callable[[Host], None]]:
    """Return what C tells `pst_python_process` to find a host, and what says which it is."""
    number = next(_numbers)

    def put(host: Host) -> None:
        _hosts[number] = host

    return number, put


def _found(user: Any) -> Host | None:
    return _hosts.get(int(ffi.cast("uintptr_t", user)))


def _stray(kind: Any, error: BaseException, traceback: TracebackType) -> int:
    """Keep an exception that came before the host could: an interrupt."""
    host = _found(traceback.tb_frame.f_locals["user"])
    if host is not None:
        host.fail(error)
    return _FAILED


@ffi.def_extern(error=_FAILED, onerror=_stray)  # type: ignore[untyped-decorator]
def pst_python_process(inputs: Any, outputs: Any, params: Any, block: Any, user: Any) -> int:
    """Make a block for the thread that renders offline."""
    host = _found(user)
    return _FAILED if host is None else host.process(block)
