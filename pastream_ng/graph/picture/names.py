# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Names of nodes, where somebody has to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pastream_ng.graph.core import CoreNode

__all__ = ["names_of"]


def names_of(nodes: list[CoreNode], known: Mapping[int, str]) -> dict[int, str]:
    """Return a name for each node by its id: the known one, else its kind and a number."""
    names = {node.id: known[node.id] for node in nodes if node.id in known}
    taken, counts = set(names.values()), dict[str, int]()
    for node in nodes:
        while node.id not in names:
            kind = node.kind.name
            if node.kind.is_single and kind not in taken:
                name = kind
            else:
                counts[kind] = counts.get(kind, 0) + 1
                name = f"{kind}_{counts[kind]}"
            if name not in taken:
                names[node.id] = name
                taken.add(name)
    return names
