# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Chunk loops in an event loop. Imported on first use: asyncio is heavy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pastream_ng._native.waits import wait_async
from pastream_ng.enums import Status
from pastream_ng.streams.capture import Capture

if TYPE_CHECKING:
    from pastream_ng.rings.consumer import Consumer
    from pastream_ng.streams.input import InputStream
    from pastream_ng.streams.launch import Launch
    from pastream_ng.streams.lengths import Limits
    from pastream_ng.streams.plan import ChunkPlan

__all__ = ["AsyncChunks"]

T = TypeVar("T")

_NONE: Any = object()


class AsyncChunks(Generic[T]):
    """An asynchronous iterator over chunks.

    It is a class, not an asynchronous generator: Python ends those some time after the loop was
    left, this one at once. No thread waits; the event loop watches the ring's descriptor.
    """

    def __init__(
        self,
        stream: InputStream,
        plan: ChunkPlan,
        limits: Limits | Launch,
        closes: bool,
        reader: Consumer | None,
    ) -> None:
        self._make = (stream, plan, limits, reader)
        self._plan = plan
        self._closes = closes
        self._capture: Capture | None = None
        self._windows: Iterator[T] = iter(())
        self._is_over = False

    def __aiter__(self) -> AsyncChunks[T]:
        return self

    async def __anext__(self) -> T:
        chunk = next(self._windows, _NONE)
        if chunk is _NONE:
            try:
                chunk = await self._next_round()
            except BaseException:
                self._finish()
                raise
        if chunk is _NONE:
            self._finish()
            raise StopAsyncIteration
        return chunk

    async def _next_round(self) -> Any:
        if self._is_over:
            return _NONE
        if self._capture is None:
            stream, plan, limits, reader = self._make
            self._capture = Capture(stream, plan, reader)
            self._capture.begin(limits)
        capture = self._capture
        while capture.prepare():
            status = capture.look(0)
            if status == Status.TIMEOUT:
                status = await wait_async(capture.look, capture.arm, self._plan.timeout)
            else:
                # Where chunks come faster than they are used, other tasks still have their turn.
                await asyncio.sleep(0)
            if capture.take(status):
                self._windows = capture.windows()
                return next(self._windows)
        return _NONE

    def _finish(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._windows = iter(())
            if self._capture is not None:
                self._capture.finish(self._closes)

    async def aclose(self) -> None:
        """End the loop: the stream is stopped, or closed if it was made for the loop."""
        self._finish()

    def __del__(self) -> None:
        if hasattr(self, "_is_over"):
            self._finish()
