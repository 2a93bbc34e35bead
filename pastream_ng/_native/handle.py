# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Owners of C objects."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pastream_ng._native import ffi
from pastream_ng._native.closing import Closing
from pastream_ng.errors import ClosedError, ForkedError

__all__ = ["Handle", "keep_for_ever", "owner"]

H = TypeVar("H", bound="Handle")


def owner(type_name: str, release: Callable[[Any], None]) -> Any:
    """Return a place for a C call to put a new object into.

    The place owns the object from that moment on: a KeyboardInterrupt, which comes right after a C
    call that took long, cannot lose it.

    Parameters
    ----------
    type_name : str
        Of the pointer, as in ``"pst_stream *"``.
    release : callable
        The C function that drops a reference. It never blocks, and allows NULL.
    """

    def drop(place: Any) -> None:
        release(place[0])

    return ffi.gc(ffi.new(f"{type_name} *"), drop)


def keep_for_ever(objects: Iterable[object]) -> None:
    """Never free these, not even when the program ends: somebody may still use their memory."""
    from ctypes import py_object, pythonapi

    for each in objects:
        pythonapi.Py_IncRef(py_object(each))


class Handle(Closing):
    """Owns one pointer, from its making to its release.

    The pointer stays valid as long as the Python object lives, closed or not, so that a thread that
    waits in C while another one closes is safe. What the pointer needs is kept alive with it.

    Parameters
    ----------
    owned : cdata
        What `owner` gave, with the C object in it.
    keep : object, optional
        Anything that must live as long as the pointer.
    """

    #: What messages call the object.
    _noun = "object"
    #: Whether to warn when the object is dropped without being closed.
    _warns = True

    def __init__(self, owned: Any, *keep: object) -> None:
        self._owned = owned
        self._keep = keep
        self._pid = os.getpid()
        self._is_closed = False
        # Last: what has a pointer is complete.
        self._pointer = owned[0]

    @property
    def closed(self) -> bool:
        """Whether the object was closed. A closed object cannot be used again."""
        return self._is_closed

    def close(self) -> None:
        """Close; closing again does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._shut()

    def _shut(self) -> None:
        """Do what closing means in C; called once."""

    def _use(self) -> Any:
        """Return the pointer, or raise if the object was closed, or belongs to the parent."""
        if self._pid != os.getpid():
            raise ForkedError(
                f"this {self._noun} belongs to the process that made it, which was forked since; "
                "make one here, with multiprocessing's 'spawn' start method"
            )
        if self._is_closed:
            raise ClosedError(f"this {self._noun} is closed; make a new one")
        return self._pointer

    def _is_leaked(self) -> bool:
        """Whether dropping the object now deserves a warning."""
        return self._warns and not self._is_closed and self._pid == os.getpid()

    def __del__(self) -> None:
        # An __init__ that failed has no pointer.
        if hasattr(self, "_pointer") and self._is_leaked():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
