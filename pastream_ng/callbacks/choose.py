# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a ``callback`` argument is: a Python function, or one in machine code."""

from __future__ import annotations

from typing import Any, TypeAlias

from pastream_ng._checks import shown
from pastream_ng._native import ffi
from pastream_ng.callbacks.compiled import CompiledCallback, compiled_callback
from pastream_ng.callbacks.function import BLOCK_FRAMES, PythonCallback, python_callback
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError

__all__ = ["Callback", "choose_callback", "put_callback"]

Callback: TypeAlias = PythonCallback | CompiledCallback


def choose_callback(
    direction: Direction, function: Any, ahead: Any, userdata: Any
) -> Callback | None:
    """Return what was given as a callback, checked."""
    callback: Callback | None = None
    if function is not None:
        callback = compiled_callback(function, userdata)
        if callback is None:
            callback = python_callback(direction, function, ahead)
    if ahead is not None and not isinstance(callback, PythonCallback):
        raise ArgumentError(
            f"callback_latency is {shown(ahead)}; it needs a callback in Python"
            + (", this one runs on the audio thread itself" if callback else "")
        )
    if userdata is not None and not isinstance(callback, CompiledCallback):
        raise ArgumentError(f"userdata is {shown(userdata)}; it needs a compiled callback")
    return callback


def put_callback(config: Any, callback: Callback | None, wants_rings: bool) -> None:
    """Put a callback into a ``pst_stream_config``."""
    if isinstance(callback, PythonCallback):
        # All blocks are alike then, and the rings can carry whole ones.
        config.block_frames = config.block_frames or BLOCK_FRAMES
    elif callback is not None:
        config.callback = ffi.cast("pst_callback_fn", callback.address)
        config.callback_user = ffi.cast("void *", callback.user_address)
        config.without_input_ring = config.without_output_ring = not wants_rings
