# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that capture and play at once."""

from __future__ import annotations

from typing import Any, Literal

from pastream_ng.enums import Direction, OnLost, Overflow, ResampleQuality, Underflow
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.options import Options
from pastream_ng.streams.output import OutputStream

__all__ = ["DuplexStream"]


class DuplexStream(InputStream, OutputStream):
    """A stream that captures and plays in the same callback, frame by frame in step.

    Parameters
    ----------
    device, channels, dtype, device_dtype, extra_settings, latency, buffersize
        As for `InputStream`; a pair (input, output) where the sides differ.
    samplerate, blocksize, device_samplerate, resample_quality, stall_after, lost_after, \
control_timeout, on_lost, reopen_timeout
        As for `InputStream`; the default rate is that of the input device.
    mapping : pair, optional
        (input, output), each as for `InputStream` and `OutputStream`, or None.
    overflow
        As for `InputStream`.
    underflow, keep_nonfinite
        As for `OutputStream`.
    callback : callable, optional
        ``callback(indata, outdata, frames, time, status)``, as for the other two classes.
    callback_latency : int or float, optional
        As for `OutputStream`: the output begins with that much silence. What the callback gives so
        late that silence was played in its place is left out, so the latency stays what it is.
    userdata : optional
        As for `InputStream`.

    Raises
    ------
    DeviceNotFoundError, UnsupportedSettingsError, DeviceBusyError, HostError, \
PastreamTimeoutError, ForkedError, OutOfMemoryError, ArgumentError, ArgumentTypeError
        As for `InputStream`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> device = ps.VirtualDevice("loopback", clock="free")
    >>> with ps.DuplexStream(device, 48000, channels=1, dtype="int16", blocksize=8) as stream:
    ...     n = stream.output_ring.write(np.arange(24, dtype="int16"))
    ...     for chunk in stream.chunks(12, frames=24):
    ...         print(chunk)
    [0 0 0 0 0 0 0 0 0 1 2 3]
    [ 4  5  6  7  8  9 10 11 12 13 14 15]
    """

    _direction = Direction.DUPLEX

    def __init__(
        self,
        device: Any = None,
        samplerate: float | None = None,
        channels: int | tuple[int | None, int | None] | None = None,
        dtype: Any = None,
        blocksize: int | None = None,
        *,
        latency: Any = None,
        buffersize: int | tuple[int | None, int | None] | None = None,
        overflow: Literal["raise", "drop-oldest", "drop-newest", "silence"] | Overflow = "raise",
        underflow: Literal["silence", "raise"] | Underflow = "silence",
        device_dtype: Any = None,
        mapping: Any = None,
        extra_settings: Any = None,
        device_samplerate: float | Literal["auto"] | None = None,
        resample_quality: Literal["fast", "medium", "best"] | ResampleQuality = "medium",
        stall_after: float | None = None,
        lost_after: float | None = None,
        control_timeout: float | None = None,
        on_lost: Literal["raise", "reopen", "default"] | OnLost = "raise",
        reopen_timeout: float | None = None,
        keep_nonfinite: bool = False,
        callback: Any = None,
        callback_latency: float | None = None,
        userdata: Any = None,
    ) -> None:
        StreamBase.__init__(
            self,
            Options(
                device=device,
                samplerate=samplerate,
                channels=channels,
                dtype=dtype,
                blocksize=blocksize,
                latency=latency,
                buffersize=buffersize,
                overflow=overflow,
                underflow=underflow,
                device_dtype=device_dtype,
                mapping=mapping,
                extra_settings=extra_settings,
                device_samplerate=device_samplerate,
                resample_quality=resample_quality,
                stall_after=stall_after,
                lost_after=lost_after,
                control_timeout=control_timeout,
                on_lost=on_lost,
                reopen_timeout=reopen_timeout,
                keep_nonfinite=keep_nonfinite,
                callback=callback,
                callback_latency=callback_latency,
                userdata=userdata,
            ),
        )
