# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Realtime audio for Python whose audio path never waits for Python.

Frames are rows: arrays are (frames, channels), float32 unless asked otherwise. Rates are in Hz,
times in seconds, lengths in frames. No device is opened at import.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from pastream_ng._native.text import version
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
    TranscodeCancelledError,
    UnsupportedOptionError,
    UnsupportedSettingsError,
)

if _TYPE_CHECKING:
    from pastream_ng.callbacks import (
        CallbackAbort,
        CallbackFlags,
        CallbackStop,
        CallbackTime,
        CompiledCallback,
        get_include,
    )
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
    from pastream_ng.codecs import (
        AacDecoderConfig,
        AacEncoderConfig,
        Decoder,
        Encoder,
        FlacDecoderConfig,
        FlacEncoderConfig,
        IncompleteChunkWarning,
        Mp3DecoderConfig,
        Mp3EncoderConfig,
        OpusDecoderConfig,
        OpusEncoderConfig,
        PcmDecoderConfig,
        PcmEncoderConfig,
        VorbisDecoderConfig,
        VorbisEncoderConfig,
        WavDecoderConfig,
        WavEncoderConfig,
    )
    from pastream_ng.defaults import default
    from pastream_ng.files.codecs import (
        CodecInfo,
        available_codecs,
        available_formats,
        available_subtypes,
        check_format,
        default_subtype,
        libsndfile_version,
    )
    from pastream_ng.files.damage import Damage, DamagedFileWarning
    from pastream_ng.files.info import FileInfo, info
    from pastream_ng.files.parallel import ParallelAudioWriter
    from pastream_ng.files.reader import AudioFileReader
    from pastream_ng.files.soundfile import SoundFile
    from pastream_ng.files.streams import (
        SoundFileDuplexStream,
        SoundFileInputStream,
        SoundFileOutputStream,
    )
    from pastream_ng.files.tags import Tags
    from pastream_ng.files.whole import blocks, read, write
    from pastream_ng.files.writer import AudioFileWriter
    from pastream_ng.graph.contexts import BaseAudioContext, OfflineAudioContext, RenderSteps
    from pastream_ng.graph.data import AudioBuffer, PeriodicWave
    from pastream_ng.graph.nodes import (
        AnalyserNode,
        AudioBufferSourceNode,
        AudioDestinationNode,
        AudioListener,
        AudioNode,
        AudioScheduledSourceNode,
        BiquadFilterNode,
        ChannelMergerNode,
        ChannelSplitterNode,
        ConstantSourceNode,
        ConvolverNode,
        DelayNode,
        DynamicsCompressorNode,
        GainNode,
        IIRFilterNode,
        OscillatorNode,
        PannerNode,
        StereoPannerNode,
        WaveShaperNode,
    )
    from pastream_ng.graph.nodes.panners import hrtf_file
    from pastream_ng.graph.params import AudioParam
    from pastream_ng.graph.units import db, midi, note
    from pastream_ng.graph.wiring import Fan, Port
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
    from pastream_ng.packets import AudioFormat, NodeBuffer, Packet
    from pastream_ng.pipelines import (
        AsyncDynPipeline,
        AsyncDynRunner,
        AudioSink,
        AudioSource,
        ChannelMapNodeConfig,
        CompressorNodeConfig,
        DelayNodeConfig,
        DynNode,
        FirNodeConfig,
        GainNodeConfig,
        IdentityNodeConfig,
        IirNodeConfig,
        LimiterNodeConfig,
        Node,
        PipelineProgress,
        Processor,
        ReduceConcat,
        ReduceMax,
        ReduceMean,
        ReduceMin,
        ReduceProduct,
        ReduceSum,
        ReduceXor,
        ResampleNodeConfig,
        RunnerProgress,
        make_async_fork_join_node,
        make_channel_map_node,
        make_compressor_node,
        make_decoder_node,
        make_delay_node,
        make_encoder_node,
        make_fir_node,
        make_gain_node,
        make_identity_node,
        make_iir_node,
        make_limiter_node,
        make_processor_node,
        make_python_node,
        make_resample_node,
        make_tap_node,
    )
    from pastream_ng.players import Player, PlayerState, PlayerStats
    from pastream_ng.recorders import RecordedFile, Recorder, RecorderStats
    from pastream_ng.recordings import Recording, RecordingState, Segment
    from pastream_ng.recordings.shortcut import recording
    from pastream_ng.resampling import Resampler, resample
    from pastream_ng.rings import ReadView, RingBuffer, RingReader, WriteView
    from pastream_ng.simd import (
        SimdCapabilities,
        detect_simd,
        kernel_level,
        kernel_levels,
        use_kernel_level,
    )
    from pastream_ng.simple import get_stream, play, playrec, rec, stop, wait
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
    from pastream_ng.transcoding.batch import TranscodeBatch, transcode_many
    from pastream_ng.transcoding.batch_values import BatchProgress, BatchResult
    from pastream_ng.transcoding.oneshot import transcode, transcode_async
    from pastream_ng.transcoding.options import TranscodeOptions
    from pastream_ng.transcoding.transcoder import Transcoder
    from pastream_ng.transcoding.values import FormatInfo, Progress, TranscodeStats

