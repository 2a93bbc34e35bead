# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The nodes that change sound: all of them work in C."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.pipelines import configs
from pastream_ng.pipelines.nodes import DynNode
from pastream_ng.pipelines.stages import make_stage, new_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pastream_ng.graph.effect import GraphEffect
    from pastream_ng.packets import AudioFormat
    from pastream_ng.pipelines.build import Build

__all__ = [
    "make_channel_map_node",
    "make_compressor_node",
    "make_delay_node",
    "make_fir_node",
    "make_gain_node",
    "make_graph_node",
    "make_identity_node",
    "make_iir_node",
    "make_limiter_node",
    "make_processor_node",
    "make_resample_node",
]

_CONFIGS: dict[str, type[configs.NodeConfig]] = {
    kind._processor: kind
    for kind in (
        configs.ChannelMapNodeConfig,
        configs.CompressorNodeConfig,
        configs.DelayNodeConfig,
        configs.FirNodeConfig,
        configs.GainNodeConfig,
        configs.IdentityNodeConfig,
        configs.IirNodeConfig,
        configs.LimiterNodeConfig,
        configs.ResampleNodeConfig,
    )
}


def make_processor_node(kind: str, config: configs.NodeConfig) -> DynNode:
    """Return a node that changes sound, from what configures it.

    Parameters
    ----------
    kind : {"identity", "resample", "gain", "delay", "fir", "iir", "compressor", "limiter", \
"channel-map"}
        What it does.
    config : IdentityNodeConfig, ResampleNodeConfig, GainNodeConfig, ...
        That of this kind. Later changes of it do not change the node.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        No such kind, another configuration, or one with an attribute that is not as described.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> config = ps.GainNodeConfig(gain=0.5)
    >>> config.gain = 0.25
    >>> ps.make_processor_node("gain", config)
    <pastream_ng.DynNode gain: pcm -> pcm>
    """
    wanted = _CONFIGS.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        error = ArgumentError if isinstance(kind, str) else ArgumentTypeError
        names = ", ".join(f'"{name}"' for name in sorted(_CONFIGS))
        raise error(f"kind is {shown(kind)}; it must be one of {names}")
    if not isinstance(config, wanted):
        raise ArgumentTypeError(
            f"config is {shown(config)}; for {kind!r} it must be a {wanted.__name__}"
        )
    return _node(config)


def _node(config: configs.NodeConfig) -> DynNode:
    """Return the node for a configuration."""
    own = deepcopy(config)
    own._check()

    def make(build: Build) -> Any:
        return make_stage(own)

    kind = getattr(own, "kind", "pcm")
    form = getattr(own, "out_format", None)
    return DynNode(own._processor, kind, kind, make, form)


def make_identity_node(kind: str) -> DynNode:
    """Return a node that passes everything on as it is; `kind` is ``"pcm"`` or ``"packet"``."""
    return _node(configs.IdentityNodeConfig(kind))


def make_resample_node(
    in_format: AudioFormat,
    out_format: AudioFormat,
    out_chunk_samples: int | None = None,
    pad_final: bool = True,
) -> DynNode:
    """Return a node that brings sound to another rate, and other channels or samples with it.

    n samples become n * out / in of them; gaps stay gaps, and times stay.

    Parameters
    ----------
    in_format : AudioFormat
        What comes: its rate and channels must be those, its samples may be of any type.
    out_format : AudioFormat
        What goes on.
    out_chunk_samples : int, optional
        Samples for each channel of the buffers that go on; None: as they come.
    pad_final : bool, optional
        Whether silence fills the last buffer up to that.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> low, high = ps.AudioFormat(24000, 1, "i16"), ps.AudioFormat(48000, 2, "f32")
    >>> with ps.AsyncDynPipeline([ps.make_resample_node(low, high, 1000)]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.zeros((1, 1200), "int16"), low))
    ...     pipeline.flush()
    ...     [buffer.as_pcm().shape for buffer in pipeline]
    [(2, 1000), (2, 1000), (2, 1000)]
    """
    return _node(configs.ResampleNodeConfig(in_format, out_format, out_chunk_samples, pad_final))


def make_graph_node(effect: GraphEffect) -> DynNode:
    """Return a node that sends all samples through a graph, in float32.

    Parameters
    ----------
    effect : GraphEffect
        What comes must have its rate and channels. Each pipeline has a graph of its own.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> def half(ctx):
    ...     ctx.create_device_input(channels=1) >> ctx.create_gain(0.5) >> ctx.destination
    >>> form = ps.AudioFormat(8000, 1, "f32")
    >>> node = ps.make_graph_node(ps.GraphEffect(half, sample_rate=8000, channels=1))
    >>> with ps.AsyncDynPipeline([node]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.ones((1, 200), "float32"), form))
    ...     pipeline.flush()
    ...     float(sum(buffer.as_pcm().sum() for buffer in pipeline))
    100.0
    """
    from pastream_ng.graph.effect import check_effect

    chosen = check_effect("effect", effect)

    def make(build: Build) -> Any:
        context = chosen.begin()
        build.kept.append(context)
        return new_stage(lib.pst_node_graph, ffi.NULL, context._core.pointer)

    return DynNode("graph", "pcm", "pcm", make, None)


def make_gain_node(gain: float, format: AudioFormat | None = None) -> DynNode:
    """Return a node that multiplies all samples with a factor; see `GainNodeConfig`."""
    return _node(configs.GainNodeConfig(format, gain))


def make_delay_node(delay_ms: float, format: AudioFormat | None = None) -> DynNode:
    """Return a node that puts silence before the sound; see `DelayNodeConfig`."""
    return _node(configs.DelayNodeConfig(delay_ms, format))


def make_fir_node(taps: Sequence[float], format: AudioFormat | None = None) -> DynNode:
    """Return a node that filters with a finite impulse response; see `FirNodeConfig`."""
    return _node(configs.FirNodeConfig(taps, format))


def make_iir_node(
    b: Sequence[float] | None = None,
    a: Sequence[float] | None = None,
    format: AudioFormat | None = None,
    *,
    sos: Any = None,
) -> DynNode:
    """Return a node that filters recursively; see `IirNodeConfig`."""
    return _node(configs.IirNodeConfig(b, a, format, sos=sos))


def make_compressor_node(format: AudioFormat | None = None, **options: Any) -> DynNode:
    """Return a node that makes loud and soft more alike; see `CompressorNodeConfig`."""
    return _node(configs.CompressorNodeConfig(format, **options))


def make_limiter_node(format: AudioFormat | None = None, **options: Any) -> DynNode:
    """Return a node that keeps samples below a ceiling; see `LimiterNodeConfig`."""
    return _node(configs.LimiterNodeConfig(format, **options))


def make_channel_map_node(
    channels: int | Sequence[int] | None = None,
    gains: Any = None,
    format: AudioFormat | None = None,
) -> DynNode:
    """Return a node that makes other channels; see `ChannelMapNodeConfig`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "i16")
    >>> with ps.AsyncDynPipeline([ps.make_channel_map_node([1, 0, -1])]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.array([[1], [2]], "int16"), fmt))
    ...     pipeline.get().as_pcm().ravel().tolist()
    [2, 1, 0]
    """
    return _node(configs.ChannelMapNodeConfig(channels, gains, format))
