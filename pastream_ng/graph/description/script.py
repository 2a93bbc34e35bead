# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is done to a described graph: while it is built, while it is rendered, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.core import METHODS, CoreNode, CoreParam
from pastream_ng.graph.description.captures import CAPTURES
from pastream_ng.graph.description.entries import Entry, at
from pastream_ng.graph.params import number, numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Script"]

Op = Callable[[], None]

# The keys of each op.
_KEYS = {
    "set_param": "op node param value",
    "event": "op node param method args",
    "connect": "op from to output input param",
    "disconnect": "op from to output input param",
    "start": "op node args",
    "stop": "op node args",
    "capture": "op node what name",
}


class Script:
    """The nodes of a description by their ids, and what it does with them."""

    def __init__(self, captures: dict[str, NDArray[np.float32]]) -> None:
        self.nodes: dict[str, CoreNode] = {}
        #: What the description has that is not read here: its title, and what is done later.
        self.more: dict[str, Any] = {}
        self._captures = captures

    def node(self, entry: Entry, key: str) -> CoreNode:
        """Return the node that an entry names."""
        name = entry.word(key)
        node = self.nodes.get(name)
        if node is None:
            names = ", ".join(self.nodes)
            raise ArgumentError(f"{entry.place}.{key} is {shown(name)}; nodes are {shown(names)}")
        return node

    def param(self, entry: Entry) -> CoreParam:
        """Return the param that an entry names."""
        with at(f"{entry.place}.param"):
            return self.node(entry, "node").param(entry.word("param"))

    def event(self, param: CoreParam, entry: Entry) -> Op:
        """Return the call of an automation method."""
        name = entry.word("method")
        if name not in METHODS:
            raise ArgumentError(
                f"{entry.place}.method is {shown(name)}; it must be one of {', '.join(METHODS)}"
            )
        fields = METHODS[name][1]
        given = entry.items("args")
        if len(given) != len(fields):
            raise ArgumentError(
                f"{entry.place}.args has {len(given)} items; {name} takes {len(fields)}"
            )
        with at(f"{entry.place}.args"):
            args = [
                numbers("values", value) if field == "values" else number(field, value)
                for field, value in zip(fields, given, strict=True)
            ]
        return lambda: param.automate(name, *args)

    def connection(self, entry: Entry, is_new: bool) -> Op:
        """Return the making of a connection, or the undoing."""
        source = self.node(entry, "from")
        output, port = entry.whole("output", 0), entry.whole("input", 0)
        target: CoreNode | CoreParam = self.node(entry, "to")
        if "param" in entry:
            with at(f"{entry.place}.param"):
                target = self.node(entry, "to").param(entry.word("param"))
        if is_new:
            return lambda: source.connect(target, output, port)
        return lambda: source.disconnect(target, output, port)

    def schedule(self, node: CoreNode, op: str, entry: Entry) -> Op:
        """Return the start, or the stop, of a source."""
        given = entry.items("args")
        most = 3 if op == "start" else 1
        if len(given) > most:
            raise ArgumentError(f"{entry.place}.args has {len(given)} items; {op} takes {most}")
        with at(f"{entry.place}.args"):
            args = [number(f"number {i}", value) for i, value in enumerate(given)]
        call: Callable[..., None] = node.start if op == "start" else node.stop
        return lambda: call(*args)

    def op(self, entry: Entry) -> Op:
        """Return what an op says is to be done."""
        name = entry.word("op")
        if name not in _KEYS:
            raise ArgumentError(
                f"{entry.place}.op is {shown(name)}; it must be one of {', '.join(_KEYS)}"
            )
        entry = Entry(entry.place, entry.all(), _KEYS[name])
        act = self._op(name, entry)

        def run() -> None:
            with at(entry.place):
                act()

        return run

    def _op(self, name: str, entry: Entry) -> Op:
        if name == "set_param":
            param = self.param(entry)
            with at(entry.place):
                value = number("value", entry.get("value"))
            return lambda: setattr(param, "value", value)
        if name == "event":
            return self.event(self.param(entry), entry)
        if name in ("connect", "disconnect"):
            return self.connection(entry, name == "connect")
        if name == "capture":
            return self._capture(entry)
        return self.schedule(self.node(entry, "node"), name, entry)

    def _capture(self, entry: Entry) -> Op:
        node, what, name = self.node(entry, "node"), entry.word("what"), entry.word("name")
        if what not in CAPTURES:
            raise ArgumentError(
                f"{entry.place}.what is {shown(what)}; it must be one of {', '.join(CAPTURES)}"
            )

        def run() -> None:
            self._captures[name] = CAPTURES[what](node)

        return run
