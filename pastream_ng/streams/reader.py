# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""More readers of a stream's input, each with a position of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng.rings.reader import RingReader
from pastream_ng.streams.base import Limits
from pastream_ng.streams.chunks import Chunks
from pastream_ng.streams.plan import make_plan

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.input import InputStream
    from pastream_ng.streams.values import ChunkInfo

__all__ = ["StreamReader"]


class StreamReader(RingReader):
    """One more reader of a stream's input; made by `InputStream.reader`.

    It sees every frame that is captured from its making on, whatever other readers and recordings
    do. What it has not read of one run when the next one starts is discarded. A reader that does
    not keep up holds the ring up, which is then dealt with as the stream's `overflow` says; so
    close it when it is not needed any more: `close`, a ``with`` block, or dropping it.

    Attributes
    ----------
    stream : InputStream or DuplexStream
        The stream that it reads from.
    """

    def __init__(self, stream: InputStream) -> None:
        ring = stream.input_ring
        self.stream = stream
        super().__init__(ring._ring, ring._regions, ring._read_waiter)

    @overload
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int = -1,
        offset: int = 0,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: Literal[False] = False,
        out: Array | None = None,
        timeout: float | None = None,
    ) -> Chunks[Array]: ...
    @overload
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int = -1,
        offset: int = 0,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: Literal[True],
        out: Array | None = None,
        timeout: float | None = None,
    ) -> Chunks[tuple[Array, ChunkInfo]]: ...
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int = -1,
        offset: int = 0,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: bool = False,
        out: Array | None = None,
        timeout: float | None = None,
    ) -> Chunks[Any]:
        """Return the input in chunks, as `InputStream.chunks` does, beside all other readers.

        The loop neither starts nor stops the stream: it waits for a stream that was not started
        yet, and ends with the run. `frames` and `offset` count from the first frame that this
        reader has not read.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
        ...     with stream.reader() as first, stream.reader() as second:
        ...         stream.start()
        ...         print([int(chunk.sum()) for chunk in first.chunks(10, frames=20)])
        ...         print(second.read(4, timeout=1))
        [45, 145]
        [0 1 2 3]
        """
        self._check_reader()
        stream = self.stream
        stream._use()
        assert stream._input is not None
        plan = make_plan(
            stream._input,
            stream.blocksize,
            len(stream.input_ring),
            chunksize,
            overlap,
            frames,
            offset,
            always_2d,
            copy,
            with_info,
            out,
            timeout,
        )
        return Chunks(stream, plan, Limits(), reader=self)

    def __repr__(self) -> str:
        if self.closed:
            return "<pastream_ng.StreamReader closed>"
        return (
            f"<pastream_ng.StreamReader at {self.position}, {self.read_available} frames to read, "
            f"of {self.stream!r}>"
        )
