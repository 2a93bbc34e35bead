# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes with a ring at their other end: sound out of a graph for Python, and into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict
from weakref import ref

from pastream_ng._checks import integer, real, seconds, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.text import decode
from pastream_ng.enums import RingMemory
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.chunks import TapChunks
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.graph.nodes.members import Choice, Integer
from pastream_ng.graph.nodes.node import AudioNode, AudioScheduledSourceNode, ChannelOptions
from pastream_ng.rings import RingBuffer
from pastream_ng.rings.views import User

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.streams.input import InputStream

__all__ = ["StreamSourceNode", "TapNode", "TapOptions"]

WhenFull = Literal["drop_newest", "drop_oldest"]

# Who is at the other end, for messages to those who want to be there, too. A node may go on
# without its face, so this lives for ever.
_GRAPH = User("an audio graph")


class TapOptions(TypedDict, total=False):
    """Keywords of taps."""

    channels: int
    capacity: int | None
    when_full: WhenFull


class RingTap(AudioNode):
    """What writes to a ring what it passes on."""

    _kind = "tap"

    def __init__(
        self,
        context: BaseAudioContext,
        channels: int,
        capacity: int,
        *,
        when_full: WhenFull = "drop_newest",
        **rules: Unpack[ChannelOptions],
    ) -> None:
        count = integer("channels", channels, 1, MAX_CHANNELS)
        ring = RingBuffer(size=capacity, dtype="float32", channels=count)
        ring._write_user = ref(_GRAPH)
        super().__init__(context, channels=count, ring=ring._ring, when_full=when_full, **rules)
        self._ring = ring

    def _frame_at(self, position: int) -> int:
        """Return the number of the graph's frame at a position of the ring."""
        frame, err = ffi.new("int64_t *"), new_error()
        check(lib.pst_gnode_tapped_frame(self._core.pointer, position, frame, err), err)
        return int(frame[0])

    @property
    def lost_frames(self) -> int:
        """How many frames were left out when they came, since the ring was full."""
        return int(lib.pst_gnode_lost_frames(self._core.pointer))

    def _context_is_over(self) -> None:
        self._ring.end()


class TapNode(RingTap):
    """Passes sound on as it is, and gives it to Python, frame by frame: silence, too.

    The renderer writes to a ring, `ring`, and never waits: where that is full, frames are left out,
    and `chunks` tells where. A tap works also if its output leads nowhere. Quanta come whole, also
    the last one of an offline context.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    channels : int, optional
        Of what Python gets, 1 to 32; sound with others is mixed to it.
    capacity : int, optional
        How many frames the ring has room for. None: all that is rendered in an offline context,
        otherwise one second.
    when_full : {"drop_newest", "drop_oldest"}, optional
        Which frames are left out when the ring is full.
    **rules : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=2560, sample_rate=8000)
    >>> one = ctx.create_constant_source()
    >>> tap = one.tap(channels=1)
    >>> one.start()
    >>> _ = ctx.render()
    >>> [len(chunk) for chunk in tap.chunks(1024)]
    [1024, 1024, 512]
    """

    _kind = "tap"
    _derived = ("ring",)
    channels = Integer("How many channels Python gets.")
    when_full = Choice[WhenFull]("Which frames are left out when the ring is full.")

    def __init__(
        self,
        context: BaseAudioContext,
        *,
        channels: int = 2,
        capacity: int | None = None,
        when_full: WhenFull = "drop_newest",
        **rules: Unpack[ChannelOptions],
    ) -> None:
        size = context._tap_capacity() if capacity is None else integer("capacity", capacity, 1)
        super().__init__(context, channels, size, when_full=when_full, **rules)

    @property
    def ring(self) -> RingBuffer:
        """The ring that the tap writes: to be read, also through more readers.

        What was given up for newer frames is counted there, as ``ring.dropped``.
        """
        return self._ring

    def frame_at(self, position: int) -> int:
        """Return the number of the graph's frame at a position of the ring.

        Parameters
        ----------
        position : int
            Of a frame in the ring, as ``ring.position``.

        Raises
        ------
        StateError
            Nothing was written to the ring yet.
        """
        return self._frame_at(integer("position", position, 0, 2**63))

    def chunks(
        self, size: int | None = 1024, overlap: int = 0, *, timeout: float | None = None
    ) -> TapChunks[NDArray[np.float32]]:
        """Return what comes in chunks, to be used in ``for`` or ``async for``.

        The loop ends when nothing more will come: after `end`, when an offline context has
        rendered, or when the context is closed. One loop runs at a time.

        Parameters
        ----------
        size : int, optional
            Frames of each chunk; the last one may have fewer. None: whatever is there.
        overlap : int, optional
            Frames that each chunk has in common with the one before, less than `size`.
        timeout : float, optional
            How many seconds to wait for a chunk; None: for ever.

        Returns
        -------
        TapChunks
            An iterable of arrays (frames, channels), or (frames,) for one channel, float32. Its
            ``with_info()`` gives pairs of a chunk and a `TapInfo`.

        Raises
        ------
        PastreamTimeoutError
            In the loop: no chunk came in time.
        """
        most = len(self._ring)
        n = None if size is None else integer("size", size, 1, most, "frames")
        shared = integer("overlap", overlap, 0, most - 1, "frames")
        if n is not None and shared >= n:
            raise ArgumentError(f"overlap is {shared}; it must be less than size, {n} frames")
        return TapChunks(self, n, shared, seconds("timeout", timeout))

    def end(self) -> None:
        """Take no more: who reads gets the rest, and then nothing. Ending again does nothing."""
        self._ring.end()


