# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Functions that are called once sources have ended."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.graph.core import CoreNode

__all__ = ["Ended"]


class Ended:
    """Who wants to know that which source has ended.

    It has the handles of nodes, not their faces: those lead to the context, which has this.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[int, tuple[CoreNode, Callable[[], object]]] = {}

    def get(self, node: CoreNode) -> Callable[[], object] | None:
        """Return what is to be called, if it was not yet."""
        found = self._waiting.get(node.id)
        return found and found[1]

    def set(self, node: CoreNode, function: Callable[[], object] | None) -> None:
        """Have a function called when a node ends, in place of another."""
        with self._lock:
            if function is None:
                self._waiting.pop(node.id, None)
            else:
                self._waiting[node.id] = node, function

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._waiting.clear()

    def deliver(self) -> None:
        """Call the functions of nodes that have ended, in the order of asking."""
        while self._waiting:
            with self._lock:
                done = [key for key, (node, _) in self._waiting.items() if node.has_ended]
                functions = [self._waiting.pop(key)[1] for key in done[:1]]
            if not functions:
                return
            functions[0]()
