# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is collected while the parts of a chain are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pastream_ng.pipelines.ends import End
    from pastream_ng.pipelines.parts import Failure, Part

__all__ = ["Build"]


class Build:
    """The Python parts of what is being made, by the place of the node that they belong to.

    Attributes
    ----------
    place : int
        Of the node that is being made: 0 is the source, 1 the first node; the sink is last.
    parts : dict of int to list of Failure
    ends : list of End
        What has to be told when the chain is over.
    kept : list
        What has to live as long as the chain.
    """

    def __init__(self) -> None:
        self.place = 0
        self.parts: dict[int, list[Failure]] = {}
        self.ends: list[End] = []
        self.kept: list[Any] = []

    def add(self, part: Part) -> Any:
        """Return the C object of a part, and remember it."""
        failure = part.watched()
        made = part.make()  # type: ignore[attr-defined]
        self.parts.setdefault(self.place, []).append(failure)
        return made
