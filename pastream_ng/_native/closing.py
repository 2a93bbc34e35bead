# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is closed by ``with``, and what there is only one of."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

__all__ = ["Closing", "Unique"]

C = TypeVar("C", bound="Closing")


class Unique:
    """Something that holds what only one object can have: it cannot be pickled or copied."""

    def __getstate__(self) -> object:
        name = type(self).__name__
        article = "an" if name[0] in "AEIOU" else "a"
        raise TypeError(f"{article} {name} cannot be pickled or copied")


class Closing(Unique):
    """Something that ``with`` closes at the end of its block, whatever has happened in it."""

    def _use(self) -> object:
        """Raise if it cannot be used: it is closed, or belongs to another process."""

    def close(self) -> None:
        """Close; closing again does nothing."""

    def __enter__(self: C) -> C:
        self._use()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
