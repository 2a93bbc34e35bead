# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a codec makes of sound or bytes, in loops."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pastream_ng.errors import ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

__all__ = ["IncompleteChunkWarning", "Pieces", "source_of", "warn_incomplete"]

T = TypeVar("T")


class IncompleteChunkWarning(UserWarning):
    """There is not enough for a whole chunk yet: `None` was returned.

    ``force=True`` gives what there is and, called on, all that the codec holds. `Encoder.encode`
    and `Decoder.decode` give what is complete without a warning.
    """


def warn_incomplete(noun: str, samples: int, chunk: int | None, depth: int) -> None:
    """Warn the user, whose call is so deep."""
    of = "" if chunk is None else f" of {chunk}"
    warnings.warn(
        f"the {noun} has {samples}{of} samples, not a whole chunk; force=True gives them",
        IncompleteChunkWarning,
        stacklevel=depth,
    )


class Pieces(Generic[T]):
    """What comes of input, piece by piece: for ``for``, and for ``async for``.

    Parameters
    ----------
    put : callable
        Takes one item of the input.
    take : callable
        Gives the next piece, None if there is none.
    source : iterator, async iterator or None
        Of items that are put in as the loop asks for more; None: all is in already.
    """

    def __init__(
        self, put: Callable[[Any], None], take: Callable[[], T | None], source: Any
    ) -> None:
        self._put = put
        self._take = take
        self._later = source if hasattr(source, "__anext__") else None
        self._source = None if self._later is not None else source

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._later is not None:
            raise ArgumentTypeError("what is put in comes from an async iterable; use 'async for'")
        while (piece := self._take()) is None:
            if self._source is None:
                raise StopIteration
            try:
                item = next(self._source)
            except StopIteration:
                self._source = None
                raise
            self._put(item)
        return piece

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        if self._later is None:
            try:
                return next(self)
            except StopIteration:
                raise StopAsyncIteration from None
        while (piece := self._take()) is None:
            self._put(await self._later.__anext__())
        return piece


def source_of(data: Any) -> Any:
    """Return an iterator, async iterator, over something that is iterable."""
    return data.__aiter__() if hasattr(data, "__aiter__") else iter(data)
