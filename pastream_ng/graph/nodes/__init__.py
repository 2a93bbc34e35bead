# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The kinds of nodes.

A kind of node is told of in C (``csrc/graph/nodes``), and has a class here. To add one:

1. A class in the module where its like are, or in a new one (listed in ``meson.build``). It names
   its ``_kind``, has a `Param`, `Number`, `Integer`, `Flag`, `Choice`, `Sound` or `Numbers` for
   each param and attribute of C's table, by the same names, and an ``__init__`` with the same as
   keywords, whose defaults are the table's (a test compares).
2. Its name in the imports and ``__all__`` below, in ``pastream_ng/__init__.py``, and on
   ``docs/reference/python/graph_nodes.rst``.
3. A line in ``contexts/factory.py``: ``create_this = made_by(ThisNode)``.
"""

from pastream_ng.graph.nodes.analyser import AnalyserNode
from pastream_ng.graph.nodes.convolver import ConvolverNode
from pastream_ng.graph.nodes.device import DeviceInputNode
from pastream_ng.graph.nodes.dynamics import DynamicsCompressorNode, LimiterNode, PeakCompressorNode
from pastream_ng.graph.nodes.ends import AudioDestinationNode, AudioListener
from pastream_ng.graph.nodes.file_source import FileSourceNode
from pastream_ng.graph.nodes.filters import BiquadFilterNode, IIRFilterNode
from pastream_ng.graph.nodes.fir import FIRFilterNode
from pastream_ng.graph.nodes.functional import FunctionStats
from pastream_ng.graph.nodes.functions import FunctionNode
from pastream_ng.graph.nodes.granulation import GranulationNode
from pastream_ng.graph.nodes.levels import ADSRNode, ClipNode
from pastream_ng.graph.nodes.meter import MeterNode
from pastream_ng.graph.nodes.node import AudioNode, AudioScheduledSourceNode
from pastream_ng.graph.nodes.panners import PannerNode, StereoPannerNode
from pastream_ng.graph.nodes.plain import (
    ChannelMergerNode,
    ChannelSplitterNode,
    DelayNode,
    GainNode,
)
from pastream_ng.graph.nodes.processors import AudioProcessor, ProcessorNode
from pastream_ng.graph.nodes.recorder import RecorderNode
from pastream_ng.graph.nodes.shaping import WaveShaperNode
from pastream_ng.graph.nodes.sources import (
    AudioBufferSourceNode,
    ConstantSourceNode,
    NoiseNode,
    OscillatorNode,
)
from pastream_ng.graph.nodes.synth import PolyblepOscillatorNode, SupersawNode
from pastream_ng.graph.nodes.taps import StreamSourceNode, TapNode

__all__ = [
    "ADSRNode",
    "AnalyserNode",
    "AudioBufferSourceNode",
    "AudioDestinationNode",
    "AudioListener",
    "AudioNode",
    "AudioProcessor",
    "AudioScheduledSourceNode",
    "BiquadFilterNode",
    "ChannelMergerNode",
    "ChannelSplitterNode",
    "ClipNode",
    "ConstantSourceNode",
    "ConvolverNode",
    "DelayNode",
    "DeviceInputNode",
    "DynamicsCompressorNode",
    "FIRFilterNode",
    "FileSourceNode",
    "FunctionNode",
    "FunctionStats",
    "GainNode",
    "GranulationNode",
    "IIRFilterNode",
    "LimiterNode",
    "MeterNode",
    "NoiseNode",
    "OscillatorNode",
    "PannerNode",
    "PeakCompressorNode",
    "PolyblepOscillatorNode",
    "ProcessorNode",
    "RecorderNode",
    "StereoPannerNode",
    "StreamSourceNode",
    "SupersawNode",
    "TapNode",
    "WaveShaperNode",
]
