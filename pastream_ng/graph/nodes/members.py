# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What classes of nodes are made of: params and attributes, which C keeps.

Each is named in the class as in C's table: ``gain = Param("...")``. A text says what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from pastream_ng.graph.data import AudioBuffer, PeriodicWave, as_buffer
from pastream_ng.graph.params import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from pastream_ng.graph.data import SoundLike
    from pastream_ng.graph.nodes.face import Face
    from pastream_ng.graph.nodes.node import AudioNode
    from pastream_ng.graph.params import AudioParam

__all__ = ["Attribute", "Choice", "Flag", "Integer", "Number", "Numbers", "Param", "Sound", "Wave"]

T = TypeVar("T")


class Param:
    """A param: reading gives the `AudioParam`, assigning a number sets its value."""

    def __init__(self, text: str) -> None:
        self.__doc__ = text
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Face, owner: type) -> AudioParam: ...
    def __get__(self, node: Face | None, owner: type) -> Self | AudioParam:
        return self if node is None else node._param(self.name)

    def __set__(self, node: Face, value: float) -> None:
        node._param(self.name).value = value


class Attribute(Generic[T]):
    """An attribute of one number, which `from_number` makes a value of."""

    def __init__(self, text: str) -> None:
        self.__doc__ = text
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def _read(self, node: AudioNode) -> Any:
        return node._core.number(self.name)

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: AudioNode, owner: type) -> T: ...
    def __get__(self, node: AudioNode | None, owner: type) -> Self | T:
        if node is None:
            return self
        value: T = self._read(node)
        return value

    def __set__(self, node: AudioNode, value: T) -> None:
        node._set(self.name, value)


class Number(Attribute[float]):
    """An attribute that is a float."""


class Integer(Attribute[int]):
    """An attribute that is an int."""

    def _read(self, node: AudioNode) -> int:
        return int(node._core.number(self.name))


class Flag(Attribute[bool]):
    """An attribute that is a bool."""

    def _read(self, node: AudioNode) -> bool:
        return bool(node._core.number(self.name))


class Choice(Attribute[T]):
    """An attribute that is one of a few words: ``Choice[Literal["a", "b"]]("...")``."""

    def _read(self, node: AudioNode) -> str:
        choices = node._core.kind.attributes[self.name].choices
        return choices[int(node._core.number(self.name))]


class Sound(Attribute["AudioBuffer | None"]):
    """An attribute that is a sound; what can be made one may be assigned."""

    def _read(self, node: AudioNode) -> AudioBuffer | None:
        return AudioBuffer._from_core(node._core.sound(self.name))

    def __set__(self, node: AudioNode, value: SoundLike | None) -> None:
        node._set(self.name, None if value is None else as_buffer(node.context, value))


class Wave(Attribute["PeriodicWave | None"]):
    """An attribute that is a wave."""

    def _read(self, node: AudioNode) -> PeriodicWave | None:
        return PeriodicWave._from_core(node._core.wave(self.name))


class Numbers(Attribute["NDArray[np.float64] | None"]):
    """An attribute that is a row of numbers, such as a curve; None: there are none."""

    def _read(self, node: AudioNode) -> NDArray[np.float64] | None:
        found = node._core.numbers(self.name)
        return None if found is None else np.array(found)

    def __set__(self, node: AudioNode, value: ArrayLike | None) -> None:
        node._set(self.name, None if value is None else numbers(self.name, value))
