# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes in a row, which work on threads of C: pushed by the caller, or from a source to a sink."""

from pastream_ng.pipelines.bases import AudioSink, AudioSource, Node
from pastream_ng.pipelines.codecs import make_decoder_node, make_encoder_node
from pastream_ng.pipelines.configs import (
    ChannelMapNodeConfig,
    CompressorNodeConfig,
    DelayNodeConfig,
    FirNodeConfig,
    GainNodeConfig,
    IdentityNodeConfig,
    IirNodeConfig,
    LimiterNodeConfig,
    ResampleNodeConfig,
)
from pastream_ng.pipelines.factories import (
    make_channel_map_node,
    make_compressor_node,
    make_delay_node,
    make_fir_node,
    make_gain_node,
    make_graph_node,
    make_identity_node,
    make_iir_node,
    make_limiter_node,
    make_processor_node,
    make_resample_node,
)
from pastream_ng.pipelines.joins import make_async_fork_join_node, make_python_node, make_tap_node
from pastream_ng.pipelines.nodes import DynNode
from pastream_ng.pipelines.pipeline import AsyncDynPipeline, PipelineProgress
from pastream_ng.pipelines.processor import Processor
from pastream_ng.pipelines.reducers import (
    ReduceConcat,
    ReduceMax,
    ReduceMean,
    ReduceMin,
    ReduceProduct,
    ReduceSum,
    ReduceXor,
)
from pastream_ng.pipelines.runner import AsyncDynRunner, RunnerProgress

__all__ = [
    "AsyncDynPipeline",
    "AsyncDynRunner",
    "AudioSink",
    "AudioSource",
    "ChannelMapNodeConfig",
    "CompressorNodeConfig",
    "DelayNodeConfig",
    "DynNode",
    "FirNodeConfig",
    "GainNodeConfig",
    "IdentityNodeConfig",
    "IirNodeConfig",
    "LimiterNodeConfig",
    "Node",
    "PipelineProgress",
    "Processor",
    "ReduceConcat",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProduct",
    "ReduceSum",
    "ReduceXor",
    "ResampleNodeConfig",
    "RunnerProgress",
    "make_async_fork_join_node",
    "make_channel_map_node",
    "make_compressor_node",
    "make_decoder_node",
    "make_delay_node",
    "make_encoder_node",
    "make_fir_node",
    "make_gain_node",
    "make_graph_node",
    "make_identity_node",
    "make_iir_node",
    "make_limiter_node",
    "make_processor_node",
    "make_python_node",
    "make_resample_node",
    "make_tap_node",
]
