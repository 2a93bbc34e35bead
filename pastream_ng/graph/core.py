# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C engine with Python's types: what contexts and nodes are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import (
    AutomationKind,
    ParamRate,
)
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.core_data import Sound, Wave
from pastream_ng.graph.core_settings import RULES, member, settings
from pastream_ng.graph.failures import check
from pastream_ng.graph.kinds import KindInfo, kind_of, kinds

__all__ = ["CoreConnection", "CoreGraph", "CoreNode", "CoreParam", "SourceTimes"]

#: How many frames are rendered in one call, during which Ctrl-C has to wait.
_SLICE = 1 << 16


# The automation methods by name: their kind, and the fields that their arguments go to.
METHODS: dict[str, tuple[AutomationKind, tuple[str, ...]]] = {
    "set_value_at_time": (AutomationKind.SET, ("value", "time_s")),
    "linear_ramp_to_value_at_time": (AutomationKind.LINEAR, ("value", "time_s")),
    "exponential_ramp_to_value_at_time": (AutomationKind.EXPONENTIAL, ("value", "time_s")),
    "set_target_at_time": (AutomationKind.TARGET, ("value", "time_s", "time_constant_s")),
    "set_value_curve_at_time": (AutomationKind.CURVE, ("values", "time_s", "duration_s")),
    "cancel_scheduled_values": (AutomationKind.CANCEL, ("time_s",)),
    "cancel_and_hold_at_time": (AutomationKind.HOLD, ("time_s",)),
}


_METHOD_OF = {kind: name for name, (kind, _) in METHODS.items()}


def _call(automation: Any) -> tuple[str, list[Any]]:
    """Return the method that an automation stands for, and its arguments."""
    method = _METHOD_OF[AutomationKind(automation.kind)]
    args = []
    for field in METHODS[method][1]:
        if field == "values":
            args.append([automation.values[i] for i in range(automation.n_values)])
        else:
            args.append(getattr(automation, field))
    return method, args


class SourceTimes(NamedTuple):
    """When a source sounds, in seconds; None: it does not end."""

    start: float
    stop: float | None
    offset: float
    duration: float | None


class CoreConnection(NamedTuple):
    """What leads to a node."""

    source: CoreNode
    output: int
    input: int  # Or the param's place in the table.
    is_param: bool


def _all(type_name: str, function: Any, pointer: Any) -> tuple[Any, int]:
    """Return all rows that a function gives, which tells how many there are."""
    room = 0
    while True:
        rows = ffi.new(type_name, room)
        n = function(pointer, rows, room)
        if n <= room:
            return rows, n
        room = n


class CoreParam:
    """A param of a node, which it keeps."""

    def __init__(self, node: CoreNode, index: int) -> None:
        self.node = node
        self.pointer = lib.pst_gnode_param(node.pointer, index)

    def automate(self, method: str, *args: Any) -> None:
        """Call an automation method by its name."""
        kind, fields = METHODS[method]
        if len(args) != len(fields):
            raise ArgumentError(f"{method} takes {len(fields)} arguments, not {len(args)}")
        automation = ffi.new("pst_automation *", {"kind": kind})
        keep = None
        for field, value in zip(fields, args, strict=True):
            if field == "values":
                keep = ffi.new("double[]", [float(x) for x in value])
                automation.values = keep
                automation.n_values = len(value)
            else:
                setattr(automation, field, float(value))
        err = new_error()
        check(lib.pst_param_automate(self.pointer, automation, err), err)

    @property
    def value(self) -> float:
        """The timeline's value at the start of the last quantum."""
        return float(lib.pst_param_value(self.pointer))

    @value.setter
    def value(self, value: float) -> None:
        err = new_error()
        check(lib.pst_param_set_value(self.pointer, float(value), err), err)

    @property
    def rate(self) -> ParamRate:
        """Whether it has a value for each frame, or for each quantum."""
        return ParamRate(lib.pst_param_get_rate(self.pointer))

    @rate.setter
    def rate(self, rate: ParamRate) -> None:
        err = new_error()
        check(lib.pst_param_set_rate(self.pointer, rate, err), err)

    def timeline(self) -> tuple[float, list[tuple[str, list[Any]]]]:
        """Return the value before all, and the calls of methods that make the timeline."""
        initial, n_values = ffi.new("double *"), ffi.new("uint32_t *")
        n = lib.pst_param_list(self.pointer, initial, ffi.NULL, 0, ffi.NULL, n_values)
        while True:
            room, n_room = n, n_values[0]
            rows = ffi.new("pst_automation[]", room)
            values = ffi.new("double[]", n_room)
            n = lib.pst_param_list(self.pointer, initial, rows, room, values, n_values)
            if n <= room and n_values[0] <= n_room:
                return initial[0], [_call(rows[i]) for i in range(n)]

    @property
    def limits(self) -> tuple[float, float]:
        """What its sum is brought to."""
        limits = ffi.new("double[2]")
        lib.pst_param_limits(self.pointer, limits, limits + 1)
        return limits[0], limits[1]


