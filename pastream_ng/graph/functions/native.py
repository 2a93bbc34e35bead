# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Adding nodes with functions to C's graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.callbacks.signature import Wanted
from pastream_ng.enums import Underrun
from pastream_ng.graph.core import CoreGraph, CoreNode
from pastream_ng.graph.kinds import kind_of

if TYPE_CHECKING:
    from pastream_ng.callbacks import CompiledCallback
    from pastream_ng.graph.functions.declared import Declared

__all__ = ["COMPILED", "Plan", "add_node"]

#: What compiled functions are to be.
COMPILED = Wanted(
    "function",
    ["i4", "P", "P", "P", "P", "P"],
    "int32_t (const float *const *inputs, float *const *outputs, const float *const *params, "
    "const pst_process_block *block, void *user)",
)


class Plan(NamedTuple):
    """What a node with a function is to have."""

    inputs: int
    channels: int
    output_channels: Sequence[int]
    params: Sequence[Declared]
    block: int | None
    look_ahead: int
    underrun: Underrun


def add_node(
    graph: CoreGraph, plan: Plan, compiled: CompiledCallback | None = None, inline: int = 0
) -> tuple[CoreNode, Any]:
    """Add a node; return its handle, and the owner of its ``pst_function *``.

    Parameters
    ----------
    graph : CoreGraph
        Where to.
    plan : Plan
        What it has.
    compiled : CompiledCallback, optional
        What the renderer calls.
    inline : int, optional
        Instead, the number of a host that the renderer calls; 0: a worker makes the blocks.
    """
    config, err = ffi.new("pst_function_config *"), new_error()
    lib.pst_function_config_default(config)
    config.n_inputs = plan.inputs
    config.n_channels = plan.channels
    config.n_outputs = len(plan.output_channels)
    widths = ffi.new("uint32_t[]", list(plan.output_channels))
    config.output_channels = widths
    config.block_frames = plan.block or 0
    names = [ffi.new("char[]", param.name.encode()) for param in plan.params]
    params = ffi.new("pst_param_info[]", max(1, len(names)))
    for info, name, param in zip(params, names, plan.params, strict=False):
        info.name = name
        info.initial = param.default
        info.min = param.minimum
        info.max = param.maximum
        info.rate = param.rate
    config.params = params
    config.n_params = len(names)
    config.look_ahead_frames = plan.look_ahead
    config.underrun = plan.underrun
    if compiled is not None:
        config.process = ffi.cast("pst_process_fn", compiled.address)
        config.user = ffi.cast("void *", compiled.user_address)
    elif inline:
        config.process = lib.pst_python_process
        config.user = ffi.cast("void *", inline)
        config.is_packed = config.keeps_denormals = True
    node = owner("pst_gnode *", lib.pst_gnode_release)
    function = owner("pst_function *", lib.pst_function_release)
    check(lib.pst_graph_add_function(graph.pointer, node, function, config, err), err)
    return CoreNode(graph, node, kind_of(lib.pst_gnode_kind(node[0]))), function
