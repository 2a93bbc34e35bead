# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What kinds of nodes there are, and what they take: C's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pastream_ng._native import lib
from pastream_ng._native.text import decode
from pastream_ng.enums import AttributeKind, ChannelFreedom, ChannelMixing, CountMode, ParamRate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AttributeInfo", "KindInfo", "ParamInfo", "kind_of", "kinds"]


@dataclass(frozen=True)
class ParamInfo:
    """One param of a kind of node."""

    name: str
    index: int  # In the table.
    initial: float
    minimum: float
    maximum: float
    is_within_nyquist: bool  # Half the rate, of either sign, takes the place of the limits,
    is_not_negative: bool  # or only of one.
    rate: ParamRate
    rate_is_fixed: bool


@dataclass(frozen=True)
class AttributeInfo:
    """One attribute of a kind of node."""

    name: str
    kind: AttributeKind
    initial: float
    minimum: float
    maximum: float
    choices: tuple[str, ...]
    is_fixed: bool


@dataclass(frozen=True)
class KindInfo:
    """One kind of node."""

    name: str
    is_source: bool
    takes_part: bool
    is_single: bool
    n_inputs: int  # Unless an attribute says otherwise, as with ports of splitters.
    n_outputs: int
    channel_count: int
    count_mode: CountMode
    mixing: ChannelMixing
    freedom: ChannelFreedom
    params: Mapping[str, ParamInfo]
    attributes: Mapping[str, AttributeInfo]


def _choices(pointer: Any) -> tuple[str, ...]:
    names: list[str] = []
    while pointer and pointer[len(names)]:
        names.append(decode(pointer[len(names)]))
    return tuple(names)


def _attribute(info: Any) -> AttributeInfo:
    return AttributeInfo(
        name=decode(info.name),
        kind=AttributeKind(info.kind),
        initial=info.initial,
        minimum=info.min,
        maximum=info.max,
        choices=_choices(info.choices),
        is_fixed=info.is_fixed,
    )


def _param(info: Any, index: int) -> ParamInfo:
    return ParamInfo(
        name=decode(info.name),
        index=index,
        initial=info.initial,
        minimum=info.min,
        maximum=info.max,
        is_within_nyquist=info.is_within_nyquist,
        is_not_negative=info.is_not_negative,
        rate=ParamRate(info.rate),
        rate_is_fixed=info.rate_is_fixed,
    )


def _kind(info: Any) -> KindInfo:
    attributes = [_attribute(info.attributes[i]) for i in range(info.n_attributes)]
    params = [_param(info.params[i], i) for i in range(info.n_params)]
    return KindInfo(
        name=decode(info.name),
        is_source=info.is_source,
        takes_part=info.takes_part,
        is_single=info.is_single,
        n_inputs=info.n_inputs,
        n_outputs=info.n_outputs,
        channel_count=info.channel_count,
        count_mode=CountMode(info.count_mode),
        mixing=ChannelMixing(info.mixing),
        freedom=ChannelFreedom(info.freedom),
        params=MappingProxyType({p.name: p for p in params}),
        attributes=MappingProxyType({a.name: a for a in attributes}),
    )


@cache
def kinds() -> Mapping[str, KindInfo]:
    """Return all kinds by name."""
    found: dict[str, KindInfo] = {}
    while info := lib.pst_graph_kind(len(found)):
        kind = _kind(info)
        found[kind.name] = kind
    return MappingProxyType(found)


def kind_of(info: Any) -> KindInfo:
    """Return what a ``pst_kind_info`` tells, also of a kind that one node has for itself."""
    return kinds().get(decode(info.name)) or _kind(info)
