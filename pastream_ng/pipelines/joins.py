# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that lead elsewhere: to Python, to another sink, to several branches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng.enums import ReduceKind
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.pipelines.configs import check_kind
from pastream_ng.pipelines.files import file_sink_of
from pastream_ng.pipelines.nodes import DynNode, check_line, nodes_of
from pastream_ng.pipelines.objects import sink_of
from pastream_ng.pipelines.parts import NodePart
from pastream_ng.pipelines.reducers import Reducer
from pastream_ng.pipelines.stages import new_stage

if TYPE_CHECKING:
    from pastream_ng.pipelines.build import Build

__all__ = ["make_async_fork_join_node", "make_python_node", "make_tap_node"]


def check_name(name: Any) -> str:
    """Return the name of a node."""
    if not isinstance(name, str) or not name or "\0" in name:
        error = ArgumentError if isinstance(name, str) else ArgumentTypeError
        raise error(f"name is {shown(name)}; it must be a str with something in it")
    return name


# ---- Python --------------------------------------------------------------------------------------


def make_python_node(obj: Any, input_kind: str, output_kind: str, name: str = "py-node") -> DynNode:
    """Return a node of a Python object.

    Parameters
    ----------
    obj : object
        With ``push(buffer)`` and ``pull()``, and perhaps ``flush()`` and ``reset()``; see `Node`.
        They are called on a thread of the pipeline, one at a time.
    input_kind, output_kind : {"pcm", "packet"}
        What it takes, and what it gives.
    name : str, optional
        What errors call it.

    Returns
    -------
    DynNode
        For one pipeline or runner at a time.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> class Reverser(ps.Node):
    ...     def __init__(self):
    ...         self.waiting = []
    ...     def push(self, buf):
    ...         if buf is not None:
    ...             form, pts, base = buf.pcm_info()
    ...             self.waiting.append(ps.NodeBuffer.pcm(buf.as_pcm()[:, ::-1], form, pts, *base))
    ...     def pull(self):
    ...         return self.waiting.pop(0) if self.waiting else None
    >>> fmt = ps.AudioFormat(48000, 1, "i16")
    >>> with ps.AsyncDynPipeline([ps.make_python_node(Reverser(), "pcm", "pcm")]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.array([[1, 2, 3]], "int16"), fmt))
    ...     pipeline.flush()
    ...     print(pipeline.get().as_pcm())
    [[3 2 1]]
    """
    for method in ("push", "pull"):
        if not callable(getattr(obj, method, None)):
            raise ArgumentTypeError(
                f"obj is {shown(obj)} of type {type(obj).__name__}; it must have {method}()"
            )
    taken = check_kind("input_kind", input_kind)
    given = check_kind("output_kind", output_kind)

    called = check_name(name)

    def make(build: Build) -> Any:
        return build.add(NodePart(obj, called, taken, given))

    return DynNode(called, taken, given, make)


# ---- Another sink --------------------------------------------------------------------------------


def make_tap_node(sink: Any, kind: str = "pcm") -> DynNode:
    """Return a node that passes everything on, and gives it to a sink beside, too.

    Parameters
    ----------
    sink : object
        With ``push(buffer)`` and perhaps ``finalize()``, see `AudioSink`, or any other sink of an
        `AsyncDynRunner` but a stream. The sound is fitted to that of a file. The sink holds the
        line back for as long as it takes, and its errors are those of the node; one that takes no
        more (`EOFError`) is left behind.
    kind : {"pcm", "packet"}, optional
        What goes by.

    Returns
    -------
    DynNode
        For one pipeline or runner.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt, heard = ps.AudioFormat(48000, 1, "f32"), []
    >>> nodes = [ps.make_tap_node(heard), ps.make_gain_node(0.0)]
    >>> with ps.AsyncDynPipeline(nodes) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.ones((1, 3), "float32"), fmt))
    ...     pipeline.flush()
    ...     print(pipeline.get().as_pcm(), heard[0].as_pcm())
    [[0. 0. 0.]] [[1. 1. 1.]]
    """
    flows = check_kind("kind", kind)
    end = file_sink_of(sink) or sink_of(sink, True)
    if end.kind not in ("", flows):
        raise ArgumentError(f"kind is {flows!r}; {end.name} takes {end.kind!r}")

    def make(build: Build) -> Any:
        native = end.make(build, flows)
        build.ends.append(end)
        stage = new_stage(lib.pst_node_tap_sink, ffi.NULL, native[0])
        native[0] = ffi.NULL
        return stage

    return DynNode("tap", flows, flows, make)


# ---- Branches ------------------------------------------------------------------------------------


