# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Additional readers of a ring."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check
from pastream_ng.errors import ClosedError
from pastream_ng.rings.consumer import Consumer

if TYPE_CHECKING:
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.rings.consumer import Waiter
    from pastream_ng.rings.regions import Regions

__all__ = ["RingReader"]

_MOST = 16
_NONE = 2**32 - 1


class RingReader(Consumer):
    """One more consumer of a ring; made by `RingBuffer.reader`.

    A new reader sees what is written from then on. A reader that does not keep up holds the
    producer up, so close it when it is not needed any more: `close`, a ``with`` block, or dropping
    it.

    One thread at a time reads through a reader; those that call at once take turns. Different
    readers do not meet.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> ring = ps.RingBuffer(size=64, dtype="int16")
    >>> with ring.reader() as second:
    ...     ring.write(np.arange(3, dtype="int16"))
    ...     second.read().tolist(), ring.read().tolist()
    3
    ([0, 1, 2], [0, 1, 2])
    """

    def __init__(self, ring: NativeRing, regions: Regions, waiter: Waiter | None) -> None:
        # Known before it is there, so that an interrupt right after the call cannot lose it.
        self._ring = ring
        self._slot = ffi.new("uint32_t *", _NONE)
        self._is_closed = False
        check(
            lib.pst_ring_attach(ring.pointer, self._slot),
            text=f"the ring has {_MOST} readers, which is the most it can have; close one",
        )
        super().__init__(ring, regions, int(self._slot[0]))
        self._read_waiter = waiter

    @property
    def closed(self) -> bool:
        """Whether the reader was given back."""
        return self._is_closed

    def close(self) -> None:
        """Give the reader back, so that it holds the producer up no longer. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            if self._slot[0] != _NONE:
                lib.pst_ring_detach(self._ring.pointer, self._slot[0])

    def _check_reader(self) -> None:
        if self._is_closed:
            raise ClosedError("this reader is closed; make a new one with ring.reader()")
        super()._check_reader()

    def __enter__(self) -> RingReader:
        self._check_reader()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_is_closed"):
            self.close()

    def __repr__(self) -> str:
        if self._is_closed:
            return "<pastream_ng.RingReader closed>"
        return f"<pastream_ng.RingReader at {self.position}, {self.read_available} frames to read>"
