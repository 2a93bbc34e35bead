# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes: what all kinds have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict, TypeVar, overload

from pastream_ng._checks import integer, shown
from pastream_ng.enums import AttributeKind, ChannelMixing, CountMode
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.graph.nodes.face import Face
from pastream_ng.graph.params import number
from pastream_ng.graph.wiring import Port, Source, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.core import CoreNode

__all__ = ["AudioNode", "AudioScheduledSourceNode", "ChannelOptions", "classes_of_kinds"]

T = TypeVar("T", bound=Target)
CountModeName = Literal["max", "clamped-max", "explicit"]
InterpretationName = Literal["speakers", "discrete"]

_RULES = ("channel_count", "channel_count_mode", "channel_interpretation")

#: The class of each kind that has one of its own.
_CLASSES: dict[str, type[AudioNode]] = {}


def classes_of_kinds() -> dict[str, type[AudioNode]]:
    """Return the class of each kind of node."""
    return dict(_CLASSES)


class ChannelOptions(TypedDict, total=False):
    """How the inputs of a node are mixed: keywords of all nodes."""

    channel_count: int
    channel_count_mode: CountModeName
    channel_interpretation: InterpretationName


def _name(member: CountMode | ChannelMixing) -> str:
    return member.name.lower().replace("_", "-")


class AudioNode(Face, Source, Target):
    """A node of a context's graph, which makes, changes or takes sound.

    Nodes are connected by operators: ``osc >> gain >> ctx.destination``. A tuple fans out or sums,
    ``node[i]`` is output or input number i, a param is a target as well, ``a + b`` mixes into a new
    `GainNode`, and ``a // b`` takes a connection away.

    A node lives as long as something refers to it; while it can be heard, its context keeps it
    playing in any case.
    """

    _kind: ClassVar[str] = ""
    # Attributes that follow from arguments of other names.
    _derived: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "_kind" in vars(cls):
            _CLASSES[cls._kind] = cls

    def __init__(self, context: BaseAudioContext, /, **options: Any) -> None:
        """Make a node of the class's kind, with its params, attributes and channel rules."""
        if not hasattr(context, "_open_core"):
            raise ArgumentTypeError(
                f"context is {shown(context)} of type {type(context).__name__}; it must be an "
                "audio context"
            )
        graph = context._open_core()
        kind = graph.kind(self._kind)
        infos = kind.params
        _check_names(type(self).__name__, options, [*infos, *kind.attributes, *_RULES])
        given = {name: value for name, value in options.items() if value is not None}
        values = {name: number(name, given.pop(name)) for name in infos if name in given}
        core = graph.add(self._kind, **{name: _given(name, value) for name, value in given.items()})
        self._init(context, core)
        for name, value in values.items():
            if value != infos[name].initial:
                self._core.param(name).value = value

    @classmethod
    def _from_core(cls, context: BaseAudioContext, core: CoreNode) -> Self:
        """Return a face for a node that is in the graph already."""
        node = cls.__new__(cls)
        node._init(context, core)
        return node

    def _init(self, context: BaseAudioContext, core: CoreNode) -> None:
        Face.__init__(self, context, core)
        context._nodes[core.id] = self

    # ---- What it is ----------------------------------------------------------------------------

    @property
    def number_of_inputs(self) -> int:
        """How many inputs it has."""
        return self._core.ports[0]

    @property
    def number_of_outputs(self) -> int:
        """How many outputs it has."""
        return self._core.ports[1]

    @property
    def channel_count(self) -> int:
        """What its inputs are mixed to, as far as `channel_count_mode` says so."""
        return self._core.rule("channel_count")

    @channel_count.setter
    def channel_count(self, count: int) -> None:
        self._set("channel_count", integer("channel_count", count, 1, 32))

    @property
    def channel_count_mode(self) -> CountModeName:
        """How many channels its inputs are mixed to.

        ``"max"``: as many as the widest connection has; ``"clamped-max"``: the same, but at most
        `channel_count`; ``"explicit"``: `channel_count`.
        """
        mode = CountMode(self._core.rule("channel_count_mode"))
        return _name(mode)  # type: ignore[return-value]

    @channel_count_mode.setter
    def channel_count_mode(self, mode: CountModeName) -> None:
        self._set("channel_count_mode", mode)

    @property
    def channel_interpretation(self) -> InterpretationName:
        """How channels become more or fewer.

        ``"speakers"``: 1, 2, 4 and 6 channels are mono, stereo, quad and 5.1; ``"discrete"``: by
        number, and what is too much is dropped.
        """
        mixing = ChannelMixing(self._core.rule("channel_interpretation"))
        return _name(mixing)  # type: ignore[return-value]

    @channel_interpretation.setter
    def channel_interpretation(self, interpretation: InterpretationName) -> None:
        self._set("channel_interpretation", interpretation)

    # ---- For the classes of kinds --------------------------------------------------------------

    def _set(self, name: str, value: Any) -> None:
        """Set an attribute or a channel rule."""
        self._context._check_open()
        self._core.set(name, _given(name, value))

    def _context_is_over(self) -> None:
        """Learn that the context will render no more."""

    # ---- Connections ---------------------------------------------------------------------------

    def _output(self) -> tuple[AudioNode, int]:
        return self, 0

    def _receive(self, source: AudioNode, output: int) -> None:
        source._core.connect(self._core, output)

    def _refuse(self, source: AudioNode, output: int) -> None:
        source._core.disconnect(self._core, output)

    def __getitem__(self, index: int) -> Port:
        """Return output, or input, number `index`."""
        return Port(self, index)

    # Without it, iteration would try node[0], node[1] ...
    __iter__ = None

    def connect(self, destination: T, output: int = 0, input: int = 0) -> T:
        """Connect an output with something that takes sound. A second time changes nothing.

        Parameters
        ----------
        destination : AudioNode, Port or AudioParam
            Of the same context. To a param, the sound is added in one channel.
        output : int, optional
            Which output of this node.
        input : int, optional
            Which input of a destination that is a node.

        Returns
        -------
        AudioNode, Port or AudioParam
            The destination.

        Raises
        ------
        ArgumentError
            There is no such output or input, or the destination belongs to another context.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
        >>> osc, gain = ctx.create_oscillator(), ctx.create_gain(0.5)
        >>> osc.connect(gain).connect(ctx.destination)
        <AudioDestinationNode: 1 channel>
        """
        index = integer("output", output, 0)
        port = integer("input", input, 0)
        self._context._check_open()
        if isinstance(destination, AudioNode):
            self._core.connect(destination._core, index, port)
        elif isinstance(destination, Target):
            destination._receive(self, index)
        else:
            raise _no_target(destination)
        return destination

    @overload
    def disconnect(self) -> None: ...
    @overload
    def disconnect(self, destination: int, /) -> None: ...
    @overload
    def disconnect(
        self, destination: Target, output: int | None = None, input: int | None = None
    ) -> None: ...
    def disconnect(
        self,
        destination: Target | int | None = None,
        output: int | None = None,
        input: int | None = None,
    ) -> None:
        """Take connections away.

        Parameters
        ----------
        destination : AudioNode, Port, AudioParam or int, optional
            Where they lead to; an int is an output, all of whose connections go; none means all.
        output, input : int, optional
            Only those of one output of this node, and of one input of a destination that is a node.

        Raises
        ------
        ArgumentError
            There is no such connection, though the destination was named.
        """
        chosen = -1 if output is None else integer("output", output, 0)
        port = -1 if input is None else integer("input", input, 0)
        self._context._check_open()
        if destination is None:
            self._core.disconnect(None, chosen)
        elif isinstance(destination, AudioNode):
            self._core.disconnect(destination._core, chosen, port)
        elif isinstance(destination, Target):
            destination._refuse(self, chosen)
        elif isinstance(destination, int) and not isinstance(destination, bool):
            self._core.disconnect(None, integer("output", destination, 0))
        else:
            raise _no_target(destination)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(self._facts()) or 'no params'}>"

    def _facts(self) -> list[str]:
        """Return what its repr tells."""
        facts = [
            f"{name}={getattr(self, name)!r}"
            for name, info in self._core.kind.attributes.items()
            if info.kind == AttributeKind.CHOICE and hasattr(self, name)
        ]
        return facts + [f"{name}={self._param(name).value:g}" for name in self._core.kind.params]


