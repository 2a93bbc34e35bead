# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs as they are at one moment, to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.picture.names import names_of
from pastream_ng.graph.picture.svg import Arrow, Box, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.nodes.face import Face

__all__ = ["GraphConnection", "GraphView"]

# Of a repr.
_MAX_LINES = 24


class GraphConnection(NamedTuple):
    """One connection of a `GraphView`.

    Attributes
    ----------
    source, target : str
        Names of nodes.
    output : int
        Which output of the source.
    input : int or None
        Which input of the target; None: it leads to a param.
    param : str or None
        Which param.
    """

    source: str
    target: str
    output: int
    input: int | None
    param: str | None


class GraphView:
    """What a context's graph consisted of when it was asked for: `BaseAudioContext.graph`.

    In a notebook it is a picture. While it is there, so are its nodes.

    Attributes
    ----------
    nodes : dict of str to AudioNode
        All nodes by their names, in the order of making: the names of a description, or else the
        kind and a number. The listener is among them if something moves it.
    connections : list of GraphConnection
        All connections, those of one target in the order of connecting.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> osc, gain = ctx.create_oscillator(), ctx.create_gain(0.5)
    >>> _ = osc >> gain >> ctx.destination
    >>> ctx.graph
    destination: <AudioDestinationNode: 1 channel>
    oscillator_1: <OscillatorNode: type='sine', frequency=440, detune=0> >> gain_1
    gain_1: <GainNode: gain=0.5> >> destination
    >>> ctx.graph["gain_1"] is gain
    True
    """

    def __init__(self, context: BaseAudioContext, known: Mapping[int, str]) -> None:
        cores = context._core.nodes()
        names = names_of(cores, known)
        found = {core.id: core.connections() for core in cores}
        self.nodes: dict[str, Face] = {
            names[core.id]: context._face(core)
            for core in cores
            if core.kind.name != "listener" or found[core.id]
        }
        self.connections = [
            GraphConnection(
                names[made.source.id],
                names[core.id],
                made.output,
                None if made.is_param else made.input,
                list(core.kind.params)[made.input] if made.is_param else None,
            )
            for core in cores
            for made in found[core.id]
            # What came between the two looks is not in the picture yet.
            if made.source.id in names
        ]

    def __getitem__(self, name: str) -> Face:
        """Return a node by its name."""
        node = self.nodes.get(name)
        if node is None:
            raise ArgumentError(f"name is {shown(name)}; nodes are {shown(', '.join(self.nodes))}")
        return node

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    # ---- Text ----------------------------------------------------------------------------------

    def _end(self, made: GraphConnection) -> str:
        """Return the target of a connection, as operators would have it."""
        if made.param is not None:
            return f"{made.target}.{made.param}"
        inputs = getattr(self.nodes[made.target], "number_of_inputs", 1)
        return f"{made.target}[{made.input}]" if inputs > 1 else made.target

    def _lines(self) -> Iterator[str]:
        ends: dict[str, list[str]] = {}
        for made in self.connections:
            outputs = getattr(self.nodes[made.source], "number_of_outputs", 1)
            output = f"[{made.output}] " if outputs > 1 else ""
            ends.setdefault(made.source, []).append(output + self._end(made))
        for name, node in self.nodes.items():
            leads = f" >> {', '.join(ends[name])}" if name in ends else ""
            yield f"{name}: {node!r}{leads}"

    def __repr__(self) -> str:
        lines = list(self._lines())
        if len(lines) > _MAX_LINES:
            left = len(lines) - _MAX_LINES + 1
            lines[_MAX_LINES - 1 :] = [f"... and {left} more"]
        return "\n".join(lines)

    def to_dot(self) -> str:
        """Return the graph in the language of Graphviz.

        Returns
        -------
        str
            A digraph, from the left to the right; what leads to params is dashed.
        """
        rows = ["digraph {", "  rankdir=LR;", '  node [shape=box, style=rounded, fontname="sans"];']
        for name, node in self.nodes.items():
            rows.append(f"  {_quoted(name)} [label={_quoted(name, _what(node))}];")
        for made in self.connections:
            marks = []
            if made.output:
                marks.append(f"taillabel={_quoted(str(made.output))}")
            if made.input:
                marks.append(f"headlabel={_quoted(str(made.input))}")
            if made.param is not None:
                marks.append(f"label={_quoted(made.param)}, style=dashed")
            end = f" [{', '.join(marks)}]" if marks else ""
            rows.append(f"  {_quoted(made.source)} -> {_quoted(made.target)}{end};")
        return "\n".join([*rows, "}"]) + "\n"

    # ---- Picture -------------------------------------------------------------------------------

    def to_svg(self) -> str:
        """Return a picture of the graph.

        Returns
        -------
        str
            An SVG: sound goes from the left to the right; what leads to params is dashed.
        """
        places = {name: i for i, name in enumerate(self.nodes)}
        boxes = [Box(name, _what(node)) for name, node in self.nodes.items()]
        arrows = [
            Arrow(places[made.source], places[made.target], made.param or "", bool(made.param))
            for made in self.connections
        ]
        return drawing(boxes, arrows)

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _what(node: Face) -> str:
    """Return what stands below the name of a node."""
    text = repr(node)[1:-1]
    return text if len(text) <= 48 else text[:45] + "..."


def _quoted(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
