# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From C status codes to exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pastream_ng import errors
from pastream_ng._native import ffi, lib
from pastream_ng._native.text import decode
from pastream_ng.enums import Status

__all__ = ["CLASSES", "check", "error_for", "new_error"]

#: The exception class of every status that is a failure.
CLASSES: dict[Status, type[errors.PastreamError]] = {
    Status.NO_MEMORY: errors.OutOfMemoryError,
    Status.BAD_ARGUMENT: errors.ArgumentError,
    Status.BAD_STATE: errors.StateError,
    Status.CLOSED: errors.ClosedError,
    Status.TIMEOUT: errors.PastreamTimeoutError,
    Status.NO_DEVICE: errors.DeviceNotFoundError,
    Status.DEVICE_BUSY: errors.DeviceBusyError,
    Status.DEVICE_LOST: errors.DeviceLostError,
    Status.UNSUPPORTED: errors.UnsupportedSettingsError,
    Status.OVERFLOW: errors.BufferFull,
    Status.UNDERFLOW: errors.BufferEmpty,
    Status.HOST_ERROR: errors.HostError,
    Status.SYSTEM_ERROR: errors.SystemCallError,
    Status.FORKED: errors.ForkedError,
    Status.LIMIT: errors.LimitError,
    Status.BAD_FILE: errors.FileFormatError,
}

# Classes whose second argument is not just text.
_MAKERS: dict[Status, Callable[[str, int], errors.PastreamError]] = {
    Status.HOST_ERROR: errors.HostError,
    Status.SYSTEM_ERROR: lambda text, code: errors.SystemCallError(code, text),
}


def new_error() -> Any:
    """Return a fresh ``pst_error *`` for a C call to fill."""
    return ffi.new("pst_error *")


def error_for(
    status: int, err: Any = None, text: str = "", origin: str = ""
) -> errors.PastreamError:
    """Return the exception for a status, with the text of `err`, else `text`, else the table's.

    `origin` stands before the text, if it is given: where the error comes from.
    """
    known = Status(status)
    told = decode(err.text) if err is not None and err.status == status else ""
    message = told or text or f"{decode(lib.pst_strerror(status))}."
    if origin:
        message = f"{origin}: {message}"
    code = err.native_code if told else 0
    maker = _MAKERS.get(known)
    return maker(message, code) if maker else CLASSES[known](message)


def check(status: int, err: Any = None, text: str = "") -> int:
    """Return a status of success; raise the exception of any other."""
    if status < 0:
        raise error_for(status, err, text)
    return status
