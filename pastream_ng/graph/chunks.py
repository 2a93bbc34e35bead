# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chunk loops over what a tap takes out of a graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pastream_ng.graph.nodes.taps import TapNode

__all__ = ["TapChunks", "TapInfo"]

C = TypeVar("C")


class TapInfo(NamedTuple):
    """Where a chunk of a tap came from.

    Attributes
    ----------
    frame : int
        The number of its first frame on the context's clock.
    time : float
        The time of that, in seconds.
    lost : int
        How many frames were left out between the last frame of the chunk before and its end; of a
        loop's first chunk, within it.
    """

    frame: int
    time: float
    lost: int


class _Loop(Generic[C]):
    """One pass over a chunk loop."""

    def __init__(self, chunks: TapChunks[C]) -> None:
        self._chunks = chunks
        self._tap = chunks._tap
        self._end = -1  # The position behind the chunk before,
        self._next = -1  # and the number of the frame that should be there; -1: there was none.

    def _need(self) -> int:
        size = self._chunks._size
        return self._chunks._overlap + 1 if size is None else size

    def _take(self, wait: float) -> tuple[NDArray[np.float32], TapInfo] | None:
        """Return a chunk, after so many seconds at most; None: there are no more."""
        size, overlap, ring = self._chunks._size, self._chunks._overlap, self._tap.ring
        if size is None:
            ring.wait_readable(self._need(), wait)
        view = ring.read_view(-1 if size is None else size, wait)
        with view as frames:
            n = len(frames)
            n_new = min(n, view.position + n - self._end)
            if n_new <= 0:
                return None
            chunk: NDArray[np.float32] = frames.copy()
            info = self._info(view.position, n, n_new)
            view.keep(overlap if n > overlap and n == (size or n) else 0)
        return chunk, info

    def _info(self, position: int, n: int, n_new: int) -> TapInfo:
        """Return what is to be said of a chunk of n frames, of which so many are new."""
        first, last = self._tap.frame_at(position), self._tap.frame_at(position + n - 1)
        lost = last + 1 - n_new - (first if self._next < 0 else self._next)
        self._end, self._next = position + n, last + 1
        return TapInfo(first, first / self._tap.context.sample_rate, lost)

    def _result(self, taken: tuple[NDArray[np.float32], TapInfo]) -> Any:
        return taken if self._chunks._has_info else taken[0]


class _Rounds(_Loop[C], Iterator[C]):
    def __next__(self) -> C:
        limit = self._chunks._timeout
        taken = self._take(float("inf") if limit is None else limit)
        if taken is None:
            raise StopIteration
        result: C = self._result(taken)
        return result


class _AsyncRounds(_Loop[C], AsyncIterator[C]):
    async def __anext__(self) -> C:
        await self._tap.ring.readable(self._need(), self._chunks._timeout)
        taken = self._take(0.0)
        if taken is None:
            raise StopAsyncIteration
        result: C = self._result(taken)
        return result


class TapChunks(Generic[C]):
    """A chunk loop over a tap, for ``for`` or ``async for``: what `TapNode.chunks` returns.

    Each iteration goes on where the last one has stopped. Chunks are copies.
    """

    def __init__(
        self,
        tap: TapNode,
        size: int | None,
        overlap: int,
        timeout: float | None,
        has_info: bool = False,
    ) -> None:
        self._tap = tap
        self._size = size
        self._overlap = overlap
        self._timeout = timeout
        self._has_info = has_info

    def with_info(self) -> TapChunks[tuple[NDArray[np.float32], TapInfo]]:
        """Return the same loop, of pairs: a chunk and its `TapInfo`."""
        return TapChunks(self._tap, self._size, self._overlap, self._timeout, True)

    def __iter__(self) -> Iterator[C]:
        return _Rounds(self)

    def __aiter__(self) -> AsyncIterator[C]:
        return _AsyncRounds(self)

    def __repr__(self) -> str:
        size = self._size or "any number of"
        return f"<TapChunks of {size} frames>"
