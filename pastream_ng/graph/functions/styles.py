# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""In which manner a Python function wants its blocks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.enums import ProcessResult
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng.graph.functions.arrays import Arrays, Samples

__all__ = ["Ports", "Style", "StyleName", "adapted", "choose_style"]

StyleName = Literal["block", "channel", "ports"]

#: What a function is called with, besides its params.
_MOMENT = ("frame", "time", "sample_rate")

_ALLOWED = (
    "it must take (block), (channel, buffer) or (inputs, outputs, params); besides that, params "
    "and frame, time and sample_rate by keyword only"
)


class Ports(NamedTuple):
    """What the node has."""

    n_inputs: int
    channels: int
    output_channels: tuple[int, ...]
    params: tuple[str, ...]
    rate: float


class Style(NamedTuple):
    """How a function is called.

    Attributes
    ----------
    name : str
        ``"block"``: ``function(block)``; ``"channel"``: ``function(channel, buffer)``; ``"ports"``:
        ``function(inputs, outputs, params)``.
    keywords : tuple of str
        What it wants to be told by name.
    """

    name: StyleName
    keywords: tuple[str, ...] = ()


_COUNTS: dict[int, StyleName] = {1: "block", 2: "channel", 3: "ports"}
_ARGUMENTS = {"block": 1, "channel": 2, "ports": 3}


def choose_style(function: Any, ports: Ports, wanted: Any = None) -> Style:
    """Return how a function is to be called.

    Parameters
    ----------
    function : callable
        What was given.
    ports : Ports
        Of the node.
    wanted : str or None
        What the user said about it.
    """
    if not callable(function):
        raise ArgumentTypeError(
            f"function is {shown(function)} of type {type(function).__name__}; {_ALLOWED}"
        )
    if inspect.isclass(function):
        raise ArgumentTypeError(
            f"function is {shown(function)}, a class; create_processor makes nodes of classes"
        )
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ArgumentTypeError(
            f"function is {shown(function)}, which returns before it has run; it must be a "
            "plain one"
        )
    if wanted is not None and wanted not in _ARGUMENTS:
        raise ArgumentError(f"signature is {shown(wanted)}; it must be one of {list(_ARGUMENTS)}")
    style = _inspected(function, ports, wanted)
    if style.name != "ports" and (ports.n_inputs > 1 or len(ports.output_channels) > 1):
        raise ArgumentError(
            f"function is {shown(function)}, which takes one input and one output; this node has "
            f"{ports.n_inputs} and {len(ports.output_channels)}: it must take (inputs, outputs, "
            "params)"
        )
    if style.name == "channel" and ports.output_channels not in ((), (ports.channels,)):
        raise ArgumentError(
            f"function is {shown(function)}, which changes channel by channel; output_channels "
            f"must be as many as channels, {ports.channels}"
        )
    return style


def _inspected(function: Any, ports: Ports, wanted: StyleName | None) -> Style:
    if isinstance(function, np.ufunc) and function.nin == 1:
        return Style(wanted or "block")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        if wanted is None:
            raise ArgumentTypeError(
                f"function is {shown(function)}, which does not tell its arguments; say "
                f"signature= as one of {list(_ARGUMENTS)}"
            ) from None
        return Style(wanted)
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in plain)
    takes_any = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    if wanted is None:
        name = None if takes_any else _COUNTS.get(required or len(plain[:1]))
    else:
        n = _ARGUMENTS[wanted]
        name = wanted if required <= n and (takes_any or len(plain) >= n) else None
    if name is None:
        told = f"{shown(function)} {inspect.signature(function)}"
        hint = " (signature= says which, where that is not clear)" if takes_any else ""
        raise ArgumentTypeError(f"function is {told}; {_ALLOWED}{hint}")
    keywords = []
    for p in parameters:
        if p.kind != p.KEYWORD_ONLY:
            continue
        if p.name in ports.params or p.name in _MOMENT:
            keywords.append(p.name)
        elif p.default is p.empty:
            known = ", ".join((*ports.params, *_MOMENT))
            raise ArgumentTypeError(
                f"function is {shown(function)}, which wants {p.name!r} by keyword; there are "
                f"{known}"
            )
    return Style(name, tuple(keywords))


