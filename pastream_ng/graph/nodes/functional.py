# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What nodes with functions of the user's have in common."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pastream_ng._checks import choice, integer, real, shown
from pastream_ng._native import lib
from pastream_ng.enums import Underrun
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.graph.functions.arrays import Memory
from pastream_ng.graph.functions.declared import declared_params
from pastream_ng.graph.functions.host import Host, Kept, numbered
from pastream_ng.graph.functions.native import Plan, add_node
from pastream_ng.graph.functions.styles import Ports
from pastream_ng.graph.functions.worker import start_worker
from pastream_ng.graph.nodes.node import AudioScheduledSourceNode
from pastream_ng.graph.params import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pastream_ng.callbacks import CompiledCallback
    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.params import AudioParam

__all__ = ["FunctionStats", "Functional", "UnderrunName", "planned", "ports_of"]

UnderrunName = Literal["silence", "hold", "bypass"]

# How far ahead a Python function runs unless that is asked for: blocks, and at least so many
# seconds. A thread of Python may have to wait for the GIL for 5 ms, several times in a row.
_BLOCKS_AHEAD = 4
_SECONDS_AHEAD = 0.03


class FunctionStats(NamedTuple):
    """What has become of the blocks of a function.

    Attributes
    ----------
    blocks : int
        Made.
    underruns : int
        How often output was missing, because it came too late.
    missing_frames : int
        How much.
    lost_blocks : int
        Blocks of input that the function was not given, because it was too late for their output.
    """

    blocks: int
    underruns: int
    missing_frames: int
    lost_blocks: int


class Functional(AudioScheduledSourceNode):
    """What nodes with functions have in common."""

    _kept: Kept
    _plan: Plan
    _is_moved: bool

    def _make(
        self,
        context: BaseAudioContext,
        plan: Plan,
        compiled: CompiledCallback | None,
        parameter_data: Mapping[str, float] | None,
    ) -> Host | None:
        """Add the node; return what calls Python, which has nothing to call yet."""
        names = [param.name for param in plan.params]
        values = {name: number(name, value) for name, value in (parameter_data or {}).items()}
        for name in values:
            if name not in names:
                raise ArgumentError(f"parameter_data has {name!r}; the params are {names}")
        graph = context._open_core()
        host: Host | None = None
        if compiled is not None:
            core, owned = add_node(graph, plan, compiled)
            kept: Kept = Kept(owned, compiled)
        else:
            is_inline = context._calls_in_line
            number_of_host, waiting = numbered() if is_inline else (0, None)
            core, owned = add_node(graph, plan, inline=number_of_host)
            kept = host = Host(owned, graph.rate)
            host.memory = Memory(
                host.pointer, plan.inputs, plan.channels, plan.output_channels, plan.params
            )
            if waiting is not None:
                waiting(host)
            else:
                start_worker(host)
        context._functions.add(kept)
        # Plain attributes first: see __setattr__.
        self._kept, self._plan, self._is_moved = kept, plan, False
        self._init(context, core)
        for name, value in values.items():
            self._param(name).value = value
        return host

    # ---- Params --------------------------------------------------------------------------------

    @property
    def parameters(self) -> Mapping[str, AudioParam]:
        """Its params by name. ``node.name`` is the same where it is free."""
        return MappingProxyType({name: self._param(name) for name in self._core.kind.params})

    def __getattr__(self, name: str) -> Any:
        core = self.__dict__.get("_core")
        if core is not None and name in core.kind.params:
            return self._param(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        core = self.__dict__.get("_core")
        if core is not None and name in core.kind.params and not hasattr(type(self), name):
            self._param(name).value = value
        else:
            super().__setattr__(name, value)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._core.kind.params]

    # ---- When it sounds ------------------------------------------------------------------------

    def start(self, when: float = 0.0) -> None:
        """Let it sound from a time on: its function is not called before.

        A node with inputs runs from its making on; to start it then moves its beginning, once.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock; what has passed counts as now.

        Raises
        ------
        ArgumentError
            The time is negative or not finite.
        StateError
            It was started before, or has ended.
        """
        self._context._check_open()
        if self._is_moved:
            raise StateError("it was started before; make another node")
        self._core.start(number("when", when))
        self._is_moved = True

    # ---- How it goes ---------------------------------------------------------------------------

    @property
    def block(self) -> int:
        """How many frames its function gets at once.

        Less where the node is started or stopped between two multiples of the quantum.
        """
        return self._plan.block or self._context.render_quantum_size

    @property
    def latency_frames(self) -> int:
        """How many frames its output is behind its input."""
        return int(lib.pst_function_latency_frames(self._kept.pointer))

    @property
    def latency(self) -> float:
        """The same in seconds."""
        return self.latency_frames / self._context.sample_rate

    @property
    def stats(self) -> FunctionStats:
        """What has become of its blocks."""
        stats = self._kept.stats()
        return FunctionStats(
            int(stats.n_blocks),
            int(stats.n_underruns),
            int(stats.missing_frames),
            int(stats.n_lost),
        )

    @property
    def on_error(self) -> Callable[[BaseException], object] | None:
        """What is called with the exception of its function, after which the node is silent.

        None: the exception is raised by what renders, or, in a live context, by the next call of
        one of its ``wait`` methods or ``close``.
        """
        return self._kept.on_error if isinstance(self._kept, Host) else None

    @on_error.setter
    def on_error(self, function: Callable[[BaseException], object] | None) -> None:
        if function is not None and not callable(function):
            raise ArgumentTypeError(
                f"on_error is {shown(function)}; it must be a function of an exception, or None"
            )
        if not isinstance(self._kept, Host):
            raise StateError("compiled functions raise nothing; there is no on_error")
        self._kept.on_error = function