def make_async_fork_join_node(
    pipelines: Sequence[Any], reduce: Reducer, name: str = "async-fork-join"
) -> DynNode:
    """Return a node that gives what comes to several branches, and joins what comes of it.

    Sound is joined sample by sample, wherever the branches cut it: one that holds some back, as a
    resampler does, is waited for. Those that end before others are silent from then on. The times
    are those of the first branch.

    Parameters
    ----------
    pipelines : sequence of sequence of DynNode
        The branches: 1 to 64, of up to 16 nodes each. An empty one gives what comes.
    reduce : ReduceSum, ReduceProduct, ReduceMean, ReduceMax, ReduceMin, ReduceConcat or ReduceXor
        How they are joined.
    name : str, optional
        What errors call it.

    Raises
    ------
    ArgumentError
        The branches do not take or give the same kind, or not what the reducer needs; or there are
        other weights than branches.
    ArgumentTypeError
        No branches, nodes or reducer.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 1, "f32")
    >>> node = ps.make_async_fork_join_node(
    ...     [[], [ps.make_gain_node(0.5)]], ps.ReduceSum([1.0, -1.0])
    ... )
    >>> with ps.AsyncDynPipeline([node]) as pipeline:
    ...     pipeline.push(ps.NodeBuffer.pcm(np.ones((1, 3), "float32"), fmt))
    ...     pipeline.flush()
    ...     print(pipeline.get().as_pcm())
    [[0.5 0.5 0.5]]
    """
    if not isinstance(reduce, Reducer) or not reduce._code:
        raise ArgumentTypeError(
            f"reduce is {shown(reduce)}; it must be a reducer, such as ReduceSum()"
        )
    branches = _branches(pipelines)
    if reduce.weight is not None and len(reduce.weight) != len(branches):
        raise ArgumentError(
            f"reduce has {len(reduce.weight)} weights, but there are {len(branches)} branches"
        )
    taken, given = _kinds(branches, reduce)
    formats = [node._format for node in branches[0] if node._format is not None]
    make = partial(_make_fork, branches, reduce, check_name(name))
    return DynNode(name, taken, given, make, formats[-1] if formats else None)


def _branches(value: Any) -> list[list[DynNode]]:
    most = int(lib.PST_FORK_MAX_BRANCHES)
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise ArgumentTypeError(f"pipelines is {shown(value)}; it must be a list of lists of nodes")
    if not 1 <= len(value) <= most:
        raise ArgumentError(f"pipelines has {len(value)} branches; it must have 1 to {most}")
    found = []
    for index, branch in enumerate(value):
        nodes = nodes_of(f"pipelines[{index}]", branch)
        check_line(f"pipelines[{index}]", nodes)
        if len(nodes) > lib.PST_CHAIN_MAX_STAGES:
            raise ArgumentError(
                f"pipelines[{index}] has {len(nodes)} nodes; it must have at most "
                f"{lib.PST_CHAIN_MAX_STAGES}"
            )
        found.append(nodes)
    return found


def _kinds(branches: list[list[DynNode]], reduce: Reducer) -> tuple[str, str]:
    """Return what all branches take and give."""
    told = [(nodes[0].input_kind, nodes[-1].output_kind) for nodes in branches if nodes]
    taken = told[0][0] if told else reduce._kind or "pcm"
    for index, nodes in enumerate(branches):
        first, last = (nodes[0].input_kind, nodes[-1].output_kind) if nodes else (taken, taken)
        if first != taken:
            raise ArgumentError(
                f"pipelines[{index}] takes {first!r}, others {taken!r}; all must take the same"
            )
        given = (branches[0][-1].output_kind if branches[0] else taken, last)
        if given[0] != given[1]:
            raise ArgumentError(
                f"pipelines[{index}] gives {last!r}, pipelines[0] {given[0]!r}; all must give the "
                "same"
            )
        if reduce._kind not in ("", last):
            raise ArgumentError(
                f"pipelines[{index}] gives {last!r}; {type(reduce).__name__} joins {reduce._kind!r}"
            )
    return taken, given[0]


def _make_fork(branches: list[list[DynNode]], reduce: Reducer, name: str, build: Build) -> Any:
    """Return an owner of the stage, with those of its branches inside."""
    made = [[node._make(build) for node in nodes] for nodes in branches]
    native = ffi.new("pst_branch[]", len(made))
    held = []
    for branch, stages in zip(native, made, strict=True):
        row = ffi.new("pst_stage *[]", [stage[0] for stage in stages])
        branch.stages, branch.n_stages = row, len(stages)
        held.append(row)
    reducer = ffi.new("pst_reducer *")
    reducer.kind = ReduceKind[reduce._code]
    if reduce.weight is not None:
        weights = ffi.new("double[]", list(reduce.weight))
        held.append(weights)
        reducer.weights, reducer.n_weights = weights, len(reduce.weight)
    text = ffi.new("char[]", name.encode())
    out = new_stage(lib.pst_node_fork, text, native, len(made), reducer)
    for stages in made:
        for stage in stages:
            stage[0] = ffi.NULL
    return out