def _check_names(kind: str, options: dict[str, Any], known: list[str]) -> None:
    """Refuse keywords as Python does."""
    for name in options:
        if name not in known:
            raise ArgumentTypeError(
                f"{kind} got an unexpected keyword {shown(name)}; it takes {', '.join(known)}"
            )


def _given(name: str, value: Any) -> Any:
    """Return the value of an attribute as the core takes it."""
    return value._for_core() if hasattr(value, "_for_core") else value


def _no_target(value: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"destination is {shown(value)} of type {type(value).__name__}; it must be a node, an "
        "input of one, such as merger[1], or a param"
    )


class AudioScheduledSourceNode(AudioNode):
    """A node that sounds from its start to its stop, once."""

    def start(self, when: float = 0.0) -> None:
        """Let it sound from a time on.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock, exact: between two frames, too. What has passed
            counts as now.

        Raises
        ------
        ArgumentError
            The time is negative or not finite.
        StateError
            It was started before.
        """
        self._context._check_open()
        self._core.start(number("when", when))

    def stop(self, when: float = 0.0) -> None:
        """Let it end before a time. The last call counts, until it has ended.

        Parameters
        ----------
        when : float, optional
            In seconds. What has passed counts as now.

        Raises
        ------
        ArgumentError
            The time is negative or not finite.
        StateError
            It was not started.
        """
        self._context._check_open()
        self._core.stop(number("when", when))

    @property
    def has_ended(self) -> bool:
        """Whether it has sounded to its end."""
        return self._core.has_ended

    @property
    def is_playing(self) -> bool:
        """Whether it was started and has not ended; also while it waits for its time."""
        return self._core.times is not None and not self._core.has_ended

    @property
    def on_ended(self) -> Callable[[], object] | None:
        """What is called once the node has ended, with no arguments; None: nothing.

        In a live context a thread of the library calls it, in an offline one the thread that
        renders. It is never called on the audio thread.
        """
        return self._context._ended.get(self._core)

    @on_ended.setter
    def on_ended(self, function: Callable[[], object] | None) -> None:
        if function is not None and not callable(function):
            raise ArgumentTypeError(
                f"on_ended is {shown(function)}; it must be a function without arguments, or None"
            )
        self._context._ended.set(self._core, function)
