# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Params that users declare for their functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.enums import ParamRate
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.params import number

__all__ = ["Declared", "declared_params"]

_MOST = float.fromhex("0x1.fffffep127")  # Of float32.

# Each field by the names that it may have: ours, and those of AudioWorklets in snake case.
_NAMES = {
    "name": "name",
    "default": "default",
    "default_value": "default",
    "min": "minimum",
    "min_value": "minimum",
    "max": "maximum",
    "max_value": "maximum",
    "rate": "rate",
    "automation_rate": "rate",
}
_RATES = {"a": ParamRate.A, "a-rate": ParamRate.A, "k": ParamRate.K, "k-rate": ParamRate.K}


class Declared(NamedTuple):
    """A param: what C's table has of it."""

    name: str
    default: float = 0.0
    minimum: float = -_MOST
    maximum: float = _MOST
    rate: ParamRate = ParamRate.A


def _of_mapping(where: str, entry: Mapping[str, Any]) -> Declared:
    fields: dict[str, Any] = {}
    for key, value in entry.items():
        field = _NAMES.get(key)
        if field is None:
            raise ArgumentError(
                f"{where} has {shown(key)}; a param has name, default, min, max and rate"
            )
        if field == "rate":
            if value not in _RATES:
                raise ArgumentError(
                    f"rate of {where} is {shown(value)}; it must be 'a-rate' or 'k-rate'"
                )
            fields[field] = _RATES[value]
        elif field == "name":
            fields[field] = value
        else:
            fields[field] = _limited(f"{key} of {where}", value)
    name = fields.get("name")
    if not isinstance(name, str) or not name or "\0" in name:
        raise ArgumentTypeError(f"name of {where} is {shown(name)}; it must be a text")
    declared = Declared(**fields)
    if not declared.minimum <= declared.default <= declared.maximum:
        raise ArgumentError(
            f"default of {where} is {declared.default:g}; it must be from {declared.minimum:g} to "
            f"{declared.maximum:g}"
        )
    return declared


def _limited(name: str, value: Any) -> float:
    result = number(name, value)
    if abs(result) > _MOST:
        raise ArgumentError(f"{name} is {shown(value)}; it must fit into 32 bits")
    return result


def declared_params(params: Any) -> tuple[Declared, ...]:
    """Return what was declared, checked.

    Parameters
    ----------
    params : mapping or iterable
        Of names to defaults, or to mappings; or mappings that have a name each. None: there are no
        params.
    """
    if params is None:
        return ()
    if isinstance(params, Mapping):
        entries: Iterable[Any] = [
            {"name": name, **(entry if isinstance(entry, Mapping) else {"default": entry})}
            for name, entry in params.items()
        ]
    elif isinstance(params, Iterable) and not isinstance(params, (str, bytes)):
        entries = list(params)
    else:
        raise ArgumentTypeError(
            f"params is {shown(params)}; it must map names to defaults, or be a list of dicts with "
            "name, default, min, max and rate"
        )
    found: dict[str, Declared] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            raise ArgumentTypeError(
                f"params[{index}] is {shown(entry)}; it must be a dict with name, default, min, "
                "max and rate"
            )
        declared = _of_mapping(f"params[{index}]", entry)
        if declared.name in found:
            raise ArgumentError(f"params[{index}] is named {declared.name!r}, as another one is")
        found[declared.name] = declared
    if len(found) > 64:
        raise ArgumentError(f"there are {len(found)} params; there may be 64")
    return tuple(found.values())
