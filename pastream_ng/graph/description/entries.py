# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Descriptions, entry by entry: errors tell where in the description they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pastream_ng._checks import shown
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    PastreamError,
    StateError,
)

__all__ = ["Entry", "at", "entries_of", "items_of"]

# What a wrong description can lead to; other errors are not its fault.
_FAULTS = (ArgumentError, ArgumentTypeError, StateError)


@contextmanager
def at(place: str) -> Iterator[None]:
    """Let errors tell in which place of the description they are."""
    try:
        yield
    except _FAULTS as error:
        if str(error).startswith(place):
            raise
        kind: type[PastreamError] = type(error)
        raise kind(f"{place}: {error}") from None


class Entry:
    """A dict of a description."""

    def __init__(self, place: str, value: Any, known: str = "") -> None:
        if not isinstance(value, Mapping):
            raise ArgumentTypeError(f"{place} is {shown(value)}; it must be a dict")
        self.place = place
        self._value = value
        names = known.split()
        for key in value:
            if not isinstance(key, str) or (names and key not in names):
                raise ArgumentError(
                    f"{place} has {shown(key)}; it can have {', '.join(names) or 'words'}"
                )

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def get(self, key: str) -> Any:
        """Return what there must be."""
        if key not in self:
            raise ArgumentError(f"{self.place} has no {key}")
        return self._value[key]

    def word(self, key: str) -> str:
        """Return a str that there must be."""
        value = self.get(key)
        if not isinstance(value, str):
            raise ArgumentTypeError(f"{self.place}.{key} is {shown(value)}; it must be a str")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return an int of 0 or more, as which a float without a fraction counts, too."""
        value = default if default is not None and key not in self else self.get(key)
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole or not 0 <= value < 2**53:
            raise ArgumentError(
                f"{self.place}.{key} is {shown(value)}; it must be a whole number, 0 or more"
            )
        return int(value)

    def items(self, key: str) -> list[Any]:
        """Return a list, empty if there is none."""
        return items_of(f"{self.place}.{key}", self._value.get(key))

    def entries(self, key: str, known: str = "") -> list[Entry]:
        """Return a list of dicts."""
        return entries_of(f"{self.place}.{key}", self._value.get(key), known)

    def entry(self, key: str, known: str = "") -> Entry:
        """Return a dict, empty if there is none."""
        return Entry(f"{self.place}.{key}", self._value.get(key) or {}, known)

    def all(self) -> dict[str, Any]:
        """Return all that is in it."""
        return dict(self._value)


def items_of(place: str, value: Any) -> list[Any]:
    """Return a list, empty for None."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ArgumentTypeError(f"{place} is {shown(value)}; it must be a list")
    return list(value)


def entries_of(place: str, value: Any, known: str = "") -> list[Entry]:
    """Return a list of dicts."""
    return [Entry(f"{place}[{i}]", item, known) for i, item in enumerate(items_of(place, value))]
