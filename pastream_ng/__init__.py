# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Realtime audio for Python whose audio path never waits for Python.

Frames are rows: arrays are (frames, channels), float32 unless asked otherwise. Rates are in Hz,
times in seconds, lengths in frames. No device is opened at import.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from pastream_ng._native.text import version as _version
from pastream_ng.callbacks import (
    CallbackAbort,
    CallbackFlags,
    CallbackStop,
    CallbackTime,
    CompiledCallback,
    get_include,
)
from pastream_ng.defaults import default
from pastream_ng.enums import (
    BitrateMode,
    Curve,
    DamageFlags,
    Dither,
    EventKind,
    OnLost,
    Overflow,
    ResampleEngine,
    ResampleQuality,
    StreamFlags,
    StreamState,
    Underflow,
    VoiceState,
)
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    BufferEmpty,
    BufferFull,
    ClosedError,
    CodecMissingError,
    DamagedFileError,
    DeviceBusyError,
    DeviceError,
    DeviceLostError,
    DeviceNotFoundError,
    FileFormatError,
    ForkedError,
    HostError,
    LimitError,
    MeasurementError,
    OutOfMemoryError,
    PastreamError,
    PastreamTimeoutError,
    StateError,
    SystemCallError,
    UnsupportedSettingsError,
)
from pastream_ng.hosts import (
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
from pastream_ng.rings import ReadView, RingBuffer, RingReader, WriteView
from pastream_ng.streams import (
    AsyncStream,
    CallbackTiming,
    ChunkInfo,
    Chunks,
    Distribution,
    DuplexStream,
    InputStream,
    MeterReading,
    OutputStream,
    StreamClock,
    StreamEvent,
    StreamReader,
    StreamStats,
    chunks,
)

if _TYPE_CHECKING:
    from pastream_ng.classic import (
        Stream,
        abort_flag,
        apis,
        complete_flag,
        continue_flag,
        default_api,
        default_input_device,
        default_output_device,
        devices,
        pa_version,
    )
    from pastream_ng.files import (
        CodecInfo,
        Damage,
        DamagedFileWarning,
        SoundFile,
        SoundFileDuplexStream,
        SoundFileInputStream,
        SoundFileOutputStream,
        Tags,
        available_codecs,
        libsndfile_version,
    )
    from pastream_ng.hosts.host_options import (
        AlsaSettings,
        AsioSettings,
        CoreAudioSettings,
        WasapiSettings,
        set_application_name,
    )
    from pastream_ng.hosts.watch import DeviceChange, DeviceWatch, watch_devices
    from pastream_ng.measuring import LatencyMeasurement, measure_latency
    from pastream_ng.mixing import DuplexMixer, Mixer, Voice, VoiceStatus
    from pastream_ng.recordings import Recording, RecordingState, Segment
    from pastream_ng.recordings.shortcut import recording
    from pastream_ng.simple import get_stream, play, playrec, rec, stop, wait

__all__ = [
    "AlsaSettings",
    "ArgumentError",
    "ArgumentTypeError",
    "AsioSettings",
    "AsyncStream",
    "BitrateMode",
    "BufferEmpty",
    "BufferFull",
    "CallbackAbort",
    "CallbackFlags",
    "CallbackStop",
    "CallbackTime",
    "CallbackTiming",
    "ChunkInfo",
    "Chunks",
    "ClosedError",
    "CodecInfo",
    "CodecMissingError",
    "CompiledCallback",
    "CoreAudioSettings",
    "Curve",
    "Damage",
    "DamageFlags",
    "DamagedFileError",
    "DamagedFileWarning",
    "DeviceBusyError",
    "DeviceChange",
    "DeviceError",
    "DeviceInfo",
    "DeviceList",
    "DeviceLostError",
    "DeviceNotFoundError",
    "DeviceWatch",
    "Distribution",
    "Dither",
    "DuplexMixer",
    "DuplexStream",
    "EventKind",
    "Fault",
    "FileFormatError",
    "ForkedError",
    "HostApiInfo",
    "HostError",
    "InputStream",
    "LatencyMeasurement",
    "LimitError",
    "MeasurementError",
    "MeterReading",
    "Mixer",
    "OnLost",
    "OutOfMemoryError",
    "OutputStream",
    "Overflow",
    "PastreamError",
    "PastreamTimeoutError",
    "ReadView",
    "Recording",
    "RecordingState",
    "ResampleEngine",
    "ResampleQuality",
    "RingBuffer",
    "RingReader",
    "Segment",
    "SoundFile",
    "SoundFileDuplexStream",
    "SoundFileInputStream",
    "SoundFileOutputStream",
    "StateError",
    "Stream",
    "StreamClock",
    "StreamEvent",
    "StreamFlags",
    "StreamReader",
    "StreamState",
    "StreamStats",
    "SystemCallError",
    "Tags",
    "Underflow",
    "UnsupportedSettingsError",
    "VirtualDevice",
    "Voice",
    "VoiceState",
    "VoiceStatus",
    "WasapiSettings",
    "WriteView",
    "abort_flag",
    "apis",
    "available_codecs",
    "check_input_settings",
    "check_output_settings",
    "chunks",
    "complete_flag",
    "continue_flag",
    "default",
    "default_api",
    "default_device",
    "default_input_device",
    "default_output_device",
    "devices",
    "get_include",
    "get_stream",
    "libsndfile_version",
    "measure_latency",
    "pa_version",
    "play",
    "playrec",
    "portaudio_version",
    "query_devices",
    "query_hostapis",
    "rec",
    "recording",
    "refresh",
    "set_application_name",
    "stop",
    "supported_samplerates",
    "wait",
    "watch_devices",
]

__version__ = _version()

# What most programs do without comes with the first look at it: name -> module.
_LATER = {
    "Stream": "classic",
    "abort_flag": "classic",
    "apis": "classic",
    "complete_flag": "classic",
    "continue_flag": "classic",
    "default_api": "classic",
    "default_input_device": "classic",
    "default_output_device": "classic",
    "devices": "classic",
    "pa_version": "classic",
    "CodecInfo": "files",
    "Damage": "files",
    "DamagedFileWarning": "files",
    "SoundFile": "files",
    "SoundFileDuplexStream": "files",
    "SoundFileInputStream": "files",
    "SoundFileOutputStream": "files",
    "Tags": "files",
    "available_codecs": "files",
    "libsndfile_version": "files",
    "AlsaSettings": "hosts.host_options",
    "AsioSettings": "hosts.host_options",
    "CoreAudioSettings": "hosts.host_options",
    "WasapiSettings": "hosts.host_options",
    "set_application_name": "hosts.host_options",
    "DeviceChange": "hosts.watch",
    "DeviceWatch": "hosts.watch",
    "watch_devices": "hosts.watch",
    "LatencyMeasurement": "measuring",
    "measure_latency": "measuring",
    "DuplexMixer": "mixing",
    "Mixer": "mixing",
    "Voice": "mixing",
    "VoiceStatus": "mixing",
    "Recording": "recordings",
    "RecordingState": "recordings",
    "Segment": "recordings",
    "recording": "recordings.shortcut",
    "get_stream": "simple",
    "play": "simple",
    "playrec": "simple",
    "rec": "simple",
    "stop": "simple",
    "wait": "simple",
}


if not _TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return what was not imported yet."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(_import_module(f"{__name__}.{_LATER[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
