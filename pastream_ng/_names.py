# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which module has which public names: they are imported with the first look at them."""

from __future__ import annotations

__all__ = ["NAMES_OF_MODULES"]

NAMES_OF_MODULES = {
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
    "graph.effect": "EffectContext GraphEffect",
    "graph.chunks": "TapChunks TapInfo",
    "graph.contexts": "BaseAudioContext OfflineAudioContext RenderSteps",
    "graph.contexts.live": "AudioContext",
    "graph.data": "AudioBuffer PeriodicWave",
    "graph.live.values": "ContextStats OutputTimestamp",
    "graph.description.load": "graph_from_dict",
    "graph.nodes": """
        ADSRNode AnalyserNode AudioBufferSourceNode AudioDestinationNode AudioListener AudioNode
        AudioProcessor AudioScheduledSourceNode BiquadFilterNode ChannelMergerNode
        ChannelSplitterNode ClipNode ConstantSourceNode ConvolverNode DelayNode DeviceInputNode
        DynamicsCompressorNode FIRFilterNode FileSourceNode FunctionNode FunctionStats GainNode
        GranulationNode IIRFilterNode LimiterNode MeterNode NoiseNode OscillatorNode PannerNode
        PeakCompressorNode PolyblepOscillatorNode ProcessorNode RecorderNode StereoPannerNode
        StreamSourceNode SupersawNode TapNode WaveShaperNode
    """,
    "graph.nodes.panners": "hrtf_file",
    "graph.params": "AudioParam",
    "graph.units": "db midi note",
    "graph.picture.view": "GraphConnection GraphView",
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
        make_fir_node make_gain_node make_graph_node make_identity_node make_iir_node
        make_limiter_node make_processor_node make_python_node make_resample_node make_tap_node
        Processor
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
