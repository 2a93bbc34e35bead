# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which vector instructions there are, and which the library takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check
from pastream_ng.enums import KernelLevel
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "SimdCapabilities",
    "detect_simd",
    "kernel_level",
    "kernel_levels",
    "use_kernel_level",
]

# From the fastest to the slowest, as they are asked for.
_BEST_FIRST = ("avx512", "avx2", "sse42", "sve", "neon")
_NAMES = {
    "sse42": "SSE4.2",
    "avx2": "AVX2",
    "avx512": "AVX-512",
    "fma": "FMA",
    "neon": "NEON",
    "sve": "SVE",
}


@dataclass(frozen=True, repr=False)
class SimdCapabilities:
    """The vector instructions that the processor has and the operating system lets programs use.

    ``avx512`` stands for the sets F, BW, DQ and VL together. ``fma`` is told for completeness: the
    library does not multiply and add with one rounding, since results would differ from those of
    machines without it.
    """

    sse42: bool = False
    avx2: bool = False
    avx512: bool = False
    fma: bool = False
    neon: bool = False
    sve: bool = False

    def has_simd(self) -> bool:
        """Tell whether there are vector instructions at all; ``fma`` does not count."""
        return any(getattr(self, name) for name in _BEST_FIRST)

    def best_level(self) -> str:
        """Return the name of the best of them, or ``"Scalar"``.

        Returns
        -------
        str
            The first that is there of ``"AVX-512"``, ``"AVX2"``, ``"SSE4.2"``, ``"SVE"``,
            ``"NEON"``; else ``"Scalar"``.
        """
        return next((_NAMES[name] for name in _BEST_FIRST if getattr(self, name)), "Scalar")

    def __repr__(self) -> str:
        found = [text for name, text in _NAMES.items() if getattr(self, name)]
        return f"SimdCapabilities({', '.join(found) or 'Scalar only'})"


def detect_simd() -> SimdCapabilities:
    """Return which vector instructions this machine has.

    Returns
    -------
    SimdCapabilities

    Examples
    --------
    >>> import pastream_ng as ps
    >>> caps = ps.detect_simd()
    >>> caps.best_level() in ("AVX-512", "AVX2", "SSE4.2", "SVE", "NEON", "Scalar")
    True
    """
    found = ffi.new("pst_simd *")
    lib.pst_simd_detect(found)
    return SimdCapabilities(**{name: bool(getattr(found, name)) for name in _NAMES})


def _name(level: int) -> str:
    return str(ffi.string(lib.pst_kernel_level_name(level)).decode())


def kernel_levels() -> tuple[str, ...]:
    """Return the kinds of code that the inner loops can be taken from on this machine.

    Returns
    -------
    tuple of str
        From ``"Scalar"``, which is always there, to the best one.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.kernel_levels()[0]
    'Scalar'
    """
    bits = lib.pst_kernel_levels()
    return tuple(_name(level) for level in KernelLevel if bits >> level & 1)


def kernel_level() -> str:
    """Return the kind of code that converts, mixes and filters now.

    It is chosen once by what the processor can do, unless `use_kernel_level` says otherwise.

    Returns
    -------
    str
        One of `kernel_levels`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.kernel_level() in ps.kernel_levels()
    True
    """
    return _name(lib.pst_kernel_level_now())


def use_kernel_level(level: str | None = None) -> None:
    """Choose the kind of code that converts, mixes and filters from now on, in the whole process.

    All of them compute the same, to the last bit: this is for those who want to see that, or how
    much time it makes. It may be called while streams run.

    Parameters
    ----------
    level : str, optional
        One of `kernel_levels`; None: the best.

    Raises
    ------
    ArgumentError
        This machine, or this build of the library, does not have the level.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.use_kernel_level("Scalar")
    >>> ps.kernel_level()
    'Scalar'
    >>> ps.use_kernel_level()  # The best one again.
    """
    check(lib.pst_kernel_use(_number(level)))


def _number(level: Any) -> int:
    bits = lib.pst_kernel_levels()
    numbers = {_name(number).lower(): number for number in KernelLevel if bits >> number & 1}
    if level is None:
        return max(numbers.values())
    number = numbers.get(level.lower()) if isinstance(level, str) else None
    if number is None:
        error = ArgumentError if isinstance(level, str) else ArgumentTypeError
        names = ", ".join(f'"{name}"' for name in kernel_levels())
        raise error(f"level is {shown(level)}; on this machine it must be None or one of {names}")
    return number
