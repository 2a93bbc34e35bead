# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What stands at the far end of a stream's ring for a run: where frames come from, or go to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pastream_ng._native.ring import NativeRing
    from pastream_ng.rings import RingBuffer
    from pastream_ng.streams.base import StreamBase

__all__ = ["Endpoint", "FunctionEnd", "function_end", "only_for_functions", "takes"]

#: What runs on a thread of its own: it gets the stream and the ring at its end.
Work = Callable[["StreamBase", "RingBuffer"], object]


class Endpoint:
    """The user's end of one side of a stream; the base of all sources and sinks.

    Objects that have a method ``_as_source(stream, loop, buffersize)`` or
    ``_as_sink(stream, buffersize)`` return one, and so can be given wherever sources and sinks can.

    Attributes
    ----------
    frames : int or None
        How many there are, if that is known.
    function : callable or None
        Run on a thread during each run, with the stream and its ring. A source's ring is ended
        when it returns.
    ring : NativeRing or None
        A ring to play in place of the stream's own.
    face : RingBuffer or None
        What users see of that ring.
    loops : bool
        The ring is over an array that is played again and again.
    prebuffers : bool
        Of sources without function: a start waits until there are frames in the ring.
    """

    frames: int | None = None
    function: Work | None = None
    ring: NativeRing | None = None
    face: RingBuffer | None = None
    loops: bool = False
    prebuffers: bool = False

    def begin(self, stream: StreamBase) -> None:
        """Get ready for a run. Of sources before it, of sinks once frames may come.

        A source that fills the stream's own ring by other means than `function` begins that here,
        and ends the ring after the last frame.
        """

    def end(self, stream: StreamBase) -> None:
        """Finish after a run, when no callback will come any more; what it raises is kept."""


class FunctionEnd(Endpoint):
    """A function at the end of a ring."""

    def __init__(self, function: Work) -> None:
        self.function = function


def takes(function: Callable[..., object], name: str) -> bool:
    """Whether a function takes an argument of this name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # Written in C, and silent about itself.
        return False
    return any(p.name == name or p.kind == p.VAR_KEYWORD for p in parameters)


def function_end(
    name: str,
    function: Callable[..., object],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> FunctionEnd:
    """Return the endpoint of a function, after looking whether it can be called so."""
    positional, keywords = arguments_of(args, kwargs)
    try:
        inspect.signature(function).bind(None, None, *positional, **keywords)
    except TypeError as reason:
        raise ArgumentTypeError(
            f"{name} is {shown(function)}; it must take (stream, ring) and what args and kwargs "
            f"add, but: {reason}"
        ) from None
    except ValueError:  # Written in C, and silent about itself.
        pass
    return FunctionEnd(lambda stream, ring: function(stream, ring, *positional, **keywords))


def arguments_of(args: Any, kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what a function is called with beside the stream and its ring."""
    if not isinstance(args, (tuple, list)):
        raise ArgumentTypeError(f"args is {shown(args)}; it must be a tuple or a list")
    if kwargs is None:
        return tuple(args), {}
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        raise ArgumentTypeError(f"kwargs is {shown(kwargs)}; it must be a dict with names as keys")
    return tuple(args), dict(kwargs)


def only_for_functions(name: str, args: Any, kwargs: Any) -> None:
    """Refuse arguments that nobody would get."""
    if any(arguments_of(args, kwargs)):
        raise ArgumentError(
            f"args and kwargs are {shown(args)} and {shown(kwargs)}; they are for functions, and "
            f"{name} is none"
        )