class CoreNode:
    """A handle of a node."""

    def __init__(self, graph: CoreGraph, owned: Any, kind: KindInfo) -> None:
        self._graph = graph
        self._owned = owned
        self.kind = kind
        self.pointer = owned[0]
        #: The same for all handles of a node.
        self.id = int(ffi.cast("uintptr_t", self.pointer))

    def param(self, name: str) -> CoreParam:
        """Return a param by name."""
        info = self.kind.params.get(name)
        if info is None:
            names = ", ".join(self.kind.params) or "none"
            raise ArgumentError(
                f"param is {shown(name)}; nodes of kind {self.kind.name} have {names}"
            )
        return CoreParam(self, info.index)

    def set(self, name: str, value: Any) -> None:
        """Set an attribute, or one of the channel rules."""
        if name in RULES:
            self._set_rule(name, value)
            return
        err = new_error()
        rows, _keep = settings(self.kind, {name: value})
        check(lib.pst_gnode_set(self.pointer, rows, err), err)

    def number(self, name: str) -> float:
        """Return an attribute of one number."""
        number, err = ffi.new("double *"), new_error()
        check(lib.pst_gnode_get_number(self.pointer, name.encode(), number, err), err)
        return float(number[0])

    def numbers(self, name: str) -> list[float] | None:
        """Return an attribute that is numbers; None: there are none."""
        n = lib.pst_gnode_get_numbers(self.pointer, name.encode(), ffi.NULL, 0)
        while True:
            values = ffi.new("double[]", n)
            room, n = n, lib.pst_gnode_get_numbers(self.pointer, name.encode(), values, n)
            if n <= room:
                return list(values)[:n] or None

    def sound(self, name: str) -> Sound | None:
        """Return an attribute that is a sound."""
        return Sound.from_pointer(lib.pst_gnode_get_sound(self.pointer, name.encode()))

    def wave(self, name: str) -> Wave | None:
        """Return an attribute that is a wave."""
        return Wave.from_pointer(lib.pst_gnode_get_wave(self.pointer, name.encode()))

    def connections(self) -> list[CoreConnection]:
        """Return what leads to it, in the order of connecting."""
        rows, n = _all("pst_connection[]", lib.pst_gnode_connections, self.pointer)
        return [
            CoreConnection(self._graph._own(row.source), row.output, row.input, row.is_param)
            for row in rows[0:n]
        ]

    def frequency_response(
        self, frequencies: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return what a filter does to sines of so many Hz, C-contiguous float32."""
        magnitude, phase = np.empty_like(frequencies), np.empty_like(frequencies)
        hz, factors, angles = (
            ffi.from_buffer("float[]", array) for array in (frequencies, magnitude, phase)
        )
        err = new_error()
        check(
            lib.pst_gnode_frequency_response(
                self.pointer, hz, factors, angles, frequencies.size, err
            ),
            err,
        )
        return magnitude, phase

    def rule(self, name: str) -> int:
        """Return one of the channel rules."""
        rules = ffi.new("pst_channel_rules *")
        lib.pst_gnode_get_channels(self.pointer, rules)
        return int(getattr(rules, RULES[name][0]))

    @property
    def ports(self) -> tuple[int, int]:
        """How many inputs and outputs it has."""
        return lib.pst_gnode_n_inputs(self.pointer), lib.pst_gnode_n_outputs(self.pointer)

    def _set_rule(self, name: str, value: Any) -> None:
        field, enum = RULES[name]
        rules, err = ffi.new("pst_channel_rules *"), new_error()
        lib.pst_gnode_get_channels(self.pointer, rules)
        setattr(
            rules, field, integer(name, value, 1, 32) if enum is None else member(name, enum, value)
        )
        check(lib.pst_gnode_set_channels(self.pointer, rules, err), err)

    def connect(self, to: CoreNode | CoreParam, output: int = 0, input: int = 0) -> None:
        """Connect an output with an input of a node, or with a param."""
        err = new_error()
        if isinstance(to, CoreParam):
            status = lib.pst_gnode_connect_param(self.pointer, output, to.pointer, err)
        else:
            status = lib.pst_gnode_connect(self.pointer, output, to.pointer, input, err)
        check(status, err)

    def disconnect(
        self, to: CoreNode | CoreParam | None = None, output: int = -1, input: int = -1
    ) -> None:
        """Take connections away; -1 and None stand for all."""
        err = new_error()
        if isinstance(to, CoreParam):
            status = lib.pst_gnode_disconnect_param(self.pointer, output, to.pointer, err)
        else:
            pointer = ffi.NULL if to is None else to.pointer
            status = lib.pst_gnode_disconnect(self.pointer, output, pointer, input, err)
        check(status, err)

    def start(self, when: float = 0.0, offset: float = 0.0, duration: float | None = None) -> None:
        """Start a source."""
        if duration is not None and duration < 0:
            raise ArgumentError(f"duration is {duration}; it must be 0 or more")
        err = new_error()
        length = -1.0 if duration is None else float(duration)
        check(lib.pst_gnode_start(self.pointer, float(when), float(offset), length, err), err)

    def stop(self, when: float = 0.0) -> None:
        """Stop a source."""
        err = new_error()
        check(lib.pst_gnode_stop(self.pointer, float(when), err), err)

    @property
    def times(self) -> SourceTimes | None:
        """When it sounds; None: it was not started."""
        row = ffi.new("pst_source_times *")
        lib.pst_gnode_get_times(self.pointer, row)
        if not row.is_started:
            return None
        return SourceTimes(
            row.start_s,
            None if math.isinf(row.stop_s) else row.stop_s,
            row.offset_s,
            None if row.duration_s < 0 else row.duration_s,
        )

    @property
    def has_ended(self) -> bool:
        """Whether a source has sounded to its end."""
        return bool(lib.pst_gnode_has_ended(self.pointer))


class CoreGraph:
    """A graph that is rendered by whoever calls `render`."""

    def __init__(
        self,
        rate: float,
        channels: int,
        quantum: int = 128,
        *,
        sends_at_once: bool = False,
        input_channels: int = 0,
    ) -> None:
        config, err = ffi.new("pst_graph_config *"), new_error()
        lib.pst_graph_config_default(config)
        config.rate_hz = float(rate)
        config.n_channels = channels
        config.quantum_frames = quantum
        config.n_input_channels = input_channels
        config.sends_at_once = sends_at_once
        self._owned = owner("pst_graph *", lib.pst_graph_release)
        check(lib.pst_graph_create(self._owned, config, err), err)
        self.channels = channels
        self.input_channels = input_channels
        self._input: np.ndarray[Any, Any] | None = None
        self.rate = float(rate)
        self.quantum = quantum
        self.pointer = self._owned[0]

    def kind(self, name: str) -> KindInfo:
        """Return what a kind of node takes."""
        info = kinds().get(name)
        if info is None:
            raise ArgumentError(f"kind is {shown(name)}; it must be one of {', '.join(kinds())}")
        return info

    def add(self, kind: str, **options: Any) -> CoreNode:
        """Add a node with attributes and channel rules."""
        info = self.kind(kind)
        rules = {name: options.pop(name) for name in RULES if name in options}
        owned, err = owner("pst_gnode *", lib.pst_gnode_release), new_error()
        rows, _keep = settings(info, options)
        check(lib.pst_graph_add(self.pointer, owned, kind.encode(), rows, len(options), err), err)
        node = CoreNode(self, owned, info)
        for name, value in rules.items():
            node.set(name, value)
        return node

    def _own(self, pointer: Any) -> CoreNode:
        """Return a handle that C has given."""
        owned = owner("pst_gnode *", lib.pst_gnode_release)
        owned[0] = pointer
        return CoreNode(self, owned, kind_of(lib.pst_gnode_kind(pointer)))

    def nodes(self) -> list[CoreNode]:
        """Return all nodes, in the order of making; the first two are destination and listener."""
        rows, n = _all("pst_gnode *[]", lib.pst_graph_list, self.pointer)
        return [self._own(rows[i]) for i in range(n)]

    def destination(self) -> CoreNode:
        """Return a handle of where all sound goes."""
        return self._own(lib.pst_graph_destination(self.pointer))

    def listener(self) -> CoreNode:
        """Return a handle of who hears it."""
        return self._own(lib.pst_graph_listener(self.pointer))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Let all changes within act at the same time."""
        lib.pst_graph_begin(self.pointer)
        try:
            yield
        finally:
            err = new_error()
            check(lib.pst_graph_commit(self.pointer, err), err)

    @property
    def frame(self) -> int:
        """How many frames were rendered."""
        return int(lib.pst_graph_frame(self.pointer))

    def feed(self, frames: np.ndarray[Any, Any]) -> None:
        """Let it hear an array of (frames, input_channels), C-contiguous float32, from now on."""
        self._input = frames
        lib.pst_graph_feed(self.pointer, ffi.from_buffer("float[]", frames), len(frames))

    def render(self, output: np.ndarray[Any, Any]) -> None:
        """Fill an array of shape (frames, channels), C-contiguous float32."""
        err = new_error()
        check(lib.pst_graph_send(self.pointer, err), err)
        if not len(output):
            return
        data = ffi.from_buffer("float[]", output)
        for start in range(0, len(output), _SLICE):
            n = min(_SLICE, len(output) - start)
            lib.pst_graph_render(
                ffi.NULL, data + start * self.channels, n, ffi.NULL, 0, self.pointer
            )
