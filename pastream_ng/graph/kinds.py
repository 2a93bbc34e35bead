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
from pastream_ng.enums import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AttributeInfo", "KindInfo", "kinds"]


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
    """One kind of node. Params are known by their places in the table."""

    name: str
    is_source: bool
    params: Mapping[str, int]
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


def _kind(info: Any) -> KindInfo:
    attributes = [_attribute(info.attributes[i]) for i in range(info.n_attributes)]
    params = {decode(info.params[i].name): i for i in range(info.n_params)}
    return KindInfo(
        name=decode(info.name),
        is_source=info.is_source,
        params=MappingProxyType(params),
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
