# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks: functions that are called with each block of a stream."""

from __future__ import annotations

from pastream_ng.callbacks.compiled import CompiledCallback, get_include
from pastream_ng.callbacks.values import (
    CallbackAbort,
    CallbackFlags,
    CallbackStop,
    CallbackTime,
)

__all__ = [
    "CallbackAbort",
    "CallbackFlags",
    "CallbackStop",
    "CallbackTime",
    "CompiledCallback",
    "get_include",
]
