# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Attributes and channel rules on their way to C."""

from __future__ import annotations

from typing import Any

from pastream_ng._checks import flag, integer, shown
from pastream_ng._native import ffi
from pastream_ng.enums import AttributeKind, ChannelMixing, CountMode
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.kinds import AttributeInfo, KindInfo
from pastream_ng.graph.params import number, numbers

__all__ = ["RULES", "member", "settings"]

# Names of the channel rules: their field, and what names their values.
RULES: dict[str, tuple[str, Any]] = {
    "channel_count": ("count", None),
    "channel_count_mode": ("mode", CountMode),
    "channel_interpretation": ("mixing", ChannelMixing),
}


# Attributes that are objects: the field of theirs, and what users give.
_OBJECTS = {
    AttributeKind.SOUND: ("sound", "an AudioBuffer"),
    AttributeKind.WAVE: ("wave", "a PeriodicWave"),
    AttributeKind.RING: ("ring", "a ring"),
}


def member(name: str, enum: Any, value: Any) -> int:
    """Return the member of an enumeration that a word names."""
    names = [one.name.lower().replace("_", "-") for one in enum]
    text = str(value).lower().replace("_", "-")
    if text not in names:
        raise ArgumentError(f"{name} is {shown(value)}; it must be one of {', '.join(names)}")
    return int(list(enum)[names.index(text)])


def _number(info: AttributeInfo, value: Any) -> float:
    """Return the number of an attribute of one."""
    name = info.name
    if info.kind == AttributeKind.BOOL:
        return float(flag(name, value))
    if info.kind == AttributeKind.INTEGER:
        return float(integer(name, value, int(info.minimum), int(info.maximum)))
    return number(name, value)


def _fill(setting: Any, info: AttributeInfo, value: Any, keep: list[Any]) -> None:
    kind, name = info.kind, info.name
    if kind == AttributeKind.CHOICE:
        if value not in info.choices:
            names = ", ".join(info.choices)
            raise ArgumentError(f"{name} is {shown(value)}; it must be one of {names}")
        setting.number = info.choices.index(value)
    elif kind == AttributeKind.NUMBERS:
        if value is not None:
            row = numbers(name, value)
            keep.append(ffi.new("double[]", row))
            setting.numbers = keep[-1]
            setting.n_numbers = len(row)
    elif kind in _OBJECTS:
        field, wanted = _OBJECTS[kind]
        pointer = ffi.NULL if value is None else getattr(value, "pointer", None)
        try:
            setattr(setting, field, pointer)
        except TypeError:  # Of something else, or nothing.
            raise ArgumentTypeError(
                f"{name} is {shown(value)} of type {type(value).__name__}; it must be {wanted}, "
                "or None"
            ) from None
    else:
        setting.number = _number(info, value)


def settings(kind: KindInfo, options: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Return a ``pst_setting[]``, and what must live as long."""
    rows = ffi.new("pst_setting[]", max(1, len(options)))
    keep: list[Any] = []
    for setting, (name, value) in zip(rows, options.items(), strict=False):
        info = kind.attributes.get(name)
        if info is None:
            names = ", ".join(kind.attributes) or "none"
            raise ArgumentError(f"nodes of kind {kind.name} have no {shown(name)}, but {names}")
        text = ffi.new("char[]", name.encode())
        keep.append(text)
        setting.name = text
        _fill(setting, info, value, keep)
    return rows, keep
