# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How the branches of a fork become one again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pastream_ng._checks import real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "ReduceConcat",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProduct",
    "ReduceSum",
    "ReduceXor",
    "Reducer",
]

_MOST = 1e12


class Reducer:
    """The base of the reducers of `make_async_fork_join_node`.

    Attributes
    ----------
    weight : tuple of float or None
        A factor for each branch; None: each counts once.
    """

    #: The reducer's name in C: PST_REDUCE_...
    _code = ""
    #: What the branches must give; "" for both kinds.
    _kind = "pcm"

    def __init__(self) -> None:
        self.weight: tuple[float, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.weight))

    def __repr__(self) -> str:
        inside = "" if self.weight is None else f"weight={list(self.weight)}"
        return f"{type(self).__name__}({inside})"


def _weights(value: Any) -> tuple[float, ...] | None:
    """Return the weights, which are checked against the number of branches later."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArgumentTypeError(
            f"weight is {shown(value)}; it must be a sequence of numbers, one for each branch, "
            "or None"
        )
    found = tuple(real("weight", item, -_MOST, _MOST, "times") for item in value)
    if not found:
        raise ArgumentError("weight is empty; it must have one number for each branch")
    return found


class ReduceSum(Reducer):
    """The sum of the branches, sample by sample.

    Integers are summed as fractions of full scale and held there; floats may go beyond.

    Parameters
    ----------
    weight : sequence of float, optional
        A factor for each branch; None: 1 for all.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.ReduceSum([0.5, 0.5])
    ReduceSum(weight=[0.5, 0.5])
    """

    _code = "SUM"

    def __init__(self, weight: Iterable[float] | None = None) -> None:
        super().__init__()
        self.weight = _weights(weight)


class ReduceProduct(Reducer):
    """The product of the branches, sample by sample; see `ReduceSum`.

    Parameters
    ----------
    weight : sequence of float, optional
        A factor for each branch; None: 1 for all.
    """

    _code = "PRODUCT"

    def __init__(self, weight: Iterable[float] | None = None) -> None:
        super().__init__()
        self.weight = _weights(weight)


class ReduceMean(Reducer):
    """The mean of the branches, sample by sample."""

    _code = "MEAN"


class ReduceMax(Reducer):
    """The largest sample of all branches."""

    _code = "MAX"


class ReduceMin(Reducer):
    """The smallest sample of all branches."""

    _code = "MIN"


class ReduceConcat(Reducer):
    """The branches one after another: sound in time, or the bytes of packets."""

    _code = "CONCAT"
    _kind = ""


class ReduceXor(Reducer):
    """The exclusive or of the bytes of packets, which must be of equal length."""

    _code = "XOR"
    _kind = "packet"