__all__ = [
    "AacDecoderConfig",
    "AacEncoderConfig",
    "AlsaSettings",
    "AnalyserNode",
    "ArgumentError",
    "ArgumentTypeError",
    "AsioSettings",
    "AsyncDynPipeline",
    "AsyncDynRunner",
    "AsyncStream",
    "AudioBuffer",
    "AudioBufferSourceNode",
    "AudioDestinationNode",
    "AudioFileReader",
    "AudioFileWriter",
    "AudioFormat",
    "AudioListener",
    "AudioNode",
    "AudioParam",
    "AudioScheduledSourceNode",
    "AudioSink",
    "AudioSource",
    "BaseAudioContext",
    "BatchProgress",
    "BatchResult",
    "BiquadFilterNode",
    "BitrateMode",
    "BufferEmpty",
    "BufferFull",
    "CallbackAbort",
    "CallbackFlags",
    "CallbackStop",
    "CallbackTime",
    "CallbackTiming",
    "ChannelMapNodeConfig",
    "ChannelMergerNode",
    "ChannelSplitterNode",
    "ChunkInfo",
    "Chunks",
    "ClosedError",
    "CodecInfo",
    "CodecMissingError",
    "CompiledCallback",
    "CompressorNodeConfig",
    "ConstantSourceNode",
    "ConvolverNode",
    "CoreAudioSettings",
    "Curve",
    "Damage",
    "DamageFlags",
    "DamagedFileError",
    "DamagedFileWarning",
    "Decoder",
    "DelayNode",
    "DelayNodeConfig",
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
    "DynNode",
    "DynamicsCompressorNode",
    "Encoder",
    "EventKind",
    "Fan",
    "Fault",
    "FileFormatError",
    "FileInfo",
    "FirNodeConfig",
    "FlacDecoderConfig",
    "FlacEncoderConfig",
    "ForkedError",
    "FormatInfo",
    "GainNode",
    "GainNodeConfig",
    "HostApiInfo",
    "HostError",
    "IIRFilterNode",
    "IdentityNodeConfig",
    "IirNodeConfig",
    "IncompleteChunkWarning",
    "InputStream",
    "LatencyMeasurement",
    "LimitError",
    "LimiterNodeConfig",
    "MeasurementError",
    "MeterReading",
    "Mixer",
    "Mp3DecoderConfig",
    "Mp3EncoderConfig",
    "Node",
    "NodeBuffer",
    "OfflineAudioContext",
    "OnLost",
    "OpusDecoderConfig",
    "OpusEncoderConfig",
    "OscillatorNode",
    "OutOfMemoryError",
    "OutputStream",
    "Overflow",
    "Packet",
    "PannerNode",
    "ParallelAudioWriter",
    "PastreamError",
    "PastreamTimeoutError",
    "PcmDecoderConfig",
    "PcmEncoderConfig",
    "PeriodicWave",
    "PipelineProgress",
    "Player",
    "PlayerState",
    "PlayerStats",
    "Port",
    "Processor",
    "Progress",
    "ReadView",
    "RecordedFile",
    "Recorder",
    "RecorderStats",
    "Recording",
    "RecordingState",
    "ReduceConcat",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProduct",
    "ReduceSum",
    "ReduceXor",
    "RenderSteps",
    "ResampleEngine",
    "ResampleNodeConfig",
    "ResampleQuality",
    "Resampler",
    "RingBuffer",
    "RingReader",
    "RunnerProgress",
    "Segment",
    "SimdCapabilities",
    "SoundFile",
    "SoundFileDuplexStream",
    "SoundFileInputStream",
    "SoundFileOutputStream",
    "StateError",
    "StereoPannerNode",
    "Stream",
    "StreamClock",
    "StreamEvent",
    "StreamFlags",
    "StreamReader",
    "StreamState",
    "StreamStats",
    "SystemCallError",
    "Tags",
    "TranscodeBatch",
    "TranscodeCancelledError",
    "TranscodeOptions",
    "TranscodeStats",
    "Transcoder",
    "Underflow",
    "UnsupportedOptionError",
    "UnsupportedSettingsError",
    "VirtualDevice",
    "Voice",
    "VoiceState",
    "VoiceStatus",
    "VorbisDecoderConfig",
    "VorbisEncoderConfig",
    "WasapiSettings",
    "WavDecoderConfig",
    "WavEncoderConfig",
    "WaveShaperNode",
    "WriteView",
    "abort_flag",
    "apis",
    "available_codecs",
    "available_formats",
    "available_subtypes",
    "blocks",
    "check_format",
    "check_input_settings",
    "check_output_settings",
    "chunks",
    "complete_flag",
    "continue_flag",
    "db",
    "default",
    "default_api",
    "default_device",
    "default_input_device",
    "default_output_device",
    "default_subtype",
    "detect_simd",
    "devices",
    "get_include",
    "get_stream",
    "hrtf_file",
    "info",
    "kernel_level",
    "kernel_levels",
    "libsndfile_version",
    "make_async_fork_join_node",
    "make_channel_map_node",
    "make_compressor_node",
    "make_decoder_node",
    "make_delay_node",
    "make_encoder_node",
    "make_fir_node",
    "make_gain_node",
    "make_identity_node",
    "make_iir_node",
    "make_limiter_node",
    "make_processor_node",
    "make_python_node",
    "make_resample_node",
    "make_tap_node",
    "measure_latency",
    "midi",
    "note",
    "pa_version",
    "play",
    "playrec",
    "portaudio_version",
    "query_devices",
    "query_hostapis",
    "read",
    "rec",
    "recording",
    "refresh",
    "resample",
    "set_application_name",
    "stop",
    "supported_samplerates",
    "transcode",
    "transcode_async",
    "transcode_many",
    "use_kernel_level",
    "version",
    "wait",
    "watch_devices",
    "write",
]

