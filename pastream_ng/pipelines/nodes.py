# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The nodes of a pipeline: what each is called, takes and gives, and how C makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng.packets import AudioFormat
    from pastream_ng.pipelines.build import Build

__all__ = ["DynNode", "check_line", "nodes_of"]

#: Makes the ``pst_stage`` of a node: an owner of it (see `owner`).
Maker = Callable[["Build"], Any]


class DynNode:
    """A node of a pipeline; made by `make_gain_node` and its relatives.

    It is a description: what works is made of it when a pipeline or a runner is. So a node can be
    in several of them at once, and each has a state of its own there; but not one that was made of
    a Python object, which is one for all.

    Attributes
    ----------
    name : str
        What it is called in errors.
    input_kind, output_kind : {"pcm", "packet"}
        What it takes, and what it gives.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.make_gain_node(0.5)
    <pastream_ng.DynNode gain: pcm -> pcm>
    """

    __slots__ = ("__weakref__", "_format", "_make", "input_kind", "name", "output_kind")

    def __init__(
        self,
        name: str,
        input_kind: str,
        output_kind: str,
        make: Maker,
        format: AudioFormat | None = None,
    ) -> None:
        self.name = name
        self.input_kind = input_kind
        self.output_kind = output_kind
        self._make = make
        # Of what it gives, if the user has told.
        self._format = format

    def __repr__(self) -> str:
        return f"<pastream_ng.DynNode {self.name}: {self.input_kind} -> {self.output_kind}>"


def nodes_of(name: str, value: Any) -> list[DynNode]:
    """Return an argument that must be nodes in a row."""
    if isinstance(value, DynNode):
        return [value]
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise ArgumentTypeError(f"{name} is {shown(value)}; it must be a list of nodes")
    for index, node in enumerate(value):
        if not isinstance(node, DynNode):
            raise ArgumentTypeError(
                f"{name}[{index}] is {shown(node)} of type {type(node).__name__}; it must be a "
                "node, from make_gain_node and its relatives"
            )
    return list(value)


def check_line(name: str, nodes: Sequence[DynNode]) -> None:
    """Raise if one node does not take what the one before it gives."""
    for index, (giver, taker) in enumerate(pairwise(nodes), 1):
        if giver.output_kind != taker.input_kind:
            raise ArgumentError(
                f"{name}: node {index} ({giver.name}) gives {_called(giver.output_kind)}, node "
                f"{index + 1} ({taker.name}) takes {_called(taker.input_kind)}"
            )


def _called(kind: str) -> str:
    return "packets" if kind == "packet" else "pcm"
