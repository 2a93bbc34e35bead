# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams in an event loop: the same names, as coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from pastream_ng._checks import seconds
from pastream_ng._native.waits import wait_async
from pastream_ng.rings.transfer import put_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.chunks import Chunks
    from pastream_ng.streams.input import InputStream
    from pastream_ng.streams.reading import ReadingStream
    from pastream_ng.streams.values import ChunkInfo
    from pastream_ng.streams.writing import WritingStream

__all__ = ["AsyncStream", "in_thread"]


async def in_thread(call: Callable[..., object], *args: object) -> None:
    """Run a control call, which talks to the host, beside the event loop.

    A task that is cancelled meanwhile leaves the rest to the thread.
    """
    import asyncio  # Heavy, and most programs do without.

    await asyncio.to_thread(call, *args)


class AsyncStream:
    """The methods of a stream that wait, as coroutines; made by ``async with`` or `aio`.

    No thread waits: the event loop watches descriptors that the audio side makes readable. Only
    `start`, `stop`, `abort` and `close`, which talk to the host, run in a thread. A task that is
    cancelled leaves the stream as it was.

    Attributes
    ----------
    stream : InputStream, OutputStream or DuplexStream
        The stream itself, for everything that does not wait.

    Examples
    --------
    >>> import asyncio, numpy as np, pastream_ng as ps
    >>> async def main():
    ...     device = ps.VirtualDevice("null", clock="free")
    ...     async with ps.OutputStream(device, samplerate=48000, channels=1) as s:
    ...         await s.start()
    ...         await s.write(np.zeros(1000))
    ...         await s.drain()
    ...         return s.stream.stats.played_frames
    >>> asyncio.run(main())
    1000
    """

    def __init__(self, stream: StreamBase) -> None:
        self.stream = stream

    # ---- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start a new run; see the stream's own method."""
        await in_thread(self.stream.start)

    async def stop(self) -> None:
        """Stop; see the stream's own method."""
        await in_thread(self.stream.stop)

    async def abort(self) -> None:
        """Stop at once; see the stream's own method."""
        await in_thread(self.stream.abort)

    async def close(self) -> None:
        """Close the stream; see its own method."""
        await in_thread(self.stream.close)

    async def wait(self, timeout: float | None = None) -> bool:
        """Await the end of the run; True once the stream does not run, False if time ran out."""
        return await self.stream._wait_async(timeout)

    async def finished(self) -> None:
        """Await the end of the run.

        Raises
        ------
        PastreamError
            As for ``wait`` of the stream.
        """
        await self.stream._wait_async(None)

    async def __aenter__(self) -> AsyncStream:
        return await self.stream.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stream.__aexit__(kind, error, trace)

    # ---- Input ----------------------------------------------------------------------------------

    @property
    def _source(self) -> ReadingStream:
        return cast("ReadingStream", self._side("_read", "captures"))

    @overload
    async def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: Literal[False] = False,
    ) -> Array: ...
    @overload
    async def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: Literal[True],
    ) -> tuple[Array, ChunkInfo]: ...
    async def read(
        self,
        frames: int | None = None,
        timeout: float | None = None,
        *,
        always_2d: bool = False,
        out: Array | None = None,
        with_info: bool = False,
    ) -> Any:
        """Await so many frames; as `InputStream.read`."""
        limit = seconds("timeout", timeout)
        read = self._source._read(frames, always_2d, out, bool(with_info))
        result = read.result(await wait_async(read.look, read.arm, limit), timeout)
        return (result, read.info) if with_info else result

    async def readinto(self, data: Any, timeout: float | None = None) -> int:
        """Await frames for memory of the caller's; as `InputStream.readinto`."""
        limit = seconds("timeout", timeout)
        read = self._source._readinto(data)
        frames: int = read.result(await wait_async(read.look, read.arm, limit), timeout)
        return frames

    async def read_raw(self, frames: int, timeout: float | None = None) -> bytearray:
        """Await so many frames as bytes; as `InputStream.read_raw`."""
        limit = seconds("timeout", timeout)
        read = self._source._read_raw(frames)
        data: bytearray = read.result(await wait_async(read.look, read.arm, limit), timeout)
        return data

    def chunks(self, *args: Any, **kwargs: Any) -> Chunks[Any]:
        """Return live input in chunks, for ``async for``; as `InputStream.chunks`."""
        return cast("InputStream", self._source).chunks(*args, **kwargs)

    # ---- Output ---------------------------------------------------------------------------------

    @property
    def _target(self) -> WritingStream:
        return cast("WritingStream", self._side("_write", "plays what is written"))

    async def write(self, data: Any, timeout: float | None = None) -> int:
        """Write frames, awaiting room for them; as `OutputStream.write`."""
        limit = seconds("timeout", timeout)
        target = self._target
        memory, count = target._source_of_write(data)
        if put_whole(target.output_ring, memory, count):
            return count
        write = target._write(memory, count)
        return write.result(await wait_async(write.look, write.arm, limit), timeout)

    async def drain(self, timeout: float | None = None) -> bool:
        """Say that nothing more will be written, and await that all is played."""
        limit = seconds("timeout", timeout)
        self._target._end_output()
        return await self.wait(limit)

    # ---------------------------------------------------------------------------------------------

    def _side(self, name: str, does: str) -> StreamBase:
        if not hasattr(self.stream, name):
            raise AttributeError(f"{self.stream!r} has no such method: it is none that {does}")
        return self.stream

    def __repr__(self) -> str:
        return f"<pastream_ng.AsyncStream of {self.stream!r}>"
