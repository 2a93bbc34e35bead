# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Connections: what sound comes from, and what it goes to, with their operators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pastream_ng._checks import integer, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.nodes.node import AudioNode
    from pastream_ng.graph.nodes.plain import GainNode
    from pastream_ng.graph.nodes.taps import TapNode, TapOptions

__all__ = ["Fan", "Port", "Source", "Target"]

S = TypeVar("S", bound="Source")
T = TypeVar("T", bound="Target")
F = TypeVar("F", bound="tuple[Any, ...] | list[Any]")


def _sources(value: Any) -> Iterator[Source]:
    """Yield the one or many outputs that a left operand stands for."""
    many = value if isinstance(value, (tuple, list)) else (value,)
    for one in many:
        if not isinstance(one, Source):
            raise ArgumentTypeError(
                f"{shown(one)} of type {type(one).__name__} has no sound to give; it must be a "
                "node or an output of one, such as splitter[1], or a tuple of those"
            )
        yield one


def _targets(value: Any) -> Iterator[Target]:
    """Yield the one or many inputs that a right operand stands for."""
    many = value if isinstance(value, (tuple, list)) else (value,)
    for one in many:
        if not isinstance(one, Target):
            raise ArgumentTypeError(
                f"{shown(one)} of type {type(one).__name__} takes no sound; it must be a node, an "
                "input of one, such as merger[1], a param, or a tuple of those"
            )
        yield one


def _each(sources: Any, targets: Any, connects: bool) -> None:
    """Connect each with each, or undo that, as one change."""
    many = list(_sources(sources))
    pairs = [(a, b) for b in list(_targets(targets)) for a in many]
    if not pairs:
        return
    # One connection is a change of its own. (A batch has all that was changed before sent first,
    # which takes time in large graphs.)
    context = pairs[0][0]._output()[0].context
    with nullcontext() if len(pairs) == 1 else context.batch():
        for a, b in pairs:
            node, output = a._output()
            node.context._check_open()
            if connects:
                b._receive(node, output)
            else:
                b._refuse(node, output)


def _behind(target: Any) -> Any:
    """Return what a chain goes on from behind a target."""
    if isinstance(target, Port):
        return target.node
    return Fan(_behind(t) for t in target) if isinstance(target, (tuple, list)) else target


class Target(ABC):
    """What sound can go to."""

    @abstractmethod
    def _receive(self, source: AudioNode, output: int) -> None:
        """Connect an output of a node with this."""

    @abstractmethod
    def _refuse(self, source: AudioNode, output: int) -> None:
        """Take that connection away."""

    def __rrshift__(self: T, sources: tuple[Source, ...] | list[Source]) -> T:
        """Connect several outputs with this: ``(a, b) >> bus``."""
        if not isinstance(sources, (tuple, list)):
            return NotImplemented
        _each(sources, self, True)
        result: T = _behind(self)
        return result

    def __rfloordiv__(self: T, sources: tuple[Source, ...] | list[Source]) -> T:
        """Take the connections of several outputs with this away: ``(a, b) // bus``."""
        if not isinstance(sources, (tuple, list)):
            return NotImplemented
        _each(sources, self, False)
        result: T = _behind(self)
        return result

    @overload
    def __lshift__(self, sources: S) -> S: ...
    @overload
    def __lshift__(self, sources: F) -> F: ...
    def __lshift__(self, sources: Any) -> Any:
        """Connect an output with this, or several, and return them: ``gain << osc``."""
        _each(sources, self, True)
        return _behind(sources)


class Chain:
    """What stands on the left of ``>>`` and ``//``: one source of sound, or several."""

    __slots__ = ()

    @overload
    def __rshift__(self, targets: Port) -> AudioNode: ...
    @overload
    def __rshift__(self, targets: T) -> T: ...
    @overload
    def __rshift__(self, targets: tuple[Target, ...] | list[Target]) -> Fan: ...
    def __rshift__(self, targets: Any) -> Any:
        """Connect with a node, an input, a param, or each in a tuple, and return it."""
        _each(self, targets, True)
        return _behind(targets)

    @overload
    def __floordiv__(self, targets: Port) -> AudioNode: ...
    @overload
    def __floordiv__(self, targets: T) -> T: ...
    @overload
    def __floordiv__(self, targets: tuple[Target, ...] | list[Target]) -> Fan: ...
    def __floordiv__(self, targets: Any) -> Any:
        """Take the connection with something away, and return that: ``osc // gain``."""
        _each(self, targets, False)
        return _behind(targets)


class Source(Chain, ABC):
    """What sound comes from."""

    @abstractmethod
    def _output(self) -> tuple[AudioNode, int]:
        """Return the node, and which of its outputs."""

    def tap(self, **options: Unpack[TapOptions]) -> TapNode:
        """Return a new `TapNode` that takes what comes from here.

        Parameters
        ----------
        **options : TapOptions
            ``channels``, ``capacity`` and ``when_full``, as of the class.
        """
        node: TapNode = self._output()[0].context.create_tap(**options)
        _each(self, node, True)
        return node

    def __add__(self, other: Source) -> GainNode:
        """Mix: return a new node of gain 1 that both are connected with."""
        if not isinstance(other, Source):
            return NotImplemented
        bus: GainNode = self._output()[0].context.create_gain()
        _each((self, other), bus, True)
        return bus

    def __radd__(self: S, other: int) -> S:
        """Let ``sum(nodes)`` begin with 0."""
        if isinstance(other, int) and other == 0:
            return self
        return NotImplemented


class Port(Source, Target):
    """One output or input of a node, as in ``splitter[1] >> merger[0]``.

    It is an output where sound comes from it, and an input where sound goes to it. A chain goes on
    from its node: ``a >> merger[1] >> b`` connects the merger with b.
    """

    def __init__(self, node: AudioNode, index: int) -> None:
        self._node = node
        n_ports = max(node.number_of_inputs, node.number_of_outputs)
        if not 0 <= integer("index", index, -(2**31), 2**31) < n_ports:
            raise ArgumentError(
                f"index is {index}; a {type(node).__name__} has {node.number_of_inputs} inputs "
                f"and {node.number_of_outputs} outputs, which are counted from 0"
            )
        self._index = index

    @property
    def node(self) -> AudioNode:
        """Whose it is."""
        return self._node

    @property
    def index(self) -> int:
        """Its number among the outputs, or inputs, of its node."""
        return self._index

    def _output(self) -> tuple[AudioNode, int]:
        return self._node, self._index

    def _receive(self, source: AudioNode, output: int) -> None:
        source._core.connect(self._node._core, output, self._index)

    def _refuse(self, source: AudioNode, output: int) -> None:
        source._core.disconnect(self._node._core, output, self._index)

    def __repr__(self) -> str:
        return f"<port {self._index} of {self._node!r}>"


class Fan(Chain, tuple[Any, ...]):
    """Several nodes or params, side by side: what ``a >> (b, c)`` returns."""

    __slots__ = ()

    @property
    def context(self) -> BaseAudioContext:
        """The context of all of them."""
        context: BaseAudioContext = self[0].context
        return context
