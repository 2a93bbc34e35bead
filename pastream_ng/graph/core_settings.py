# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Attributes and channel rules on their way to C."""

from __future__ import annotations

from typing import Any

from pastream_ng._checks import shown
from pastream_ng._native import ffi
from pastream_ng.enums import AttributeKind, ChannelMixing, CountMode
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.kinds import AttributeInfo, KindInfo

__all__ = ["RULES", "member", "settings"]

# Names of the channel rules: their field, and what names their values.
RULES: dict[str, tuple[str, Any]] = {
    "channel_count": ("count", None),
    "channel_count_mode": ("mode", CountMode),
    "channel_interpretation": ("mixing", ChannelMixing),
}


def member(name: str, enum: Any, value: Any) -> int:
    """Return the member of an enumeration that a word names."""
    names = [one.name.lower().replace("_", "-") for one in enum]
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
