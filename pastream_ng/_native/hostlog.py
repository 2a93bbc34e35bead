# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What host APIs print, as log records: nothing reaches the terminal behind the user's back."""

from __future__ import annotations

from typing import Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.text import decode

__all__ = ["LOGGER", "drain", "warn"]

#: The logger of host API chatter.
LOGGER = "pastream_ng.host"

_LINE_BYTES = 1024
# A host in an error loop must not keep its caller here.
_MOST_LINES = 200


def drain(system: Any) -> None:
    """Hand the lines that host APIs have printed to the logger ``pastream_ng.host``."""
    line = ffi.new("char[]", _LINE_BYTES)
    for _ in range(_MOST_LINES):
        if not lib.pst_system_pop_log(system, line, _LINE_BYTES):
            return
        _logger(LOGGER).info("%s", decode(line))


def warn(message: str, *values: object) -> None:
    """Log a warning of the library's own."""
    _logger("pastream_ng").warning(message, *values)


def _logger(name: str) -> Any:
    # Imported when there is something to say: most programs never pay for it.
    import logging

    return logging.getLogger(name)
