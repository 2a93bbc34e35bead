# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From C status codes to exceptions, where no device has a part in it."""

from __future__ import annotations

from typing import Any

from pastream_ng._native.errors import check as check_native
from pastream_ng._native.errors import error_for
from pastream_ng.enums import Status
from pastream_ng.errors import UnsupportedOptionError

__all__ = ["check"]


def check(status: int, err: Any = None) -> int:
    """Return a status of success; raise the exception of any other."""
    if status == Status.UNSUPPORTED:
        raise UnsupportedOptionError(str(error_for(status, err)))
    return check_native(status, err)
