# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Tables of what kinds of nodes take, for the documentation of classes: from C's own tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pastream_ng.enums import AttributeKind, ChannelFreedom, ParamRate
from pastream_ng.graph.kinds import AttributeInfo, KindInfo, ParamInfo, kinds

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What is beyond it is the range of a float, which means that there is no limit.
_LIMITLESS = 3e38

_FREEDOM = {
    ChannelFreedom.FREE: "",
    ChannelFreedom.AT_MOST_STEREO: "; at most 2 channels, and never by the widest",
    ChannelFreedom.FIXED_COUNT: "; only the interpretation can be changed",
    ChannelFreedom.FIXED: "; fixed",
}


def _number(value: float) -> str:
    return f"{value:.7g}"


def _range(least: float, most: float) -> str:
    low = "" if least < -_LIMITLESS else _number(least)
    high = "" if most > _LIMITLESS else _number(most)
    if not low and not high:
        return "any"
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"


def _words(name: str) -> str:
    return name.lower().replace("_", "-")


def _param(info: ParamInfo) -> list[str]:
    limits = _range(info.minimum, info.maximum)
    if info.is_within_nyquist:
        limits = "0 to half the rate" if info.is_not_negative else "± half the rate"
    rate = "a-rate" if info.rate == ParamRate.A else "k-rate"
    return [
        f"``{info.name}``",
        _number(info.initial),
        limits,
        rate + (" (fixed)" if info.rate_is_fixed else ""),
    ]


def _attribute(info: AttributeInfo) -> list[str]:
    if info.kind == AttributeKind.BOOL:
        initial, values = str(bool(info.initial)), "True, False"
    elif info.kind == AttributeKind.CHOICE:
        initial = f'"{info.choices[int(info.initial)]}"'
        values = ", ".join(f'"{choice}"' for choice in info.choices)
    elif info.kind in (AttributeKind.INTEGER, AttributeKind.NUMBER):
        initial, values = _number(info.initial), _range(info.minimum, info.maximum)
    elif info.kind == AttributeKind.NUMBERS:
        initial = "none"
        values = f"{_range(info.minimum, info.maximum)} numbers"
    else:
        initial, values = "none", "a sound" if info.kind == AttributeKind.SOUND else "a wave"
    fixed = "when the node is made" if info.is_fixed else "at any time"
    return [f"``{info.name}``", initial, values, fixed]


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield ""
    for row in [head, *rows]:
        for place, cell in enumerate(row):
            yield f"   {'* -' if place == 0 else '  -'} {cell}"
    yield ""


def _channels(kind: KindInfo) -> str:
    how = {"max": "as many channels as the widest", "explicit": f"{kind.channel_count} channels"}
    how["clamped-max"] = f"as many as the widest, at most {kind.channel_count} channels"
    mode = how[_words(kind.count_mode.name)].replace("1 channels", "1 channel")
    mixing = _words(kind.mixing.name)
    return f"Inputs are mixed to {mode} (``{mixing}``){_FREEDOM[kind.freedom]}."


def lines_of(kind: KindInfo) -> Iterator[str]:
    """Yield what the reference says about a kind, in reStructuredText."""
    yield ""
    yield f"Kind ``{kind.name}``: {kind.n_inputs} in, {kind.n_outputs} out. " + (
        _channels(kind) if kind.n_inputs else ""
    )
    yield ""
    if kind.params:
        head = ["param", "initially", "range", "rate"]
        yield from _table(head, map(_param, kind.params.values()))
    if kind.attributes:
        head = ["attribute", "initially", "values", "to be set"]
        yield from _table(head, map(_attribute, kind.attributes.values()))


def _append(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "class" and "_kind" in vars(obj) and obj._kind in kinds():
        lines.extend(lines_of(kinds()[obj._kind]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Append the tables behind what napoleon has made of docstrings."""
    app.connect("autodoc-process-docstring", _append, priority=900)
    return {"parallel_read_safe": True}
