# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Functions of the user's that are told how far a transcoding has come."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng.transcoding.values import Progress

__all__ = ["AnyCallback", "Callback", "check_callback", "tell", "tell_async"]

Callback: TypeAlias = "Callable[[Progress], object]"
AnyCallback: TypeAlias = "Callable[[Progress], Awaitable[object] | object]"

P = TypeVar("P")

_HINT = "run_async() and transcode_async() await it, run() and transcode() cannot"


def check_callback(callback: Any, *, awaits: bool) -> None:
    """Refuse what cannot be called, and coroutine functions where nobody could await them."""
    if callback is None:
        return
    if not callable(callback):
        raise ArgumentTypeError(
            f"progress_callback is {shown(callback)} of type {type(callback).__name__}; it must be "
            "a function that takes a Progress"
        )
    is_async = inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        type(callback).__call__
    )
    if is_async and not awaits:
        raise ArgumentTypeError(f"progress_callback is {shown(callback)}, a coroutine: {_HINT}")


def tell(callback: Callable[[P], object], progress: P) -> None:
    """Tell how far it is."""
    result = callback(progress)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise ArgumentTypeError(
            f"progress_callback is {shown(callback)}, which gives an awaitable: {_HINT}"
        )


async def tell_async(callback: AnyCallback, progress: Progress) -> None:
    """Tell how far it is, and await what the callback gives, if that can be."""
    result = callback(progress)
    if inspect.isawaitable(result):
        await result
