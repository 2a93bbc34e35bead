# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What makes nodes: a method of contexts for each class."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

from pastream_ng.graph import nodes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate

    from typing_extensions import ParamSpec

    from pastream_ng.graph.contexts.base import BaseAudioContext

    P = ParamSpec("P")

N = TypeVar("N")

__all__ = ["Factory", "made_by"]


def made_by(
    kind: Callable[Concatenate[BaseAudioContext, P], N],
) -> Callable[Concatenate[BaseAudioContext, P], N]:
    """Return a method that makes a node of a class, with the arguments of the class."""

    def create(context: BaseAudioContext, /, *args: P.args, **kwargs: P.kwargs) -> N:
        return kind(context, *args, **kwargs)

    name = kind.__name__
    create.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
    create.__doc__ = f"Return a new `{name}` of this context; the arguments are those of the class."
    return create


class Factory:
    """The methods of contexts that make nodes."""

    create_adsr = made_by(nodes.ADSRNode)
    create_analyser = made_by(nodes.AnalyserNode)
    create_analyzer = create_analyser
    create_biquad_filter = made_by(nodes.BiquadFilterNode)
    create_buffer_source = made_by(nodes.AudioBufferSourceNode)
    create_channel_merger = made_by(nodes.ChannelMergerNode)
    create_channel_splitter = made_by(nodes.ChannelSplitterNode)
    create_clip = made_by(nodes.ClipNode)
    create_constant_source = made_by(nodes.ConstantSourceNode)
    create_convolver = made_by(nodes.ConvolverNode)
    create_delay = made_by(nodes.DelayNode)
    create_device_input = made_by(nodes.DeviceInputNode)
    create_dynamics_compressor = made_by(nodes.DynamicsCompressorNode)
    create_file_source = made_by(nodes.FileSourceNode)
    create_fir_filter = made_by(nodes.FIRFilterNode)
    create_function = made_by(nodes.FunctionNode)
    create_gain = made_by(nodes.GainNode)
    create_granulation = made_by(nodes.GranulationNode)
    create_iir_filter = made_by(nodes.IIRFilterNode)
    create_limiter = made_by(nodes.LimiterNode)
    create_meter = made_by(nodes.MeterNode)
    create_noise = made_by(nodes.NoiseNode)
    create_oscillator = made_by(nodes.OscillatorNode)
    create_panner = made_by(nodes.PannerNode)
    create_peak_compressor = made_by(nodes.PeakCompressorNode)
    create_polyblep_oscillator = made_by(nodes.PolyblepOscillatorNode)
    create_recorder = made_by(nodes.RecorderNode)
    create_stereo_panner = made_by(nodes.StereoPannerNode)
    create_stream_source = made_by(nodes.StreamSourceNode)
    create_supersaw = made_by(nodes.SupersawNode)
    create_tap = made_by(nodes.TapNode)
    create_wave_shaper = made_by(nodes.WaveShaperNode)
    create_processor = made_by(nodes.ProcessorNode)
