# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The ring buffer: its producer, and the reader that it comes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._checks import choice, integer
from pastream_ng._native import lib
from pastream_ng._native.arrays import memory_of
from pastream_ng._native.ring import NativeRing
from pastream_ng.enums import RingMemory
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.formats import sample_format
from pastream_ng.rings.consumer import Consumer
from pastream_ng.rings.producer import Producer
from pastream_ng.rings.reader import RingReader
from pastream_ng.rings.regions import Regions
from pastream_ng.rings.views import STREAM

if TYPE_CHECKING:
    from pastream_ng.formats import SampleFormat
    from pastream_ng.rings.consumer import Waiter

__all__ = ["RingBuffer"]


class RingBuffer(Producer, Consumer):
    """A lock-free ring of frames: one producer, one or more readers, no waiting in between.

    The methods of PortAudio's ring are here under their names, so what was written for
    ``pa_ringbuffer`` or pastream runs unchanged; with a `dtype` the ring speaks NumPy.

    Parameters
    ----------
    elementsize : int, optional
        Bytes of a frame, 1 to 65536. Not needed with `dtype`.
    size : int, optional
        Frames to hold, at least 1. Mirrored memory rounds it up to whole pages: the real capacity
        is ``len(ring)``. Not with `buffer`.
    buffer : buffer or array, optional
        Writable memory to use in place of new memory; it is kept alive. Frames that wrap around its
        edge come in two runs.
    dtype : str or numpy.dtype, optional
        ``"float32"``, ``"float64"``, ``"int32"``, ``"int24"`` (left-justified in int32),
        ``"int16"``, ``"int8"`` or ``"uint8"``: read arrays and check what is written. None: frames
        are bytes.
    channels : int, optional
        With `dtype`: samples per frame, 1 to 256; 1 by default. Arrays then have the shape
        (frames, channels), or (frames,) for one channel.
    memory : {"auto", "mirrored", "copying"}, optional
        Mirrored memory is mapped twice in a row, so that every run of frames is contiguous; copying
        memory reaches the same by writing everything twice; auto takes what suits.

    Notes
    -----
    One thread at a time writes, one thread at a time reads through each reader; those that call at
    once take turns. Any number of threads may ask for counters.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A wrong size, dtype, channel count or buffer.
    OutOfMemoryError, SystemCallError
        The memory could not be had.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> ring = ps.RingBuffer(size=1000, dtype="float32", channels=2)
    >>> len(ring) >= 1000
    True
    >>> ring.write(np.zeros((480, 2)))
    480
    >>> ring.read(100).shape
    (100, 2)
    >>> ring.read_available
    380

    As bytes, in pa_ringbuffer's manner:

    >>> ring = ps.RingBuffer(4, 16)
    >>> ring.write(b"abcdefgh")
    2
    >>> bytes(ring.read())
    b'abcdefgh'
    """

    def __init__(
        self,
        elementsize: int | None = None,
        size: int | None = None,
        buffer: Any = None,
        *,
        dtype: Any = None,
        channels: int | None = None,
        memory: str | RingMemory = "auto",
    ) -> None:
        form, count, frame_bytes = _frame(elementsize, dtype, channels)
        kind = choice("memory", memory, RingMemory)
        if kind == RingMemory.FLAT:
            raise ArgumentError('memory is "flat"; pass your memory as buffer= instead')
        if (size is None) == (buffer is None):
            raise ArgumentTypeError("exactly one of size and buffer must be given")
        if buffer is not None:
            flat = _flat(buffer)
            capacity, rest = divmod(flat.nbytes, frame_bytes)
            if rest or not capacity:
                raise ArgumentError(
                    f"buffer has {flat.nbytes} bytes; it must be a multiple of a frame's "
                    f"{frame_bytes} bytes, and not empty"
                )
            ring = NativeRing.create(capacity, frame_bytes, flat=flat)
        else:
            ring = NativeRing.create(integer("size", size, 1, unit="frames"), frame_bytes, kind)
        self._set_up(ring, form, count)

    @classmethod
    def _of_stream(
        cls, ring: NativeRing, form: SampleFormat, channels: int, side: str, waiter: Waiter
    ) -> RingBuffer:
        """Return the public face of a ring whose other end is a stream."""
        self = cls.__new__(cls)
        self._set_up(ring, form, channels)
        if side == "input":
            self._write_user = ref(STREAM)
            self._read_waiter = waiter
        else:
            self._read_user = ref(STREAM)
            self._write_waiter = waiter
        return self

    def _set_up(self, ring: NativeRing, form: SampleFormat | None, channels: int) -> None:
        regions = Regions(ring, form, channels)
        Producer.__init__(self, ring, regions)
        Consumer.__init__(self, ring, regions, 0)

    def __len__(self) -> int:
        """Return the capacity in frames."""
        return self._ring.capacity

    @property
    def elementsize(self) -> int:
        """Bytes of a frame."""
        return self._ring.frame_bytes

    @property
    def dtype(self) -> str | None:
        """Name of the sample format, None for a ring of bytes."""
        form = self._regions.form
        return None if form is None else form.name

    @property
    def channels(self) -> int | None:
        """Samples per frame, None for a ring of bytes."""
        return None if self._regions.form is None else self._regions.channels

    @property
    def memory(self) -> str:
        """How the memory is laid out: "mirrored", "copying" or "flat" (the caller's)."""
        return self._ring.kind.name.lower()

    def reader(self) -> RingReader:
        """Return another reader, at the end: it sees what is written from now on.

        Raises
        ------
        LimitError
            The ring has 16 readers already.
        """
        return RingReader(self._ring, self._regions, self._read_waiter)

    def flush(self) -> None:
        """Pass over everything that this ring's own reader has not read."""
        self.skip()

    def __repr__(self) -> str:
        what = f"{self.dtype} x {self.channels}" if self.dtype else f"{self.elementsize} bytes"
        return (
            f"<pastream_ng.RingBuffer {len(self)} frames of {what}, {self.memory}, "
            f"{self.read_available} to read{', ended' if self.ended else ''}>"
        )


def _frame(elementsize: Any, dtype: Any, channels: Any) -> tuple[SampleFormat | None, int, int]:
    """Return format, channels and bytes of a frame from what the caller gave."""
    if dtype is None and channels is None:
        if elementsize is None:
            raise ArgumentTypeError("one of elementsize and dtype must be given")
        return None, 1, integer("elementsize", elementsize, 1, 65536, "bytes")
    form = sample_format(dtype)
    count = 1 if channels is None else integer("channels", channels, 1, 256)
    frame_bytes = count * int(lib.pst_format_bytes(form.code))
    if elementsize is not None and integer("elementsize", elementsize, 1) != frame_bytes:
        raise ArgumentError(
            f"elementsize is {elementsize}; {count} channels of {form.name} are {frame_bytes} bytes"
        )
    return form, count, frame_bytes


def _flat(buffer: Any) -> memoryview:
    """Return a caller's memory as a view that may be written."""
    view = memory_of("buffer", buffer)
    if view.readonly:
        raise ArgumentError("buffer is read-only; it must be writable")
    return view
