# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Realtime audio for Python whose audio path never waits for Python.

Frames are rows: arrays are (frames, channels), float32 unless asked otherwise. Rates are in Hz,
times in seconds, lengths in frames. No device is opened at import.
"""

from __future__ import annotations

from pastream_ng._native.text import version as _version
from pastream_ng.devices import (
    DeviceInfo,
    DeviceList,
    Fault,
    HostApiInfo,
    VirtualDevice,
    check_input_settings,
    check_output_settings,
    default_device,
    portaudio_version,
    query_devices,
    query_hostapis,
    refresh,
    supported_samplerates,
)
from pastream_ng.enums import (
    EventKind,
    Overflow,
    ResampleQuality,
    StreamFlags,
    StreamState,
    Underflow,
)
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    BufferEmpty,
    BufferFull,
    ClosedError,
    DeviceBusyError,
    DeviceError,
    DeviceLostError,
    DeviceNotFoundError,
    ForkedError,
    HostError,
    LimitError,
    OutOfMemoryError,
    PastreamError,
    PastreamTimeoutError,
    StateError,
    SystemCallError,
    UnsupportedSettingsError,
)
from pastream_ng.rings import ReadView, RingBuffer, RingReader, WriteView
from pastream_ng.simple import get_stream, play, playrec, rec, stop, wait
from pastream_ng.streams import (
    ChunkInfo,
    Chunks,
    DuplexStream,
    InputStream,
    OutputStream,
    StreamEvent,
    StreamStats,
    chunks,
)

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "BufferEmpty",
    "BufferFull",
    "ChunkInfo",
    "Chunks",
    "ClosedError",
    "DeviceBusyError",
    "DeviceError",
    "DeviceInfo",
    "DeviceList",
    "DeviceLostError",
    "DeviceNotFoundError",
    "DuplexStream",
    "EventKind",
    "Fault",
    "ForkedError",
    "HostApiInfo",
    "HostError",
    "InputStream",
    "LimitError",
    "OutOfMemoryError",
    "OutputStream",
    "Overflow",
    "PastreamError",
    "PastreamTimeoutError",
    "ReadView",
    "ResampleQuality",
    "RingBuffer",
    "RingReader",
    "StateError",
    "StreamEvent",
    "StreamFlags",
    "StreamState",
    "StreamStats",
    "SystemCallError",
    "Underflow",
    "UnsupportedSettingsError",
    "VirtualDevice",
    "WriteView",
    "check_input_settings",
    "check_output_settings",
    "chunks",
    "default_device",
    "get_stream",
    "play",
    "playrec",
    "portaudio_version",
    "query_devices",
    "query_hostapis",
    "rec",
    "refresh",
    "stop",
    "supported_samplerates",
    "wait",
]

__version__ = _version()