# ---- Calls ---------------------------------------------------------------------------------------

# Calls a function with the arrays of a block that begins with a frame; returns whether to go on.
Call = Callable[["Arrays", int], int]


def adapted(function: Callable[..., Any], style: Style, ports: Ports) -> Call:
    """Return what calls a function in its manner."""
    make = {"block": _by_block, "channel": _by_channel, "ports": _by_ports}[style.name]
    return make(function, style, ports)


def _keywords(style: Style, ports: Ports, arrays: Arrays, frame: int, shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in style.keywords:
        if name in ports.params:
            found[name] = arrays.params[name].reshape(shape)
        elif name == "frame":
            found[name] = frame
        elif name == "time":
            found[name] = frame / ports.rate
        else:
            found[name] = ports.rate
    return found


def _verdict(function: Any, result: Any) -> int:
    if result is None or result is True:
        return ProcessResult.CONTINUE
    if result is False:
        return ProcessResult.MAY_END
    raise ArgumentTypeError(
        f"the function {shown(function)} returned {shown(result)}; it must write into its outputs "
        "and return None, or False once it may end"
    )


def _by_ports(function: Callable[..., Any], style: Style, ports: Ports) -> Call:
    def call(arrays: Arrays, frame: int) -> int:
        extra = _keywords(style, ports, arrays, frame, -1) if style.keywords else {}
        return _verdict(function, function(arrays.inputs, arrays.outputs, arrays.params, **extra))

    return call


def _by_channel(function: Callable[..., Any], style: Style, ports: Ports) -> Call:
    def call(arrays: Arrays, frame: int) -> int:
        extra = _keywords(style, ports, arrays, frame, -1) if style.keywords else {}
        if arrays.inputs and arrays.outputs:
            arrays.outputs[0][...] = arrays.inputs[0]
        for channel, buffer in enumerate(arrays.buffers):
            result = function(channel, buffer, **extra)
            if result is not None:
                raise ArgumentTypeError(
                    f"the function {shown(function)} returned {shown(result)}; it must change its "
                    "buffer and return None"
                )
        return ProcessResult.CONTINUE

    return call


def _by_block(function: Callable[..., Any], style: Style, ports: Ports) -> Call:
    in_place = ports.n_inputs == 0 or ports.output_channels == (ports.channels,)

    def call(arrays: Arrays, frame: int) -> int:
        extra = _keywords(style, ports, arrays, frame, (-1, 1)) if style.keywords else {}
        into, block = arrays.block_out, arrays.block_in
        if block is None or (into is not None and in_place):
            if block is not None:
                into[...] = block  # type: ignore[index]
            block = into
        result = function(block, **extra)
        if into is None or (result is None and not in_place):
            _check_nothing(function, result, ports)
        elif result is not None and result is not into:
            _put(function, result, into)
        return ProcessResult.CONTINUE

    return call


def _check_nothing(function: Any, result: Any, ports: Ports) -> None:
    if ports.output_channels:
        raise ArgumentTypeError(
            f"the function {shown(function)} returned None; input and output have different "
            "channels, so it must return an array"
        )
    if result is not None:
        raise ArgumentTypeError(
            f"the function {shown(function)} returned {shown(result)}, but its node has no output"
        )


def _put(function: Any, result: Any, into: Samples) -> None:
    """Take what a function has returned."""
    try:
        array = np.asarray(result)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"the function {shown(function)} returned {shown(result)} of type "
            f"{type(result).__name__}; it must return an array of numbers, or None"
        )
    if array.ndim == 1 and into.shape[1] == 1:
        array = array[:, np.newaxis]
    if array.shape != into.shape:
        raise ArgumentError(
            f"the function {shown(function)} returned an array of shape {array.shape}; it must be "
            f"{into.shape}, (frames, channels)"
        )
    into[...] = array
