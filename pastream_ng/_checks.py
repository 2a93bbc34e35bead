# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Argument checks whose messages name the argument, the value and what would be right."""

from __future__ import annotations

import math
import operator
from enum import IntEnum
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "choice",
    "flag",
    "integer",
    "nanoseconds",
    "pair",
    "real",
    "seconds",
    "shown",
    "shown_file",
    "whole",
]

E = TypeVar("E", bound=IntEnum)


def shown(value: object) -> str:
    """Return a value for a message, cut where it would bury the sentence."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def shown_file(value: object) -> str:
    """Return what a file was opened by for a message: of a long path the end, which tells most."""
    text = repr(value)
    return text if len(text) <= 100 else text[:2] + "..." + text[-90:]


def integer(name: str, value: Any, minimum: int, maximum: int = 2**62, unit: str = "") -> int:
    """Return `value` as an int within limits; bools and floats are not integers here."""
    if type(value) is int and minimum <= value <= maximum:
        return value
    wanted = f"an int of {unit}" if unit else "an int"
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        raise ArgumentTypeError(f"{name} is {shown(value)}; it must be {wanted}, not a bool")
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be {wanted}"
        ) from None
    if not minimum <= number <= maximum:
        # Beyond 2**62 hardly anybody gets by mistake.
        is_open = maximum >= 2**62 and number < minimum
        limits = f"at least {minimum}" if is_open else f"from {minimum} to {maximum}"
        raise ArgumentError(f"{name} is {shown(number)}; it must be {limits} {unit}".rstrip())
    return number


def whole(value: Any) -> Any:
    """Return 96e3 as an integer, and all else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def real(name: str, value: Any, minimum: float, maximum: float, unit: str) -> float:
    """Return `value` as a finite float within limits."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be "
            + (f"a number of {unit}" if unit.isalpha() else f"a number {unit}")
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not minimum <= number <= maximum:  # NaN fails this too.
        raise ArgumentError(
            f"{name} is {shown(value)}; it must be from {minimum:g} to {maximum:g} {unit}"
        )
    return number


def seconds(name: str, value: Any) -> float | None:
    """Return a time limit in seconds; None and infinity mean that there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; "
            "it must be a number of seconds, or None to wait for ever"
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if operator.gt(value, 0) else -math.inf
    if not number >= 0:
        raise ArgumentError(
            f"{name} is {shown(value)}; it must be 0 seconds or more, or None to wait for ever"
        )
    # Beyond a century the clock's nanoseconds would not fit.
    return None if number > 3e9 else number


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool; 0 and 1 are allowed, what merely counts as true is not."""
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise ArgumentTypeError(f"{name} is {shown(value)}; it must be True or False")


def nanoseconds(name: str, value: Any, minimum: float = 0.0, maximum: float = 86400.0) -> int:
    """Return seconds as nanoseconds."""
    return round(real(name, value, minimum, maximum, "seconds") * 1e9)


def choice(name: str, value: Any, kind: type[E]) -> E:
    """Return the member of an enumeration that `value` is or names."""
    if isinstance(value, kind):
        return value
    if isinstance(value, str):
        member = kind.__members__.get(value.upper().replace("-", "_"))
        if member is not None:
            return member
    names = ", ".join(f'"{member.lower().replace("_", "-")}"' for member in kind.__members__)
    error = ArgumentError if isinstance(value, str) else ArgumentTypeError
    raise error(f"{name} is {shown(value)}; it must be one of {names}")


def pair(name: str, value: Any) -> tuple[Any, Any]:
    """Split an argument that may differ between the sides: (input, output) or one for both."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ArgumentError(
                f"{name} is {shown(value)}; as a sequence it must have two items, (input, output)"
            )
        return value[0], value[1]
    return value, value
