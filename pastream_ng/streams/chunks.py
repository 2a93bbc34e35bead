# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chunk loops: ``for`` and ``async for`` over live input."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from pastream_ng._native.waits import wait
from pastream_ng.streams.capture import Capture

if TYPE_CHECKING:
    from pastream_ng.rings.consumer import Consumer
    from pastream_ng.streams.chunks_async import AsyncChunks
    from pastream_ng.streams.input import InputStream
    from pastream_ng.streams.launch import Launch
    from pastream_ng.streams.lengths import Limits
    from pastream_ng.streams.plan import ChunkPlan

__all__ = ["Chunks"]

T = TypeVar("T")


class Chunks(Generic[T]):
    """A chunk loop that can be iterated, with ``for`` or ``async for``; made by ``chunks``.

    Each iteration is a recording of its own. It ends when its frames are through, or when it is
    left in whatever way; the stream is stopped then, or closed if it was made for the loop.

    Attributes
    ----------
    stream : InputStream
        The stream that the chunks come from.
    """

    def __init__(
        self,
        stream: InputStream,
        plan: ChunkPlan,
        limits: Limits | Launch,
        closes: bool = False,
        reader: Consumer | None = None,
    ) -> None:
        self.stream = stream
        self._plan = plan
        self._limits = limits
        self._closes = closes
        self._reader = reader
        self._iterator: Generator[T, None, None] | None = None

    def __iter__(self) -> Iterator[T]:
        # Nothing but the loop holds the generator: leaving the loop ends it at once.
        return _generate(self.stream, self._plan, self._limits, self._closes, self._reader)

    def __next__(self) -> T:
        if self._iterator is None:
            self._iterator = _generate(
                self.stream, self._plan, self._limits, self._closes, self._reader
            )
        return next(self._iterator)

    def __aiter__(self) -> AsyncChunks[T]:
        from pastream_ng.streams.chunks_async import AsyncChunks

        return AsyncChunks(self.stream, self._plan, self._limits, self._closes, self._reader)

    def close(self) -> None:
        """End what ``next`` has begun. Loops end by themselves."""
        if self._iterator is not None:
            self._iterator.close()

    def __repr__(self) -> str:
        size = self._plan.size or "any number of"
        return f"<pastream_ng.Chunks of {size} frames from {self.stream!r}>"


def _generate(
    stream: InputStream,
    plan: ChunkPlan,
    limits: Limits | Launch,
    closes: bool,
    reader: Consumer | None,
) -> Generator[T, None, None]:
    capture = Capture(stream, plan, reader)
    try:
        capture.begin(limits)
        while capture.prepare():
            if capture.take(wait(capture.look, plan.timeout)):
                yield from capture.windows()
    finally:
        capture.finish(closes)
