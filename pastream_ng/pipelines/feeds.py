# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Bounded rows of buffers: between Python and a chain, or between two chains."""

from __future__ import annotations

from typing import Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.waits import wait_async
from pastream_ng.enums import Status
from pastream_ng.packets import NodeBuffer
from pastream_ng.pipelines.buffers import fill_buffer, kind_of, read_buffer

__all__ = ["Feed"]


class Feed:
    """A row of buffers. C lets any thread use either end.

    Parameters
    ----------
    kind : {"pcm", "packet"}
    capacity : int
        Buffers that can wait.
    """

    def __init__(self, kind: str, capacity: int) -> None:
        self._owned, err = owner("pst_feed *", lib.pst_feed_release), new_error()
        check(lib.pst_feed_create(self._owned, kind_of(kind), capacity, err), err)
        self._pointer = self._owned[0]

    def source(self) -> Any:
        """Return an owner of a ``pst_source`` of what is put in."""
        out, err = owner("pst_source *", lib.pst_source_destroy), new_error()
        check(lib.pst_source_feed(out, self._pointer, err), err)
        return out

    def sink(self) -> Any:
        """Return an owner of a ``pst_sink`` that puts in."""
        out, err = owner("pst_sink *", lib.pst_sink_destroy), new_error()
        check(lib.pst_sink_feed(out, self._pointer, err), err)
        return out

    # ---- In -------------------------------------------------------------------------------------

    def putter(self, buffer: NodeBuffer) -> Any:
        """Return a function that tries for so many nanoseconds to put a buffer in."""
        native, err = ffi.new("pst_buffer *"), new_error()
        held = fill_buffer(native, buffer)

        def put(slice_ns: int, _held: object = held) -> int:
            status = int(lib.pst_feed_put(self._pointer, native, slice_ns, err))
            if status in (Status.BAD_ARGUMENT, Status.NO_MEMORY, Status.FORKED):
                raise error_for(status, err)
            return status

        return put

    async def put_async(self, buffer: NodeBuffer) -> bool:
        """Await room for a buffer and put it in; False if nobody wants it."""
        return await wait_async(self.putter(buffer), self.arm_put, None) == Status.OK

    def arm_put(self) -> int:
        """Arm a descriptor for when there is room, and return it."""
        return lib.pst_feed_arm_room(self._pointer)

    def end(self) -> None:
        """Say that nothing more comes."""
        lib.pst_feed_end(self._pointer)

    # ---- Out ------------------------------------------------------------------------------------

    def get(self, slice_ns: int, planar: bool) -> tuple[int, NodeBuffer | None]:
        """Wait for so many nanoseconds for a buffer; return the status, and what has come."""
        native, err = ffi.new("pst_buffer *"), new_error()
        found = None
        try:
            status = int(lib.pst_feed_get(self._pointer, native, slice_ns, err))
        finally:
            # Also if Ctrl-C comes right behind the call.
            if native.memory != ffi.NULL:
                found = read_buffer(native, planar)
                lib.pst_feed_pass(self._pointer, native)
        return status, found

    def arm_get(self) -> int:
        """Arm a descriptor for when there is a buffer, and return it."""
        return lib.pst_feed_arm_buffer(self._pointer)

    # ---- Both -----------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Drop what is inside; all that wait get PST_CLOSED."""
        lib.pst_feed_cancel(self._pointer)

    def counts(self) -> tuple[int, int, int]:
        """Return how many buffers were put in, were taken out, and wait."""
        info = ffi.new("pst_feed_info *")
        lib.pst_feed_get_info(self._pointer, info)
        return int(info.n_put), int(info.n_taken), int(info.n_buffers)
