# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A reference on a C ring, and its memory as one array or one buffer."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import over_memory
from pastream_ng._native.errors import check, new_error
from pastream_ng.enums import RingMemory
from pastream_ng.errors import ForkedError

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.formats import SampleFormat

__all__ = ["NativeRing"]


def _release(pointer: Any, keep: object, _memory: Any) -> None:
    """Drop the memory's reference on its ring; `keep` goes with it."""
    lib.pst_ring_release(pointer)


class NativeRing:
    """One reference on a ring. Arrays over its memory hold references of their own.

    Attributes
    ----------
    pointer : cdata
        The ``pst_ring *``.
    capacity : int
        Frames that fit.
    frame_bytes : int
        Bytes of a frame.
    kind : RingMemory
        How the memory is laid out.
    """

    __slots__ = (
        "__weakref__",
        "_is_shared",
        "_keep",
        "_memory",
        "_n_bytes",
        "_pid",
        "capacity",
        "frame_bytes",
        "kind",
        "pointer",
    )

    def __init__(self, pointer: Any, keep: object = None) -> None:
        """Take one reference over; `keep` is what the ring's memory belongs to, if not to it."""
        self.pointer = ffi.gc(pointer, lib.pst_ring_release)
        info = ffi.new("pst_ring_info *")
        lib.pst_ring_get_info(pointer, info)
        self.capacity: int = info.capacity_frames
        self.frame_bytes: int = info.frame_bytes
        self.kind = RingMemory(info.memory_kind)
        self._n_bytes: int = info.memory_bytes
        self._keep = keep
        self._pid = os.getpid()
        # After a fork both processes see mirrored memory, each with positions of its own.
        self._is_shared = self.kind == RingMemory.MIRRORED
        lib.pst_ring_retain(pointer)
        self._memory = ffi.gc(info.memory, partial(_release, pointer, keep))

    @classmethod
    def create(
        cls,
        capacity: int,
        frame_bytes: int,
        memory: RingMemory = RingMemory.AUTO,
        flat: Any = None,
    ) -> NativeRing:
        """Make a ring, over the writable memory `flat` if that is given."""
        config = ffi.new("pst_ring_config *")
        config.capacity_frames = capacity
        config.frame_bytes = frame_bytes
        config.memory = memory
        view = None
        if flat is not None:
            config.memory = RingMemory.FLAT
            view = ffi.from_buffer(flat)
            config.flat_memory = view
        out, err = ffi.new("pst_ring **"), new_error()
        check(lib.pst_ring_create(out, config, err), err)
        return cls(out[0], (flat, view))

    @classmethod
    def adopt(cls, borrowed: Any, pid: int, keep: object = None) -> NativeRing:
        """Add a reference to a ring of a stream, which was made by the process `pid`."""
        lib.pst_ring_retain(borrowed)
        self = cls(borrowed, keep)
        self._pid = pid
        self._is_shared = True  # With the stream at its other end, which stays with the parent.
        return self

    def check_process(self) -> None:
        """Raise if frames moved here would be wrong, or would disturb the parent's."""
        if self._is_shared and self._pid != os.getpid():
            raise ForkedError(
                "this ring belongs to the process that made it, which was forked since; make one "
                "here, with multiprocessing's 'spawn' start method"
            )

    def array(self, form: SampleFormat, channels: int) -> Array:
        """Return the memory as frames; mirrored memory shows each frame twice."""
        return over_memory(self._memory, self._n_bytes, form.dtype, channels)

    def buffer(self) -> memoryview:
        """Return the memory as bytes."""
        return memoryview(ffi.buffer(self._memory, self._n_bytes)).cast("B")
