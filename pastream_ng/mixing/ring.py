# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Rings that a mixer plays: who reads them, and how their writers learn of the end."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from pastream_ng._native import lib
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.rings import RingBuffer
from pastream_ng.rings.views import User

if TYPE_CHECKING:
    from pastream_ng.mixing.core import Sent

__all__ = ["claim", "ring_channels", "serve"]


def ring_channels(ring: Any) -> int:
    """Return the channels of a ring that a mixer can play."""
    if not isinstance(ring, RingBuffer):
        raise ArgumentTypeError(
            f"ring is of type {type(ring).__name__}; it must be a RingBuffer of float32"
        )
    if ring.dtype != "float32" or ring.channels is None:
        raise ArgumentError(f"ring has dtype {ring.dtype}; it must be float32")
    return ring.channels


def claim(ring: RingBuffer) -> User:
    """Keep everybody else from reading a ring for as long as the result lives."""
    user = User("a mixer")
    with ring._read_lock:
        ring._check_reader()
        if ring._read_waiter is not None:
            raise StateError("this ring belongs to a stream; give the mixer a ring of its own")
        ring._read_user = weakref.ref(user)
    return user


def serve(ring: RingBuffer, user: User, sent: Sent) -> None:
    """Let writers that wait for room notice when the voice is over. The ring keeps the claim."""
    pointer = ring._ring.pointer

    def waiter(reader: int, n: int, slice_ns: int, owner: User = user) -> int:
        status = lib.pst_ring_wait_writable(pointer, n, slice_ns)
        return int(Status.END) if status == Status.TIMEOUT and sent.is_retired() else status

    ring._write_waiter = waiter
