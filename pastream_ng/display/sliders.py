# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Params of nodes as sliders in a notebook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.display.sounds import needed
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.nodes import AudioNode
from pastream_ng.graph.params import AudioParam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["sliders"]

#: What a slider reaches where the param itself has hardly any limits.
_RANGES = {
    "detune": (-1200.0, 1200.0),
    "delay_time": (0.0, 1.0),
    "frequency": (20.0, 20000.0),
    "gain": (0.0, 2.0),
    "playback_rate": (0.25, 4.0),
    "q": (0.0, 30.0),
}
_WIDE = 1e4
_STEPS = 500


def _range_of(param: AudioParam, given: tuple[float, float] | None) -> tuple[float, float]:
    least, most = param.min_value, param.max_value
    if given is not None:
        low, high = (float(end) for end in given)
        if not least <= low < high <= most:
            raise ArgumentError(
                f"the range of {param.name} is {shown(given)}; it must rise, from {least:g} to "
                f"{most:g} at most"
            )
        return low, high
    if most - least <= _WIDE and param.name not in _RANGES:
        return least, most
    value = param.value
    around = _RANGES.get(param.name, (min(0.0, 2 * value), max(1.0, 2 * value)))
    low, high = max(least, min(around[0], value)), min(most, max(around[1], value))
    return (low, high) if low < high else (least, most)


def _slider(param: AudioParam, name: str, given: tuple[float, float] | None) -> Any:
    widgets = needed("ipywidgets", "notebook")
    low, high = _range_of(param, given)
    options: dict[str, Any] = {"description": name, "value": param.value, "continuous_update": True}
    options["style"] = {"description_width": "initial"}
    if param.name == "frequency" and low > 0:
        ends = math.log10(low), math.log10(high)
        slider = widgets.FloatLogSlider(
            base=10, min=ends[0], max=ends[1], step=(ends[1] - ends[0]) / _STEPS, **options
        )
    else:
        slider = widgets.FloatSlider(min=low, max=high, step=(high - low) / _STEPS, **options)

    def follow(change: Mapping[str, Any]) -> None:
        param.value = min(max(change["new"], param.min_value), param.max_value)

    slider.observe(follow, names="value")
    return slider


def _params_of(whats: Iterable[AudioParam | AudioNode]) -> list[tuple[str, AudioParam]]:
    found: list[tuple[str, AudioParam]] = []
    for what in whats:
        if isinstance(what, AudioParam):
            found.append((what.name, what))
        elif isinstance(what, AudioNode):
            kind = type(what).__name__.removesuffix("Node")
            found += [(f"{kind} {param.name}", param) for param in what.params.values()]
        else:
            raise ArgumentTypeError(
                f"{shown(what)} is of type {type(what).__name__}; it must be a param or a node"
            )
    return found


def sliders(
    *whats: AudioParam | AudioNode, ranges: Mapping[str, tuple[float, float]] | None = None
) -> Any:
    """Return sliders for a notebook, which set params while the sound plays.

    Parameters
    ----------
    *whats : AudioParam or AudioNode
        Params, or nodes with all their params.
    ranges : dict of str to (float, float), optional
        The least and the largest value of params by name; else what is usual. Frequencies go by
        octaves.

    Returns
    -------
    ipywidgets.VBox
        One slider for each param.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A range is beyond the limits of its param, or belongs to none; something is no param.
    ImportError
        ipywidgets is not installed.
    """
    params = _params_of(whats)
    given = dict(ranges or {})
    unknown = [name for name in given if name not in {param.name for _, param in params}]
    if unknown:
        raise ArgumentError(f"ranges has {shown(unknown[0])}, which is none of the params")
    made = [_slider(param, name, given.get(param.name)) for name, param in params]
    return needed("ipywidgets", "notebook").VBox(made)
