# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams: devices whose frames flow through rings, by themselves."""

from __future__ import annotations

from pastream_ng.streams.aio import AsyncStream
from pastream_ng.streams.chunks import Chunks
from pastream_ng.streams.clock import StreamClock
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.meters import MeterReading
from pastream_ng.streams.output import OutputStream
from pastream_ng.streams.reader import StreamReader
from pastream_ng.streams.shortcut import chunks
from pastream_ng.streams.timing import CallbackTiming, Distribution
from pastream_ng.streams.values import ChunkInfo, StreamEvent, StreamStats

__all__ = [
    "AsyncStream",
    "CallbackTiming",
    "ChunkInfo",
    "Chunks",
    "Distribution",
    "DuplexStream",
    "InputStream",
    "MeterReading",
    "OutputStream",
    "StreamClock",
    "StreamEvent",
    "StreamReader",
    "StreamStats",
    "chunks",
]
