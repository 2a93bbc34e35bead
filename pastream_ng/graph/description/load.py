# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs from descriptions: the format ``audiograph/1``, which is JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.enums import ParamRate
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.contexts.offline import OfflineAudioContext
from pastream_ng.graph.description.entries import Entry, at
from pastream_ng.graph.description.script import Script
from pastream_ng.graph.description.signals import sound_of, wave_of
from pastream_ng.graph.params import number

if TYPE_CHECKING:
    from pastream_ng.graph.core import CoreGraph, CoreNode
    from pastream_ng.graph.core_data import Sound, Wave
    from pastream_ng.graph.description.script import Op

__all__ = ["FORMAT", "graph_from_dict"]

FORMAT = "audiograph/1"
_RATES = {"a-rate": ParamRate.A, "k-rate": ParamRate.K}
_SINGLE = ("destination", "listener")
# What is made anew when the graph is described again; all else is kept.
_READ = {
    *("format", "sample_rate", "length", "channels", "quantum"),
    *("nodes", "connections", "buffers", "waves"),
}


class _Loader:
    """Builds one graph."""

    def __init__(self, desc: Entry, folder: Path | None, core: CoreGraph, script: Script) -> None:
        self._core = core
        self._script = script
        buffers, waves = desc.entry("buffers"), desc.entry("waves")
        self._sounds = {name: self._sound(buffers, name, folder) for name in buffers.all()}
        self._waves = {name: self._wave(waves, name) for name in waves.all()}
        script.nodes["destination"] = core.destination()
        entries = desc.entries("nodes", "id type options params schedule")
        with core.batch():
            for entry in entries:
                self._add(entry)
            for entry in entries:
                self._set_params(entry)
            for entry in desc.entries("connections", "from to output input param"):
                act = script.connection(entry, True)
                with at(entry.place):
                    act()
            for entry in entries:
                self._schedule(entry)

    def _sound(self, buffers: Entry, name: str, folder: Path | None) -> Sound:
        entry = buffers.entry(name, "signal data gen channels frames sample_rate")
        with at(entry.place):
            return sound_of(entry, folder)

    def _wave(self, waves: Entry, name: str) -> Wave:
        entry = waves.entry(name, "real imag disable_normalization")
        with at(entry.place):
            return wave_of(entry)

    def _options(self, entry: Entry) -> dict[str, Any]:
        """Return the options of a node, with objects in place of their names."""
        options = entry.entry("options").all()
        named: dict[str, Mapping[str, Any]] = {
            "buffer": self._sounds,
            "periodic_wave": self._waves,
        }
        for key, things in named.items():
            if options.get(key) is None:
                options.pop(key, None)
                continue
            if not isinstance(options[key], str) or options[key] not in things:
                raise ArgumentError(
                    f"options.{key} is {shown(options[key])}; it must be one of "
                    f"{shown(', '.join(things))}"
                )
            options[key] = things[options[key]]
        if "periodic_wave" in options:
            options.setdefault("type", "custom")
        return options

    def _add(self, entry: Entry) -> None:
        name, kind = entry.word("id"), entry.word("type")
        is_end = (name, kind) == ("destination", "destination")
        if name in self._script.nodes and not is_end:
            raise ArgumentError(f"{entry.place}.id is {shown(name)}, which is taken")
        with at(f"{entry.place} ({kind})"):
            self._script.nodes[name] = self._made(kind, self._options(entry))

    def _made(self, kind: str, options: dict[str, Any]) -> CoreNode:
        if kind not in _SINGLE:
            return self._core.add(kind, **options)
        node = self._core.destination() if kind == "destination" else self._core.listener()
        for name, value in options.items():
            node.set(name, value)
        return node

    def _set_params(self, entry: Entry) -> None:
        node = self._script.nodes[entry.word("id")]
        for name, given in entry.entry("params").all().items():
            place = f"{entry.place}.params.{name}"
            value = given if isinstance(given, Mapping) else {"value": given}
            of = Entry(place, value, "value automation_rate events")
            with at(place):
                param = node.param(name)
                if "automation_rate" in of:
                    rate = of.get("automation_rate")
                    if rate not in _RATES:
                        raise ArgumentError(
                            f"automation_rate is {shown(rate)}; it must be one of "
                            f"{', '.join(_RATES)}"
                        )
                    param.rate = _RATES[rate]
                if "value" in of:
                    param.value = number("value", of.get("value"))
            for event in of.entries("events", "method args"):
                act = self._script.event(param, event)
                with at(event.place):
                    act()

    def _schedule(self, entry: Entry) -> None:
        node = self._script.nodes[entry.word("id")]
        for call in entry.entries("schedule", "op args"):
            op = call.word("op")
            if op not in ("start", "stop"):
                raise ArgumentError(f"{call.place}.op is {shown(op)}; it must be start or stop")
            act = self._script.schedule(node, op, call)
            with at(call.place):
                act()


def _ops(script: Script, entries: list[Entry]) -> list[Op]:
    return [script.op(entry) for entry in entries]


def graph_from_dict(
    desc: Mapping[str, Any],
    signals: str | os.PathLike[str] | None = None,
    *,
    quantum: int | None = None,
) -> OfflineAudioContext:
    """Build a graph from its description, which JSON can hold.

    `OfflineAudioContext.to_dict` is its inverse.

    Parameters
    ----------
    desc : dict
        In the format ``audiograph/1``.
    signals : path, optional
        The folder of the signals that the description names: float32 files, channel after channel.
    quantum : int, optional
        How many frames are rendered at once; None: what the description says, or 128.

    Returns
    -------
    OfflineAudioContext
        Ready to be rendered. What the description asks to capture is in its ``captures`` then.

    Raises
    ------
    ArgumentError, ArgumentTypeError, StateError, UnsupportedOptionError
        The description is not as it must be; the text tells where.
    OSError
        A signal cannot be read.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.graph_from_dict({
    ...     "format": "audiograph/1", "sample_rate": 8000, "length": 4, "channels": 1,
    ...     "nodes": [
    ...         {"id": "a", "type": "constant_source", "schedule": [{"op": "start", "args": [0]}]},
    ...         {"id": "half", "type": "gain", "params": {"gain": 0.5}},
    ...     ],
    ...     "connections": [
    ...         {"from": "a", "to": "half"}, {"from": "half", "to": "destination"},
    ...     ],
    ... })
    >>> ctx.render().tolist()
    [[0.5], [0.5], [0.5], [0.5]]
    """
    if not isinstance(desc, Mapping):
        raise ArgumentTypeError(f"desc is {shown(desc)}; it must be a dict")
    entry = Entry("desc", desc)
    if desc.get("format") != FORMAT:
        raise ArgumentError(f"format is {shown(desc.get('format'))}; it must be {FORMAT!r}")
    with at("desc"):
        ctx = OfflineAudioContext(
            entry.whole("channels"),
            entry.whole("length"),
            entry.get("sample_rate"),
            quantum=entry.whole("quantum", 128) if quantum is None else quantum,
        )
    script = Script(ctx.captures)
    _Loader(entry, None if signals is None else Path(signals), ctx._core, script)
    later: dict[int, list[Op]] = {}
    for action in entry.entries("actions", "frame ops"):
        ops = _ops(script, action.entries("ops"))
        later.setdefault(action.whole("frame"), []).extend(ops)
    script.more = {key: value for key, value in entry.all().items() if key not in _READ}
    ctx._follow(script, later, _ops(script, entry.entries("final")))
    return ctx