__version__ = version()

# All but errors and constants comes with the first look at it.
_LATER_IN = {
    "callbacks": """
        CallbackAbort CallbackFlags CallbackStop CallbackTime CompiledCallback get_include
    """,
    "classic": """
        Stream abort_flag apis complete_flag continue_flag default_api default_input_device
        default_output_device devices pa_version
    """,
    "codecs": """
        AacDecoderConfig AacEncoderConfig Decoder Encoder FlacDecoderConfig
        FlacEncoderConfig IncompleteChunkWarning Mp3DecoderConfig Mp3EncoderConfig
        OpusDecoderConfig OpusEncoderConfig PcmDecoderConfig PcmEncoderConfig
        VorbisDecoderConfig VorbisEncoderConfig WavDecoderConfig WavEncoderConfig
    """,
    "defaults": "default",
    "files.codecs": """
        CodecInfo available_codecs available_formats available_subtypes
        check_format default_subtype libsndfile_version
    """,
    "files.damage": "Damage DamagedFileWarning",
    "files.info": "FileInfo info",
    "files.parallel": "ParallelAudioWriter",
    "files.reader": "AudioFileReader",
    "files.soundfile": "SoundFile",
    "files.streams": "SoundFileDuplexStream SoundFileInputStream SoundFileOutputStream",
    "files.tags": "Tags",
    "files.whole": "blocks read write",
    "files.writer": "AudioFileWriter",
    "graph.contexts": "BaseAudioContext OfflineAudioContext RenderSteps",
    "graph.data": "AudioBuffer PeriodicWave",
    "graph.nodes": """
        AnalyserNode AudioBufferSourceNode AudioDestinationNode AudioListener AudioNode
        AudioScheduledSourceNode BiquadFilterNode ChannelMergerNode ChannelSplitterNode
        ConstantSourceNode ConvolverNode DelayNode DynamicsCompressorNode GainNode
        IIRFilterNode OscillatorNode PannerNode StereoPannerNode WaveShaperNode
    """,
    "graph.nodes.panners": "hrtf_file",
    "graph.params": "AudioParam",
    "graph.units": "db midi note",
    "graph.wiring": "Fan Port",
    "hosts": """
        DeviceInfo DeviceList Fault HostApiInfo VirtualDevice
        check_input_settings check_output_settings default_device
        portaudio_version query_devices query_hostapis refresh
        supported_samplerates
    """,
    "hosts.host_options": """
        AlsaSettings AsioSettings CoreAudioSettings WasapiSettings set_application_name
    """,
    "hosts.watch": "DeviceChange DeviceWatch watch_devices",
    "measuring": "LatencyMeasurement measure_latency",
    "mixing": "DuplexMixer Mixer Voice VoiceStatus",
    "packets": "AudioFormat NodeBuffer Packet",
    "pipelines": """
        AsyncDynPipeline AsyncDynRunner AudioSink AudioSource ChannelMapNodeConfig
        CompressorNodeConfig DelayNodeConfig DynNode FirNodeConfig GainNodeConfig
        IdentityNodeConfig IirNodeConfig LimiterNodeConfig Node PipelineProgress
        ReduceConcat ReduceMax ReduceMean ReduceMin ReduceProduct ReduceSum ReduceXor
        ResampleNodeConfig RunnerProgress make_async_fork_join_node make_channel_map_node
        make_compressor_node make_decoder_node make_delay_node make_encoder_node
        make_fir_node make_gain_node make_identity_node make_iir_node make_limiter_node
        make_processor_node make_python_node make_resample_node make_tap_node Processor
    """,
    "players": "Player PlayerState PlayerStats",
    "recorders": "RecordedFile Recorder RecorderStats",
    "recordings": "Recording RecordingState Segment",
    "recordings.shortcut": "recording",
    "resampling": "Resampler resample",
    "rings": "ReadView RingBuffer RingReader WriteView",
    "simd": "SimdCapabilities detect_simd kernel_level kernel_levels use_kernel_level",
    "simple": "get_stream play playrec rec stop wait",
    "streams": """
        AsyncStream CallbackTiming ChunkInfo Chunks Distribution DuplexStream
        InputStream MeterReading OutputStream StreamClock StreamEvent
        StreamReader StreamStats chunks
    """,
    "transcoding.batch": "TranscodeBatch transcode_many",
    "transcoding.batch_values": "BatchProgress BatchResult",
    "transcoding.oneshot": "transcode transcode_async",
    "transcoding.options": "TranscodeOptions",
    "transcoding.transcoder": "Transcoder",
    "transcoding.values": "FormatInfo Progress TranscodeStats",
}
_LATER = {name: module for module, names in _LATER_IN.items() for name in names.split()}


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
