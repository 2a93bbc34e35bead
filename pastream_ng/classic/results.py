# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks that return their output and a flag."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import shown
from pastream_ng._native.arrays import frames_of
from pastream_ng.callbacks.function import check_arguments
from pastream_ng.callbacks.values import CallbackAbort, CallbackStop
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.formats import SampleFormat
from pastream_ng.streams.raw import raw_frames

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.callbacks.values import CallbackFlags, CallbackTime

__all__ = ["abort_flag", "adapt", "complete_flag", "continue_flag", "spread"]

#: Returned by a callback of `Stream` to be called again.
continue_flag = 0
#: Returned by a callback of `Stream` to end once everything is played.
complete_flag = 1
#: Returned by a callback of `Stream` to end at once.
abort_flag = 2


def spread(name: str, data: Any, form: SampleFormat, channels: int) -> Any:
    """Return frames as rows: plain memory as an array, one channel on all channels."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        frame_bytes = np.dtype(form.dtype).itemsize * channels
        _, frames = raw_frames(name, data, form.name, frame_bytes)
        return np.frombuffer(data, form.dtype).reshape(frames, channels)
    array = np.asarray(data)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim == 2 and array.shape[1] == 1 and channels > 1:
        array = np.repeat(array, channels, axis=1)
    return array


def adapt(function: Any, direction: Direction, form: SampleFormat | None) -> Callable[..., None]:
    """Return a callback of our streams that calls ``(in_data, frame_count, time_info, status)``."""
    check_arguments(function, "in_data, frame_count, time_info, status")

    def call(
        indata: Array | None,
        outdata: Array | None,
        frames: int,
        time: CallbackTime,
        status: CallbackFlags,
    ) -> None:
        if indata is not None:
            indata.flags.writeable = True  # A copy: it may be changed in place.
        info = {
            "input_adc_time": time.input_adc_time,
            "current_time": time.current_time,
            "output_dac_time": time.output_dac_time,
        }
        data, flag = _result(function(indata, frames, info, status.flags), outdata is not None)
        if outdata is not None:
            assert form is not None
            _fill(outdata, data, flag, form)
        if flag == complete_flag:
            raise CallbackStop
        if flag == abort_flag:
            raise CallbackAbort

    if direction == Direction.INPUT:
        return lambda indata, frames, time, status: call(indata, None, frames, time, status)
    if direction == Direction.OUTPUT:
        return lambda outdata, frames, time, status: call(None, outdata, frames, time, status)
    return call


def _result(result: Any, has_output: bool) -> tuple[Any, int]:
    if isinstance(result, tuple) and len(result) == 2:
        data, flag = result
    elif not has_output and (result is None or isinstance(result, int)):
        data, flag = None, continue_flag if result is None else result
    else:
        raise ArgumentTypeError(
            f"the callback returned {shown(result)}; it must return (out_data, flag)"
        )
    if flag not in (continue_flag, complete_flag, abort_flag):
        raise ArgumentError(
            f"the callback returned the flag {shown(flag)}; it must be continue_flag (0), "
            "complete_flag (1) or abort_flag (2)"
        )
    return data, flag


def _fill(outdata: Array, data: Any, flag: int, form: SampleFormat) -> None:
    frames, channels = outdata.shape
    if data is None:
        if flag == abort_flag:
            return
        raise ArgumentTypeError(
            f"the callback returned no output; it must return {frames} frames, "
            f"numpy.zeros(({frames}, {channels})) for silence"
        )
    block = frames_of("out_data", spread("out_data", data, form, channels), form, channels)
    if len(block) > frames or (len(block) < frames and flag == continue_flag):
        raise ArgumentError(
            f"the callback returned {len(block)} frames; it must be {frames}, or fewer with "
            "complete_flag"
        )
    outdata[: len(block)] = block
