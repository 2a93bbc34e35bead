# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs from descriptions: the format ``audiograph/1``, which is JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.enums import ParamRate
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.captures import CAPTURES
from pastream_ng.graph.core import CoreGraph, CoreNode, CoreParam
from pastream_ng.graph.core_data import Sound, Wave

__all__ = ["LoadedGraph", "graph_from_dict"]

_FORMAT = "audiograph/1"


class LoadedGraph:
    """A graph as it was described, with what is to be done to it while it is rendered."""

    def __init__(
        self, desc: Mapping[str, Any], signals: str | os.PathLike[str] | None, quantum: int
    ) -> None:
        if desc.get("format") != _FORMAT:
            raise ArgumentError(f"format is {shown(desc.get('format'))}; it must be {_FORMAT!r}")
        self.length = int(desc["length"])
        self.captures: dict[str, np.ndarray[Any, Any]] = {}
        self._folder = None if signals is None else Path(signals)
        self._actions = list(desc.get("actions") or [])
        self._final = list(desc.get("final") or [])
        self.core = CoreGraph(desc["sample_rate"], int(desc["channels"]), quantum)
        self._sounds = {
            name: Sound.of(self._planes(entry), entry["sample_rate"])
            for name, entry in (desc.get("buffers") or {}).items()
        }
        self._waves = {
            name: Wave(
                entry["real"],
                entry["imag"],
                normalize=not entry.get("disable_normalization", False),
            )
            for name, entry in (desc.get("waves") or {}).items()
        }
        self.nodes = {"destination": self.core.destination()}
        self._build(desc)

    # ---- Building ------------------------------------------------------------------------------

    def _planes(self, entry: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        channels, frames = int(entry["channels"]), int(entry["frames"])
        if "data" in entry:
            return np.array(entry["data"], dtype=np.float32).reshape(channels, frames)
        if "gen" in entry:
            return _noise(entry["gen"], channels, frames)
        if self._folder is None:
            raise ArgumentError("signals is None; the description names signals that are in files")
        path = self._folder / f"{entry['signal']}.f32"
        data = np.fromfile(path, dtype="<f4", count=channels * frames)
        return data.reshape(channels, frames)

    def _build(self, desc: Mapping[str, Any]) -> None:
        with self.core.batch():
            for entry in desc["nodes"]:
                self._add(entry)
            for entry in desc["nodes"]:
                self._set_params(self.nodes[entry["id"]], entry.get("params") or {})
            for entry in desc.get("connections") or []:
                self._connect(entry)
            for entry in desc["nodes"]:
                for call in entry.get("schedule") or []:
                    self._schedule(entry["id"], call["op"], call["args"])

    def _add(self, entry: Mapping[str, Any]) -> None:
        options = dict(entry.get("options") or {})
        if "buffer" in options:
            options["buffer"] = self._sounds[options["buffer"]]
        if "periodic_wave" in options:
            options["periodic_wave"] = self._waves[options["periodic_wave"]]
            options["type"] = "custom"
        kind = entry["type"]
        if kind in ("destination", "listener"):
            node = self.core.destination() if kind == "destination" else self.core.listener()
            for name, value in options.items():
                node.set(name, value)
        else:
            node = self.core.add(kind, **options)
        self.nodes[entry["id"]] = node

    def _set_params(self, node: CoreNode, params: Mapping[str, Any]) -> None:
        for name, given in params.items():
            param = node.param(name)
            entry = given if isinstance(given, Mapping) else {"value": given}
            if "automation_rate" in entry:
                param.rate = {"a-rate": ParamRate.A, "k-rate": ParamRate.K}[
                    entry["automation_rate"]
                ]
            if "value" in entry:
                param.value = entry["value"]
            for event in entry.get("events") or []:
                param.automate(event["method"], *event["args"])

    def _target(self, entry: Mapping[str, Any]) -> CoreNode | CoreParam:
        node = self.nodes[entry["to"]]
        return node.param(entry["param"]) if entry.get("param") else node

    def _connect(self, entry: Mapping[str, Any]) -> None:
        source = self.nodes[entry["from"]]
        source.connect(self._target(entry), entry.get("output", 0), entry.get("input", 0))

    def _disconnect(self, entry: Mapping[str, Any]) -> None:
        source = self.nodes[entry["from"]]
        source.disconnect(self._target(entry), entry.get("output", 0), entry.get("input", 0))

    def _schedule(self, node: str, op: str, args: list[float]) -> None:
        if op == "start":
            self.nodes[node].start(*args)
        else:
            self.nodes[node].stop(*args)

    # ---- Rendering -----------------------------------------------------------------------------

    def _do(self, op: Mapping[str, Any]) -> None:
        name = op["op"]
        if name == "set_param":
            self.nodes[op["node"]].param(op["param"]).value = op["value"]
        elif name == "event":
            self.nodes[op["node"]].param(op["param"]).automate(op["method"], *op["args"])
        elif name == "connect":
            self._connect(op)
        elif name == "disconnect":
            self._disconnect(op)
        elif name in ("start", "stop"):
            self._schedule(op["node"], name, op["args"])
        elif name == "capture":
            self._capture(op["node"], op["what"], op["name"])
        else:
            raise ArgumentError(f"op is {shown(name)}, which is none")

    def _capture(self, node: str, what: str, name: str) -> None:
        if what not in CAPTURES:
            raise ArgumentError(f"what is {shown(what)}; it must be one of {', '.join(CAPTURES)}")
        self.captures[name] = CAPTURES[what](self.nodes[node])

    def render(self) -> np.ndarray[Any, Any]:
        """Render it, once.

        Returns
        -------
        numpy.ndarray
            ``(frames, channels)`` float32.
        """
        output = np.zeros((self.length, self.core.channels), dtype=np.float32)
        done = 0
        for action in sorted(self._actions, key=lambda action: int(action["frame"])):
            frame = min(int(action["frame"]), self.length)
            self.core.render(output[done:frame])
            done = frame
            with self.core.batch():
                for op in action["ops"]:
                    self._do(op)
        self.core.render(output[done:])
        for op in self._final:
            self._do(op)
        return output


def _noise(gen: Mapping[str, Any], channels: int, frames: int) -> np.ndarray[Any, Any]:
    """Return what a generator describes: linear congruences, perhaps fading."""
    out = np.empty((channels, frames))
    for channel in range(channels):
        state = (int(gen["seed"]) + 7919 * channel) % 2**32
        states = np.empty(frames, dtype=np.uint32)
        for i in range(frames):
            state = (1664525 * state + 1013904223) % 2**32
            states[i] = state
        out[channel] = float(gen["amplitude"]) * (states / 2**31 - 1)
    if "halvings" in gen:
        out *= 2 ** (-float(gen["halvings"]) * np.arange(frames) / frames)
    return out.astype(np.float32)


def graph_from_dict(
    desc: Mapping[str, Any],
    signals: str | os.PathLike[str] | None = None,
    *,
    quantum: int = 128,
) -> LoadedGraph:
    """Build a graph from its description.

    Parameters
    ----------
    desc : dict
        In the format ``audiograph/1``.
    signals : path, optional
        The folder of the signals that the description names: float32 files, channel after channel.
    quantum : int, optional
        How many frames are rendered at once.

    Raises
    ------
    ArgumentError
        The description names something that there is not.
    """
    return LoadedGraph(desc, signals, quantum)
