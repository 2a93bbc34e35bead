# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Descriptions of graphs: the way back from ``graph_from_dict``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.enums import AttributeKind, ChannelFreedom, ChannelMixing, CountMode, ParamRate
from pastream_ng.errors import UnsupportedOptionError
from pastream_ng.graph.kinds import kinds
from pastream_ng.graph.picture.names import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pastream_ng.graph.core import CoreGraph, CoreNode
    from pastream_ng.graph.core_data import Sound, Wave
    from pastream_ng.graph.kinds import AttributeInfo, ParamInfo

__all__ = ["describe"]


def _plain(value: float) -> float:
    """Return an int where that says the same."""
    is_whole = value.is_integer() and abs(value) < 2**53
    return int(value) if is_whole and str(value) != "-0.0" else value


def _name(member: CountMode | ChannelMixing) -> str:
    return member.name.lower().replace("_", "-")


class _Describer:
    """Describes one graph."""

    def __init__(
        self, core: CoreGraph, known: Mapping[int, str], folder: str | os.PathLike[str] | None
    ) -> None:
        self._folder = None if folder is None else Path(folder)
        self._nodes = core.nodes()
        self._names = names_of(self._nodes, known)
        self._sounds: dict[int, tuple[str, Sound]] = {}
        self._waves: dict[int, tuple[str, Wave]] = {}

    def run(self) -> dict[str, Any]:
        """Return what a description says about nodes."""
        nodes = [self._node(node) for node in self._nodes]
        connections = [entry for node in self._nodes for entry in self._connections(node)]
        desc: dict[str, Any] = {
            "nodes": [entry for entry in nodes if entry is not None],
            "connections": connections,
        }
        if self._sounds:
            desc["buffers"] = dict(self._sound(*found) for found in self._sounds.values())
        if self._waves:
            desc["waves"] = dict(self._wave(*found) for found in self._waves.values())
        return desc

    # ---- Nodes ---------------------------------------------------------------------------------

    def _node(self, node: CoreNode) -> dict[str, Any] | None:
        kind = node.kind
        if kinds().get(kind.name) is not kind:
            raise UnsupportedOptionError(
                f"{self._names[node.id]} is a node of the program's own, which no description can "
                "hold"
            )
        parts = {
            "options": self._rules(node) | self._attributes(node),
            "params": self._params(node),
            "schedule": self._schedule(node),
        }
        given = {key: value for key, value in parts.items() if value}
        if kind.is_single and not given:
            return None
        return {"id": self._names[node.id], "type": kind.name, **given}

    def _rules(self, node: CoreNode) -> dict[str, Any]:
        """Return the channel rules that differ from those of the kind."""
        kind = node.kind
        rules: dict[str, Any] = {}
        mixing = ChannelMixing(node.rule("channel_interpretation"))
        if kind.freedom != ChannelFreedom.FIXED and mixing != kind.mixing:
            rules["channel_interpretation"] = _name(mixing)
        if kind.freedom in (ChannelFreedom.FREE, ChannelFreedom.AT_MOST_STEREO):
            count, mode = node.rule("channel_count"), CountMode(node.rule("channel_count_mode"))
            if count != kind.channel_count:
                rules["channel_count"] = count
            if mode != kind.count_mode:
                rules["channel_count_mode"] = _name(mode)
        return rules

    def _attributes(self, node: CoreNode) -> dict[str, Any]:
        found = {info: self._attribute(node, info) for info in node.kind.attributes.values()}
        return {info.name: value for info, value in found.items() if value is not None}

    def _attribute(self, node: CoreNode, info: AttributeInfo) -> Any:
        """Return an attribute that is not as it was at first."""
        name = info.name
        if info.kind == AttributeKind.SOUND:
            sound = node.sound(name)
            return (
                sound
                and self._sounds.setdefault(sound.id, (f"buffer_{len(self._sounds) + 1}", sound))[0]
            )
        if info.kind == AttributeKind.WAVE:
            wave = node.wave(name)
            return (
                wave and self._waves.setdefault(wave.id, (f"wave_{len(self._waves) + 1}", wave))[0]
            )
        if info.kind == AttributeKind.NUMBERS:
            return node.numbers(name)
        if info.kind == AttributeKind.RING:
            raise UnsupportedOptionError(
                f"{self._names[node.id]} has a {name}, which no description can hold"
            )
        return self._number(node, info)

    def _number(self, node: CoreNode, info: AttributeInfo) -> Any:
        value = node.number(info.name)
        # A wave that is there but not heard: the type has to be told.
        is_told = info.name == "type" and "periodic_wave" in node.kind.attributes
        if value == info.initial and not (is_told and node.wave("periodic_wave")):
            return None
        if info.kind == AttributeKind.CHOICE:
            return info.choices[int(value)]
        return bool(value) if info.kind == AttributeKind.BOOL else _plain(value)

    def _schedule(self, node: CoreNode) -> list[dict[str, Any]]:
        times = node.times
        if times is None:
            return []
        args = [times.start]
        if times.offset or times.duration is not None:
            args.append(times.offset)
        if times.duration is not None:
            args.append(times.duration)
        calls = [{"op": "start", "args": [_plain(arg) for arg in args]}]
        if times.stop is not None:
            calls.append({"op": "stop", "args": [_plain(times.stop)]})
        return calls

    # ---- Params --------------------------------------------------------------------------------

    def _params(self, node: CoreNode) -> dict[str, Any]:
        found = {info.name: self._param(node, info) for info in node.kind.params.values()}
        return {name: value for name, value in found.items() if value is not None}

    def _param(self, node: CoreNode, info: ParamInfo) -> Any:
        param = node.param(info.name)
        initial, calls = param.timeline()
        entry: dict[str, Any] = {}
        if param.rate != info.rate:
            entry["automation_rate"] = "a-rate" if param.rate == ParamRate.A else "k-rate"
        method, args = calls[0] if calls else ("", [])
        if method == "set_value_at_time" and args[1] == 0:
            entry["value"] = _plain(args[0])
            calls = calls[1:]
        elif initial != info.initial and not (method == "set_value_curve_at_time" and args[1] == 0):
            entry["value"] = _plain(initial)
        if calls:
            entry["events"] = [
                {"method": method, "args": [_plain_of(arg) for arg in args]}
                for method, args in calls
            ]
        if list(entry) == ["value"]:
            return entry["value"]
        return entry or None

    # ---- Connections ---------------------------------------------------------------------------

    def _connections(self, node: CoreNode) -> list[dict[str, Any]]:
        # Those of one input in the order of connecting, which is the order of adding up.
        params = list(node.kind.params)
        entries = []
        for made in node.connections():
            entry: dict[str, Any] = {
                "from": self._names[made.source.id],
                "to": self._names[node.id],
            }
            if made.output:
                entry["output"] = made.output
            if made.is_param:
                entry["param"] = params[made.input]
            elif made.input:
                entry["input"] = made.input
            entries.append(entry)
        return entries

    # ---- Data ----------------------------------------------------------------------------------

    def _sound(self, name: str, sound: Sound) -> tuple[str, dict[str, Any]]:
        planes = sound.planes()
        entry: dict[str, Any] = {
            "channels": sound.channels,
            "frames": sound.frames,
            "sample_rate": _plain(sound.rate),
        }
        if self._folder is None:
            if not np.isfinite(planes).all():
                raise UnsupportedOptionError(
                    f"{name} has samples that are not finite; only files can hold them, so signals "
                    "must be a folder"
                )
            entry["data"] = planes.tolist()
        else:
            entry["signal"] = name
            planes.astype("<f4").tofile(self._folder / f"{name}.f32")
        return name, entry

    def _wave(self, name: str, wave: Wave) -> tuple[str, dict[str, Any]]:
        real, imag, is_normalized = wave.series()
        entry: dict[str, Any] = {"real": real, "imag": imag}
        if not is_normalized:
            entry["disable_normalization"] = True
        return name, entry


def _plain_of(arg: Any) -> Any:
    return [_plain(x) for x in arg] if isinstance(arg, list) else _plain(arg)


def describe(
    core: CoreGraph, known: Mapping[int, str], folder: str | os.PathLike[str] | None
) -> dict[str, Any]:
    """Return the nodes, connections, buffers and waves of a graph.

    `known` has names of nodes by their ids; buffers become files in `folder`, or lists of numbers.
    """
    if folder is not None and not Path(folder).is_dir():
        raise NotADirectoryError(f"signals is {shown(folder)}, which is no folder")
    return _Describer(core, known, folder).run()