def ports_of(plan: Plan, rate: float) -> Ports:
    """Return what a function is told of its node."""
    names = tuple(param.name for param in plan.params)
    return Ports(plan.inputs, plan.channels, tuple(plan.output_channels), names, rate)


def planned(
    context: BaseAudioContext,
    *,
    channels: Any,
    inputs: Any,
    outputs: Any,
    output_channels: Any,
    params: Any,
    block: Any,
    look_ahead: Any,
    underrun: Any,
) -> Plan:
    """Return what a node is to have, checked."""
    n_channels = integer("channels", channels, 1, 32)
    n_inputs = integer("inputs", inputs, 0, 32)
    n_outputs = integer("outputs", outputs, 0, 32)
    if output_channels is None:
        widths = [n_channels] * n_outputs
    elif isinstance(output_channels, int):
        widths = [integer("output_channels", output_channels, 1, 32)] * n_outputs
    else:
        widths = [integer("output_channels", width, 1, 32) for width in output_channels]
        if len(widths) != n_outputs:
            raise ArgumentError(
                f"output_channels is {shown(output_channels)}; there must be {n_outputs}, one for "
                "each output"
            )
    frames = None if block is None else integer("block", block, 1, 16384, "frames")
    policy = choice("underrun", underrun, Underrun)
    if policy == Underrun.BYPASS and n_inputs == 0:
        raise ArgumentError("underrun is 'bypass'; a node without inputs has nothing to pass")
    ahead = _frames_ahead(context, frames or context.render_quantum_size, look_ahead)
    return Plan(n_inputs, n_channels, widths, declared_params(params), frames, ahead, policy)


def _frames_ahead(context: BaseAudioContext, block: int, look_ahead: Any) -> int:
    """Return a look-ahead in frames; 0 where there is none."""
    if look_ahead is None:
        if context._calls_in_line:
            return 0
        least = round(_SECONDS_AHEAD * context.sample_rate)
        return max(_BLOCKS_AHEAD * block, least) + context._burst_frames()
    if isinstance(look_ahead, float):
        seconds = real("look_ahead", look_ahead, 0.0, 60.0, "seconds")
        frames = round(seconds * context.sample_rate)
    else:
        frames = integer("look_ahead", look_ahead, 1, 1 << 24, "frames")
    return max(1, frames)