class StreamSourceNode(AudioScheduledSourceNode):
    """Plays what comes through a ring: from Python, an input stream, or a tap of another graph.

    What is not there in time is silence, and counted. Nothing is resampled: frames are taken to be
    at the context's rate, and an input stream must have it. The node has ended when the ring has,
    and is empty.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    source : RingBuffer, InputStream or TapNode
        A ring with a dtype, or the ring of a tap: nobody else reads it from then on. Or an open
        stream, which others may read as well; until the node is started, the stream's ring fills.
    latency : float, optional
        It begins to sound once so much is there, in seconds. None: 0.05 for streams, otherwise 0.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=4, sample_rate=8000)
    >>> ring = ps.RingBuffer(size=100, dtype="int16")
    >>> source = ctx.create_stream_source(ring)
    >>> _ = source >> ctx.destination
    >>> source.start()
    >>> ring.write(np.array([16384, -16384], "int16"))
    2
    >>> ctx.render()[:, 0].tolist()
    [0.5, -0.5, 0.0, 0.0]
    """

    _kind = "stream_source"
    _derived = ("channels", "format", "reader", "lead", "ring")

    def __init__(
        self,
        context: BaseAudioContext,
        source: RingBuffer | InputStream | TapNode,
        *,
        latency: float | None = None,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        ring, is_stream = _ring_of(context, source)
        form = ring._regions.form
        if form is None:
            raise ArgumentError("source is a ring of bytes; it must have a dtype")
        if ring._ring.kind == RingMemory.FLAT:
            raise ArgumentError(
                "source is a ring over memory of yours, which may go before the graph does; it "
                "must have memory of its own"
            )
        count = ring._regions.channels
        if count > MAX_CHANNELS:
            raise ArgumentError(f"source has {count} channels; it must have 1 to {MAX_CHANNELS}")
        usual = 0.05 if is_stream else 0.0
        lead = usual if latency is None else real("latency", latency, 0, 60, "seconds")
        options: dict[str, Any] = {
            "channels": count,
            "format": decode(lib.pst_format_name(form.code)),
            "reader": -1 if is_stream else ring._index,
            "lead": min(round(lead * context.sample_rate), len(ring) // 2),
        }
        if not is_stream:
            ring._claim(_GRAPH)
        try:
            super().__init__(context, ring=ring._ring, **options, **channels)
        except BaseException:
            if not is_stream:
                ring._unclaim(_GRAPH)
            raise

    @property
    def lost_frames(self) -> int:
        """How many frames of silence were played since it began, as nothing was there in time."""
        return int(lib.pst_gnode_lost_frames(self._core.pointer))


def _ring_of(context: BaseAudioContext, source: Any) -> tuple[RingBuffer, bool]:
    """Return the ring of a source, and whether it is a stream's."""
    if isinstance(source, RingBuffer):
        return source, False
    if isinstance(source, TapNode):
        return source.ring, False
    ring = getattr(source, "input_ring", None)
    if not isinstance(ring, RingBuffer):
        raise ArgumentTypeError(
            f"source is {shown(source)} of type {type(source).__name__}; it must be a RingBuffer, "
            "an open InputStream or a TapNode"
        )
    if source.samplerate != context.sample_rate:
        raise ArgumentError(
            f"source has a sample rate of {source.samplerate:g} Hz; it must be the context's, "
            f"{context.sample_rate:g} Hz"
        )
    return ring, True
