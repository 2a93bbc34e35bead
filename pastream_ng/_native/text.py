# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Text from C."""

from __future__ import annotations

from typing import Any

from pastream_ng._native import ffi, lib

__all__ = ["decode", "version"]


def decode(text: Any) -> str:
    """Return a NUL-terminated C text as a str; bytes that are no UTF-8 are replaced."""
    return str(ffi.string(text).decode("utf-8", "replace"))


def version() -> str:
    """Return the version of the package, which is that of its C library.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.version() == ps.__version__
    True
    """
    return decode(lib.pst_version())
