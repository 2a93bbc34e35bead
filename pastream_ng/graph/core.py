# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C engine with Python's types: what contexts and nodes are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import (
    AttributeKind,
    AutomationKind,
    ChannelMixing,
    CountMode,
    ParamRate,
)
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.kinds import AttributeInfo, KindInfo, kinds

__all__ = ["CoreGraph", "CoreNode", "CoreParam", "Sound", "Wave"]

#: How many frames are rendered in one call, during which Ctrl-C has to wait.
_SLICE = 1 << 16


class Sound:
    """Sound in C's memory: planes of float32."""

    def __init__(self, planes: np.ndarray[Any, Any], rate: float) -> None:
        planes = np.ascontiguousarray(np.atleast_2d(planes), dtype=np.float32)
        self._owned, err = owner("pst_sound *", lib.pst_sound_release), new_error()
        rows = [ffi.cast("float *", ffi.from_buffer(row)) for row in planes]
        channels = ffi.new("float *[]", rows)
        n_channels, n_frames = planes.shape
        check(
            lib.pst_sound_create(self._owned, channels, n_channels, n_frames, float(rate), err), err
        )
        self.channels: int = n_channels
        self.frames: int = n_frames
        self.rate = float(rate)

    @property
    def pointer(self) -> Any:
        """The ``pst_sound *``."""
        return self._owned[0]


class Wave:
    """One period of a wave, as cosines and sines."""

    def __init__(
        self, real: Sequence[float], imag: Sequence[float], *, normalize: bool = True
    ) -> None:
        if len(real) != len(imag):
            raise ArgumentError(
                f"real has {len(real)} numbers and imag {len(imag)}; there must be as many"
            )
        self._owned, err = owner("pst_wave *", lib.pst_wave_release), new_error()
        check(
            lib.pst_wave_create(
                self._owned,
                ffi.new("double[]", [float(x) for x in real]),
                ffi.new("double[]", [float(x) for x in imag]),
                len(real),
                normalize,
                err,
            ),
            err,
        )

    @property
    def pointer(self) -> Any:
        """The ``pst_wave *``."""
        return self._owned[0]


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
        self.is_started = False

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
        if name in _RULES:
            self._set_rule(name, value)
            return
        err = new_error()
        settings, _keep = _settings(self.kind, {name: value})
        check(lib.pst_gnode_set(self.pointer, settings, err), err)

    def number(self, name: str) -> float:
        """Return an attribute of one number."""
        number, err = ffi.new("double *"), new_error()
        check(lib.pst_gnode_get_number(self.pointer, name.encode(), number, err), err)
        return float(number[0])

    def rule(self, name: str) -> int:
        """Return one of the channel rules."""
        rules = ffi.new("pst_channel_rules *")
        lib.pst_gnode_get_channels(self.pointer, rules)
        return int(getattr(rules, _RULES[name][0]))

    @property
    def ports(self) -> tuple[int, int]:
        """How many inputs and outputs it has."""
        return lib.pst_gnode_n_inputs(self.pointer), lib.pst_gnode_n_outputs(self.pointer)

    def _set_rule(self, name: str, value: Any) -> None:
        field, enum = _RULES[name]
        rules, err = ffi.new("pst_channel_rules *"), new_error()
        lib.pst_gnode_get_channels(self.pointer, rules)
        setattr(rules, field, int(value) if enum is None else _member(name, enum, value))
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
        self.is_started = True

    def stop(self, when: float = 0.0) -> None:
        """Stop a source."""
        err = new_error()
        check(lib.pst_gnode_stop(self.pointer, float(when), err), err)

    @property
    def has_ended(self) -> bool:
        """Whether a source has sounded to its end."""
        return bool(lib.pst_gnode_has_ended(self.pointer))


class CoreGraph:
    """A graph that is rendered by whoever calls `render`."""

    def __init__(
        self, rate: float, channels: int, quantum: int = 128, *, sends_at_once: bool = False
    ) -> None:
        config, err = ffi.new("pst_graph_config *"), new_error()
        lib.pst_graph_config_default(config)
        config.rate_hz = float(rate)
        config.n_channels = channels
        config.quantum_frames = quantum
        config.sends_at_once = sends_at_once
        self._owned = owner("pst_graph *", lib.pst_graph_release)
        check(lib.pst_graph_create(self._owned, config, err), err)
        self.channels = channels
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
        rules = {name: options.pop(name) for name in _RULES if name in options}
        owned, err = owner("pst_gnode *", lib.pst_gnode_release), new_error()
        settings, _keep = _settings(info, options)
        check(
            lib.pst_graph_add(self.pointer, owned, kind.encode(), settings, len(options), err), err
        )
        node = CoreNode(self, owned, info)
        for name, value in rules.items():
            node.set(name, value)
        return node

    def _own(self, pointer: Any, kind: str) -> CoreNode:
        owned = owner("pst_gnode *", lib.pst_gnode_release)
        owned[0] = pointer
        return CoreNode(self, owned, kinds()[kind])

    def destination(self) -> CoreNode:
        """Return a handle of where all sound goes."""
        return self._own(lib.pst_graph_destination(self.pointer), "destination")

    def listener(self) -> CoreNode:
        """Return a handle of who hears it."""
        return self._own(lib.pst_graph_listener(self.pointer), "listener")

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


# Names of the channel rules: their field, and what names their values.
_RULES: dict[str, tuple[str, Any]] = {
    "channel_count": ("count", None),
    "channel_count_mode": ("mode", CountMode),
    "channel_interpretation": ("mixing", ChannelMixing),
}


def _member(name: str, enum: Any, value: Any) -> int:
    names = [member.name.lower().replace("_", "-") for member in enum]
    text = str(value).lower().replace("_", "-")
    if text not in names:
        raise ArgumentError(f"{name} is {shown(value)}; it must be one of {', '.join(names)}")
    return int(list(enum)[names.index(text)])


def _fill(setting: Any, info: AttributeInfo, value: Any, keep: list[Any]) -> None:
    if info.kind == AttributeKind.CHOICE:
        if value not in info.choices:
            names = ", ".join(info.choices)
            raise ArgumentError(f"{info.name} is {shown(value)}; it must be one of {names}")
        setting.number = info.choices.index(value)
    elif info.kind == AttributeKind.NUMBERS:
        if value is not None:
            numbers = ffi.new("double[]", [float(x) for x in value])
            keep.append(numbers)
            setting.numbers = numbers
            setting.n_numbers = len(value)
    elif info.kind == AttributeKind.SOUND:
        setting.sound = ffi.NULL if value is None else value.pointer
    elif info.kind == AttributeKind.WAVE:
        setting.wave = ffi.NULL if value is None else value.pointer
    elif info.kind == AttributeKind.RING:
        setting.ring = ffi.NULL if value is None else value.pointer
    else:
        setting.number = float(value)


def _settings(kind: KindInfo, options: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Return a ``pst_setting[]``, and what must live as long."""
    settings = ffi.new("pst_setting[]", max(1, len(options)))
    keep: list[Any] = []
    for setting, (name, value) in zip(settings, options.items(), strict=False):
        info = kind.attributes.get(name)
        if info is None:
            names = ", ".join(kind.attributes) or "none"
            raise ArgumentError(f"nodes of kind {kind.name} have no {shown(name)}, but {names}")
        text = ffi.new("char[]", name.encode())
        keep.append(text)
        setting.name = text
        _fill(setting, info, value, keep)
    return settings, keep
