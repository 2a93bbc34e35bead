# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Python objects at the ends of a runner: of all kinds that have a natural meaning there."""

from __future__ import annotations

import io
import socket
from collections.abc import AsyncIterable, Callable, Iterable, MutableSequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.packets import AudioFormat, NodeBuffer, Packet
from pastream_ng.pipelines.ends import End
from pastream_ng.pipelines.feeds import Feed
from pastream_ng.pipelines.parts import SinkPart, SourcePart

if TYPE_CHECKING:
    from pastream_ng.pipelines.build import Build

__all__ = ["AsyncIn", "ObjectIn", "ObjectOut", "sink_of", "source_of"]


# ---- Sources -------------------------------------------------------------------------------------


class ObjectIn(End):
    """A function that gives the next buffer, or None at the end."""

    kind = ""

    def __init__(self, pull: Callable[[], Any], name: str) -> None:
        self.name = name
        self._pull = pull

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_source``."""
        return build.add(SourcePart(self._pull, kind))


class AsyncIn(End):
    """An async iterable, which the event loop moves into a feed."""

    kind = ""
    name = "the async iterable"

    def __init__(self, source: AsyncIterable[Any], wrap: Callable[[Any], NodeBuffer]) -> None:
        self._source = source
        self._wrap = wrap
        self._feed: Feed | None = None

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_source``."""
        self._feed = Feed(kind, 8)
        return self._feed.source()

    async def move(self) -> None:
        """Move all buffers; the end, too, whatever it is."""
        feed = self._feed
        assert feed is not None
        try:
            async for item in self._source:
                if not await feed.put_async(self._wrap(item)):
                    return  # Nobody wants more.
        finally:
            feed.end()


def _wrapper(form: AudioFormat | None) -> Callable[[Any], NodeBuffer]:
    """Return what makes a buffer of an item of an iterable."""

    def wrap(item: Any) -> NodeBuffer:
        if isinstance(item, NodeBuffer):
            return item
        if isinstance(item, Packet):
            return NodeBuffer.packet(item)
        if form is None:
            raise ArgumentTypeError(
                f"the source gave {shown(item)} of type {type(item).__name__}; it must give "
                "NodeBuffers or Packets, or arrays if the runner is told their format"
            )
        return NodeBuffer.pcm(item, form)

    return wrap


def source_of(source: Any, form: AudioFormat | None) -> End:
    """Return the end for an object that gives buffers."""
    pull = getattr(source, "pull", None)
    if callable(pull):
        return ObjectIn(pull, "the source")
    if isinstance(source, (np.ndarray, str, bytes, bytearray, memoryview)):
        raise ArgumentTypeError(
            f"source is {shown(source)} of type {type(source).__name__}; put it into a list of "
            "NodeBuffers"
        )
    if isinstance(source, AsyncIterable):
        return AsyncIn(source, _wrapper(form))
    if isinstance(source, Iterable):
        items, wrap = iter(source), _wrapper(form)

        def following() -> NodeBuffer | None:
            for item in items:
                return wrap(item)
            return None

        return ObjectIn(following, "the source")
    raise ArgumentTypeError(
        f"source is {shown(source)} of type {type(source).__name__}; it must have pull(), be a "
        "sound file or a stream, or an iterable of NodeBuffers"
    )


# ---- Sinks ---------------------------------------------------------------------------------------


class ObjectOut(End):
    """A function that takes a buffer, and perhaps one for the end."""

    kind = ""
    name = "the sink"

    def __init__(self, push: Callable[[Any], Any], finalize: Any, planar: bool) -> None:
        self._push = push
        self._finalize = finalize
        self._planar = planar

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_sink``."""
        return build.add(SinkPart(self._push, self._finalize, kind, self._planar))


def bytes_of(buffer: NodeBuffer) -> bytes:
    """Return a packet's bytes, or the frames as they lie."""
    packet = buffer.as_packet()
    if packet is not None:
        return packet.data
    array = buffer.as_pcm_with_layout("interleaved")
    assert array is not None
    return array.tobytes()


def _write_all(write: Callable[[Any], Any], buffer: NodeBuffer) -> None:
    """Write bytes to a file object, which may take them in parts."""
    left = memoryview(bytes_of(buffer))
    while left:
        taken = write(left)
        if taken is None:
            return
        left = left[taken:]


def _socket_sink(sink: socket.socket) -> Callable[[Any], Any]:
    """Return what sends a buffer: in whole to what is a stream, else as one datagram."""
    if sink.type == socket.SOCK_STREAM:
        if sink.gettimeout() == 0.0:
            raise ArgumentError("sink is a socket that does not block; setblocking(True) makes it")
        return lambda buffer: sink.sendall(bytes_of(buffer))
    return lambda buffer: sink.send(bytes_of(buffer))


def sink_of(sink: Any, planar: bool) -> End:
    """Return the end for an object that takes buffers."""
    push = getattr(sink, "push", None)
    if callable(push):
        finalize = getattr(sink, "finalize", None)
        return ObjectOut(push, finalize if callable(finalize) else None, planar)
    if isinstance(sink, socket.socket):
        return ObjectOut(_socket_sink(sink), None, False)
    if isinstance(sink, MutableSequence):
        return ObjectOut(sink.append, None, planar)
    if isinstance(sink, io.TextIOBase):
        raise ArgumentTypeError(
            f"sink is {shown(sink)}, which holds text; it must be open in binary mode"
        )
    write = getattr(sink, "write", None)
    if callable(write):
        flush = getattr(sink, "flush", None)
        return ObjectOut(lambda buffer: _write_all(write, buffer), flush, False)
    if callable(sink):
        return ObjectOut(sink, None, planar)
    raise ArgumentTypeError(
        f"sink is {shown(sink)} of type {type(sink).__name__}; it must have push(), be a sound "
        "file that is written or a stream, a list, a function, a socket or a binary file object"
    )
