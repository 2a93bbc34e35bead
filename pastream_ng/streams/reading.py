# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Blocking reads: so many frames of live input, now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng._checks import integer, seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import target_of
from pastream_ng._native.waits import Deadline, attempt
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.mapping import mapping_list
from pastream_ng.streams.matrix import get_matrix, set_matrix
from pastream_ng.streams.raw import writable_bytes
from pastream_ng.streams.transfer import Read, take_whole
from pastream_ng.streams.values import info_of

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.meters import MeterReading
    from pastream_ng.streams.values import ChunkInfo

__all__ = ["ReadingStream"]


class ReadingStream(StreamBase):
    """A stream whose input can be read; the base of the public classes that capture."""

    @property
    def input_ring(self) -> RingBuffer:
        """The ring that the stream fills, in the stream's dtype and channels."""
        ring = self._rings.get("input")
        if ring is not None:
            return ring
        assert self._input is not None
        pointer = lib.pst_stream_input_ring(self._pointer)
        waiter = self._waiter(
            lib.pst_stream_wait_input,
            lambda reader, n, ns: lib.pst_ring_wait_readable(pointer, reader, n, ns),
        )
        return self._ring("input", self._input, pointer, waiter)

    def _own_input(self) -> RingBuffer | None:
        pointer = lib.pst_stream_input_ring(self._pointer)
        return None if pointer == ffi.NULL else self.input_ring

    @property
    def rxbuff(self) -> RingBuffer:
        """The same as `input_ring`, by its name in pastream."""
        return self.input_ring

    @property
    def input_meters(self) -> MeterReading:
        """The levels of what the device delivers, channel by channel.

        The first look begins to meter it. They are those after the last block, and stay after the
        end of a run.

        Raises
        ------
        ClosedError, ForkedError, OutOfMemoryError
            On the first look.
        """
        return self._meters(Direction.INPUT)

    @property
    def input_matrix(self) -> Array:
        """The gains from the device's channels to the stream's, (stream, device) float32; a copy.

        May be set to other gains of the same shape at any time, also during a run: each block of
        the device sees one whole matrix. None takes channel k to channel k again.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            Gains of another shape, or that are no finite numbers.
        ClosedError, ForkedError, OutOfMemoryError
        """
        return get_matrix(self, Direction.INPUT)

    @input_matrix.setter
    def input_matrix(self, gains: Any) -> None:
        set_matrix(self, "input_matrix", Direction.INPUT, gains)

    @property
    def rxmapping(self) -> list[int] | None:
        """The device channel of each channel of the stream, from 1, 0 for silence.

        None if `input_matrix` is more than such a choice. May be set like `input_matrix`, to a
        list, to a dict ``{device: stream}``, or to None; channels that a dict does not name are
        silent.
        """
        return mapping_list(self.input_matrix)

    @rxmapping.setter
    def rxmapping(self, mapping: Any) -> None:
        set_matrix(self, "rxmapping", Direction.INPUT, mapping)

    @property
    def read_available(self) -> int:
        """Frames that `read` gives without waiting."""
        return self.input_ring.read_available

    @overload
    def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: Literal[False] = False,
    ) -> Array: ...
    @overload
    def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: Literal[True],
    ) -> tuple[Array, ChunkInfo]: ...
    def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: bool = False,
    ) -> Any:
        """Wait for so many frames and return them.

        The stream must have been started. Reads follow each other without a gap, whatever Python
        does in between; what did not fit into the ring meanwhile is dealt with by `overflow`.

        Parameters
        ----------
        frames : int, optional
            How many; not needed with `out`. More than the ring holds come in pieces.
        timeout : float, optional
            Seconds to wait; None waits for ever, 0 not at all.
        always_2d : bool, optional
            Give mono frames the shape (frames, 1) too, not (frames,).
        out : numpy.ndarray, optional
            Writable, C-contiguous array (frames, channels), or (frames,) for mono, to read into.
        with_info : bool, optional
            Give a pair of the frames and their `ChunkInfo`, which tells how many were lost.

        Returns
        -------
        numpy.ndarray
            A copy, or the begin of `out`. Once the run is over: what is left, however short, then
            arrays without frames, as from a file.

        Raises
        ------
        StateError
            The stream was never started; or a chunk loop or a view reads from it.
        PastreamTimeoutError
            The time ran out. No frame is lost: they are in the ring, or in its attribute `partial`.
        BufferFull, DeviceLostError
            The run has ended with an error; all frames before come first.
        ClosedError
            The stream was closed, perhaps meanwhile by another thread.
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
        ...     stream.start()
        ...     stream.read(3), stream.read(2)
        (array([0, 1, 2], dtype=int32), array([3, 4], dtype=int32))
        """
        limit = seconds("timeout", timeout)
        memory, shown = self._target_of_read(frames, always_2d, out)
        count = len(memory)
        info = ffi.new("pst_frames_info *") if with_info else ffi.NULL
        deadline = None if limit is None else Deadline(limit)
        if take_whole(self, memory, count, deadline, info):
            return (shown, info_of(info)) if with_info else shown
        read = self._read_into(memory, shown, with_info)
        left = limit if deadline is None else deadline.left()
        result = read.result(attempt(read.act, read.block, left), timeout)
        return (result, read.info) if with_info else result

    def _read(self, frames: Any, always_2d: Any, out: Any, with_info: bool) -> Read:
        """Return a read into an array."""
        return self._read_into(*self._target_of_read(frames, always_2d, out), with_info)

    def _read_into(self, memory: Any, shown: Any, with_info: bool) -> Read:
        count = len(memory)
        return Read(self, memory, count, lambda n: shown[:n] if n < count else shown, with_info)

    def _target_of_read(self, frames: Any, always_2d: Any, out: Any) -> tuple[Any, Any]:
        """Return an array to read into, and the same as the caller wants to see it."""
        self._use()
        if out is not None:
            side = self._input
            assert side is not None
            memory = target_of("out", out, side.form, side.channels)
            count = len(memory)
            if frames is not None and integer("frames", frames, 0, unit="frames") != count:
                raise ArgumentError(f"frames is {frames}; out has {count} rows")
            return memory, out
        if frames is None:
            raise ArgumentTypeError("one of frames and out must be given")
        count = integer("frames", frames, 0, 2**40, "frames")
        memory = self.input_ring._regions.empty(count)
        return memory, memory.reshape(-1, 1) if always_2d and memory.ndim == 1 else memory

    def readinto(self, data: Any, timeout: float | None = None) -> int:
        """Wait for frames and put them into memory of the caller's, without NumPy.

        Parameters
        ----------
        data : bytearray, memoryview or other writable buffer
            A whole number of frames in the stream's dtype, interleaved: its length says how many.
        timeout : float, optional
            As for `read`.

        Returns
        -------
        int
            Frames read; fewer than fit only when the run is over.

        Raises
        ------
        PastreamError
            As for `read`.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> data = bytearray(6)
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int16") as stream:
        ...     stream.start()
        ...     stream.readinto(data), data.hex()
        (3, '000001000200')
        """
        limit = seconds("timeout", timeout)
        read = self._readinto(data)
        frames: int = read.result(attempt(read.act, read.block, limit), timeout)
        return frames

    def _readinto(self, data: Any) -> Read:
        self._use()
        memory, count = writable_bytes("data", data, self.input_ring)
        return Read(self, memory, count, lambda n: n)

    def read_raw(self, frames: int, timeout: float | None = None) -> bytearray:
        """Wait for so many frames and return their bytes, without NumPy.

        Parameters
        ----------
        frames : int
            How many.
        timeout : float, optional
            As for `read`.

        Returns
        -------
        bytearray
            Interleaved samples in the stream's dtype; shorter as for `read`.

        Raises
        ------
        PastreamError
            As for `read`.
        """
        limit = seconds("timeout", timeout)
        read = self._read_raw(frames)
        data: bytearray = read.result(attempt(read.act, read.block, limit), timeout)
        return data

    def _read_raw(self, frames: Any) -> Read:
        self._use()
        count = integer("frames", frames, 0, 2**40, "frames")
        frame_bytes = self.input_ring.elementsize
        data = bytearray(count * frame_bytes)
        return Read(self, data, count, lambda n: data if n == count else data[: n * frame_bytes])
