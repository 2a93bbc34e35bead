# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams whose callback renders a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import integer, pair, shown
from pastream_ng._native import ffi, lib
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.options import configure
from pastream_ng.streams.output import OutputStream

if TYPE_CHECKING:
    from pastream_ng.graph.live.output import GraphOutput
    from pastream_ng.streams.options import Configured, Options

__all__ = ["GraphDuplexStream", "GraphStream", "StreamPlan"]

# What streams have that a graph decides, or that has no meaning where a graph plays.
_REFUSED = (
    "dtype",
    "callback",
    "callback_latency",
    "userdata",
    "underflow",
    "reader",
    "writer",
    "prebuffer_timeout",
    "frames",
    "pad",
    "offset",
    "finished_callback",
    "samplerate",
)


def _put(stream: StreamBase, configured: Configured, output: GraphOutput) -> None:
    config = configured.config
    config.callback = ffi.addressof(lib, "pst_graph_output_render")
    config.callback_user = output.pointer
    config.without_output_ring = True
    stream._borrowed.append(output)


class GraphStream(OutputStream):
    """A stream that plays a graph."""

    _warns = False  # The context does.

    def __init__(self, output: GraphOutput, options: Options) -> None:
        self._graph_output = output
        StreamBase.__init__(self, options)

    def _prepare(self, configured: Configured) -> None:
        _put(self, configured, self._graph_output)


class GraphDuplexStream(DuplexStream):
    """A stream that plays a graph, which hears the input."""

    _warns = False

    def __init__(self, output: GraphOutput, options: Options) -> None:
        self._graph_output = output
        StreamBase.__init__(self, options)

    def _prepare(self, configured: Configured) -> None:
        _put(self, configured, self._graph_output)
        # A ring beside it is for those who want one.
        configured.config.without_input_ring = configured.config.input_ring_frames == 0


class StreamPlan:
    """The streams of one context: all are opened with the rate and the channels of the first."""

    def __init__(
        self,
        device: Any,
        samplerate: Any,
        channels: Any,
        input_channels: Any,
        blocksize: Any,
        latency: Any,
        more: dict[str, Any],
    ) -> None:
        self.input_channels = integer("input_channels", input_channels, 0, MAX_CHANNELS)
        self._kind = DuplexStream if self.input_channels else OutputStream
        for name in more:
            if name in _REFUSED:
                raise ArgumentTypeError(f"{name} is no argument of AudioContext; its graph plays")
        if not self.input_channels:
            for name in ("buffersize", "overflow"):
                if more.get(name) is not None:
                    raise ArgumentError(
                        f"{name} is {shown(more[name])}; it is for the input, so input_channels "
                        "must be given as well"
                    )
        self._more = {
            **more,
            "samplerate": samplerate,
            "blocksize": blocksize,
            "latency": latency,
            "channels": channels,
            "device_samplerate": more.get("device_samplerate", "auto"),
        }
        configured = configure(self._direction, self._options(device))
        assert configured.output is not None
        self.rate = float(configured.config.samplerate_hz)
        self.channels: int = configured.output.channels
        self._more.update(samplerate=self.rate, channels=self.channels)

    @property
    def _direction(self) -> Direction:
        return Direction.DUPLEX if self.input_channels else Direction.OUTPUT

    def _options(self, device: Any) -> Options:
        options = {**self._more, "device": device}
        if not self.input_channels:
            return OutputStream._options({**options, "dtype": "float32"})
        size, _ = pair("buffersize", options.get("buffersize"))
        return DuplexStream._options(
            {
                **options,
                "channels": (self.input_channels, options["channels"]),
                "buffersize": (size, None),
                "dtype": "float32",
            }
        )

    def open(self, device: Any, output: GraphOutput) -> GraphStream | GraphDuplexStream:
        """Return a stream on a device, which is not started."""
        kind = GraphDuplexStream if self.input_channels else GraphStream
        return kind(output, self._options(device))
