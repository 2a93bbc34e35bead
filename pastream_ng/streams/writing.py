# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Blocking writes: frames to be played as soon as there is room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.waits import attempt
from pastream_ng.enums import Direction
from pastream_ng.errors import StateError
from pastream_ng.rings import RingBuffer
from pastream_ng.rings.transfer import Write, put_whole
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.mapping import mapping_list
from pastream_ng.streams.matrix import get_matrix, set_matrix
from pastream_ng.streams.raw import is_raw, raw_frames

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.rings.consumer import Waiter
    from pastream_ng.streams.meters import MeterReading

__all__ = ["WritingStream"]


class WritingStream(StreamBase):
    """A stream whose output can be written; the base of the public classes that play."""

    @property
    def output_ring(self) -> RingBuffer:
        """The ring that the stream plays, in the stream's dtype and channels."""
        assert self._output is not None
        ring = self._rings.get("output")
        if ring is None:
            pointer = lib.pst_stream_output_ring(self._pointer)
            ring = self._ring("output", self._output, pointer, self._output_waiter(pointer))
        return ring

    def _own_output(self) -> RingBuffer | None:
        pointer = lib.pst_stream_output_ring(self._pointer)
        return None if pointer == ffi.NULL else self.output_ring

    def _output_waiter(self, pointer: Any) -> Waiter:
        """Return what waits for room in a ring that the stream plays."""
        return self._waiter(
            lambda stream, _reader, n, ns, err: lib.pst_stream_wait_output(stream, n, ns, err),
            lambda _reader, n, ns: lib.pst_ring_wait_writable(pointer, n, ns),
        )

    @property
    def txbuff(self) -> RingBuffer:
        """The same as `output_ring`, by its name in pastream."""
        return self.output_ring

    @property
    def output_matrix(self) -> Array:
        """The gains from the stream's channels to the device's, (device, stream) float32; a copy.

        May be set as `InputStream.input_matrix`.
        """
        return get_matrix(self, Direction.OUTPUT)

    @output_matrix.setter
    def output_matrix(self, gains: Any) -> None:
        set_matrix(self, "output_matrix", Direction.OUTPUT, gains)

    @property
    def txmapping(self) -> list[int] | None:
        """The stream's channel on each channel of the device, from 1, 0 for silence.

        None if `output_matrix` is more than such a choice. May be set like `output_matrix`, to a
        list, to a dict ``{stream: device}``, or to None; channels that a dict does not name are
        silent.
        """
        return mapping_list(self.output_matrix)

    @txmapping.setter
    def txmapping(self, mapping: Any) -> None:
        set_matrix(self, "txmapping", Direction.OUTPUT, mapping)

    @property
    def output_meters(self) -> MeterReading:
        """The levels of what the device is sent, channel by channel.

        The first look begins to meter it. They are those after the last block, and stay after the
        end of a run.

        Raises
        ------
        ClosedError, ForkedError, OutOfMemoryError
            On the first look.
        """
        return self._meters(Direction.OUTPUT)

    @property
    def write_available(self) -> int:
        """Frames that `write` takes without waiting."""
        return self.output_ring.write_available

    def write(self, data: Any, timeout: float | None = None) -> int:
        """Write frames to be played; wait for room while there is none.

        Before `start` the frames wait in the ring, as many as it holds. Frames that come too late
        are no end: what then happens is up to `underflow`. Say `end` or `drain` after the last.

        Parameters
        ----------
        data : array_like or buffer
            (frames, channels), or (frames,) for one channel, as for `RingBuffer.write`. Or plain
            memory (bytes, bytearray, memoryview, array.array) with interleaved samples in the
            stream's dtype, which is not looked at by NumPy.
        timeout : float, optional
            Seconds to wait; None waits for ever, 0 not at all.

        Returns
        -------
        int
            Frames written: all of them.

        Raises
        ------
        PastreamTimeoutError
            The time ran out; its attribute `frames` says how many frames were written.
        StateError
            The stream does not run, and the ring has no room for all; nothing was written then. Or
            the run ended meanwhile, or the ring was ended.
        BufferEmpty, DeviceLostError
            The run has ended with an error that was not raised yet.
        ClosedError
            The stream was closed, perhaps meanwhile by another thread.
        ArgumentError, ArgumentTypeError
            Data of a wrong shape, dtype or length.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> device = ps.VirtualDevice("null", clock="free")
        >>> with ps.OutputStream(device, samplerate=48000, channels=2) as stream:
        ...     stream.start()
        ...     for _ in range(3):
        ...         n = stream.write(np.zeros((1000, 2)))
        ...     stream.drain()
        ...     stream.stats.played_frames
        True
        3000
        """
        limit = seconds("timeout", timeout)
        memory, count = self._source_of_write(data)
        if put_whole(self.output_ring, memory, count):
            return count
        write = self._write(memory, count)
        return write.result(attempt(write.act, write.block, limit), timeout)

    def _source_of_write(self, data: Any) -> tuple[Any, int]:
        """Return data as contiguous memory, and its length in frames."""
        self._use()
        ring = self.output_ring
        if is_raw(data):
            return raw_frames("data", data, ring.dtype, ring.elementsize)
        return ring._regions.source("data", data)

    def _write(self, memory: Any, count: int) -> Write:
        """Return a write that may have to wait."""
        ring = self.output_ring
        room = ring.write_available
        if count > room and not self.active:
            self._raise_pending()
            raise StateError(
                f"the stream does not run, and its ring has room for {room} frames, not for "
                f"{count}: call start() before write"
            )
        run = self._launcher.run if self.active else None

        def is_late() -> bool:
            return run is not None and (self._launcher.run is not run or not self.active)

        return Write(ring, memory, count, waits=True, is_late=is_late)

    def end(self) -> None:
        """Say that nothing more will be written: the run ends once all of it is played.

        It holds for this run, or before `start` for the next one. Idempotent.

        Raises
        ------
        ClosedError, ForkedError
        """
        self._use()
        self.output_ring.end()

    def drain(self, timeout: float | None = None) -> bool:
        """Say that nothing more will be written, and wait until all is played.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once the stream does not run, False if the time ran out; it plays on then.

        Raises
        ------
        StateError
            The stream was not started, and frames wait to be played.
        PastreamError
            As for `wait`.
        """
        limit = seconds("timeout", timeout)
        if self._callback is not None:
            self._callback.refuse_itself("drain")
        self._end_output()
        return self.wait(limit)

    def _end_output(self) -> None:
        self._use()
        if self.active:
            self.end()
        elif self.output_ring.read_available:
            raise StateError(
                f"the stream does not run, and {self.output_ring.read_available} frames wait to be "
                "played: call start() before drain"
            )
