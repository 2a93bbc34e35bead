# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recursive filters of any order as sections of second order, which is how C computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pastream_ng._native.arrays import Array

__all__ = ["checked_sections", "sections_of"]

MOST_SECTIONS = 256

# By how much a pole may lie outside of the unit circle: rounding moves it there.
_EDGE = 1e-6


def sections_of(b: Sequence[float], a: Sequence[float]) -> Array:
    """Return the sections of a filter that is given by numerator and denominator.

    Parameters
    ----------
    b, a : sequence of float
        The coefficients of z^0, z^-1 and so on, finite; a[0] is not 0.

    Returns
    -------
    numpy.ndarray
        (sections, 6), float64: b0, b1, b2, a0, a1, a2 of each, as in `scipy.signal.sosfilt`.

    Raises
    ------
    ArgumentError
        The filter gets louder for ever, or its numbers are too far apart for float64.
    """
    with np.errstate(all="ignore"):
        zeros = np.trim_zeros(np.array(b, "float64") / a[0], "b")
        poles = np.trim_zeros(np.array(a, "float64") / a[0], "b")
    if not (np.isfinite(zeros).all() and np.isfinite(poles).all()):
        raise ArgumentError(f"a begins with {a[0]:g}; the other numbers must be divided by it")
    _check_poles(poles, "a")
    if zeros.size <= 3 and poles.size <= 3:
        return _rows([_padded(zeros)], [_padded(poles)])
    n_delays = int(np.argmax(zeros != 0)) if zeros.size else 0
    gain = zeros[n_delays] if zeros.size else 0.0
    numerators = _quadratics(np.roots(zeros[n_delays:]), n_delays)
    denominators = _quadratics(np.roots(poles), 0)
    return _paired(numerators, denominators, gain)


def checked_sections(sos: Any) -> Array:
    """Return sections that were given as such.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        No array (sections, 6) of finite numbers, too many of them, a0 is 0, or the filter gets
        louder for ever.
    """
    try:
        array = np.array(sos, "float64")
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"sos is {shown(sos)}; it must be an array of numbers") from None
    if array.ndim != 2 or array.shape[1] != 6 or not 1 <= len(array) <= MOST_SECTIONS:
        raise ArgumentError(
            f"sos has shape {array.shape}; it must be (sections, 6), with 1 to {MOST_SECTIONS}"
        )
    if not np.isfinite(array).all():
        raise ArgumentError("sos has numbers in it that are not finite")
    for index, row in enumerate(array):
        if row[3] == 0:
            raise ArgumentError(f"sos[{index}] has an a0 of 0; it must not be 0")
        with np.errstate(all="ignore"):
            divided = row / row[3]
        if not np.isfinite(divided).all():
            raise ArgumentError(
                f"sos[{index}] has an a0 of {row[3]:g}; the others must be divided by it"
            )
        _check_poles(divided[3:], f"sos[{index}]")
    return array


def _check_poles(a: Array, name: str) -> None:
    farthest = max((abs(pole) for pole in np.roots(a)), default=0.0)
    if farthest > 1 + _EDGE:
        raise ArgumentError(
            f"{name} has a root at a distance of {farthest:.9g} from 0; it must be at most 1, or "
            "the filter gets louder for ever"
        )


def _padded(polynomial: Array) -> Array:
    return np.concatenate([polynomial, np.zeros(3 - polynomial.size)])


def _quadratics(roots: Array, n_delays: int) -> list[Array]:
    """Return factors of second order in z^-1 that have these roots, and delay so much."""
    upper = roots[roots.imag > 0]
    made = [np.array([1.0, -2.0 * root.real, abs(root) ** 2]) for root in upper]
    # Alike ones come together: neighbours in this order.
    real = sorted(roots[roots.imag == 0].real, key=lambda root: (root < 0, abs(root)))
    single = [np.array([1.0, -root]) for root in real] + [np.array([0.0, 1.0])] * n_delays
    for first, second in zip(single[::2], single[1::2], strict=False):
        made.append(np.convolve(first, second))
    if len(single) % 2:
        made.append(_padded(single[-1]))
    return made


def _largest_root(quadratic: Array) -> Any:
    roots = np.roots(quadratic)
    return max(roots, key=abs) if roots.size else 0j


def _paired(numerators: list[Array], denominators: list[Array], gain: float) -> Array:
    """Return sections in which zeros lie near poles; the sharpest ones come last."""
    n_sections = max(len(numerators), len(denominators))
    one = np.array([1.0, 0.0, 0.0])
    numerators += [one] * (n_sections - len(numerators))
    denominators += [one] * (n_sections - len(denominators))
    denominators.sort(key=lambda quadratic: abs(_largest_root(quadratic)))
    ordered: list[Array] = []
    for denominator in reversed(denominators):
        pole = _largest_root(denominator)
        best = min(range(len(numerators)), key=lambda i: abs(_largest_root(numerators[i]) - pole))
        ordered.insert(0, numerators.pop(best))
    ordered[0] = ordered[0] * gain
    return _rows(ordered, denominators)


def _rows(numerators: list[Array], denominators: list[Array]) -> Array:
    return np.ascontiguousarray(np.hstack([np.array(numerators), np.array(denominators)]))
