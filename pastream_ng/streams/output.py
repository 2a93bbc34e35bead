# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng.enums import Direction, OnLost, ResampleQuality, ResampleQualityName, Underflow
from pastream_ng.streams.options import Options
from pastream_ng.streams.play import PlayingStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.rings import RingBuffer

__all__ = ["OutputStream"]


class OutputStream(PlayingStream):
    """A stream that plays to a device.

    A C callback moves frames from a ring, `output_ring`, to the device. Ending the ring ends the
    stream once all of it is played.

    Parameters
    ----------
    device, samplerate, channels, dtype, blocksize, latency, buffersize, device_dtype, \
extra_settings, device_samplerate, resample_quality, stall_after, lost_after, control_timeout, \
on_lost, reopen_timeout
        As for `InputStream`.
    mapping : sequence of int, dict or array_like, optional
        Which of the device's channels to play on, counted from 1: the device channel of each
        channel of the stream, 0 for none, where one channel may go to several and several to one;
        or ``{stream: device}``, where the second may be a list; or a matrix of gains, (device,
        stream) channels. Unless `channels` is given the stream has as many as that makes.
    underflow : {"silence", "raise"}, optional
        What happens when the ring is empty before it was ended; see `Underflow`.
    keep_nonfinite : bool, optional
        Send NaN and infinities to a float device as they are; otherwise they are played as 0.
    callback : callable, optional
        ``callback(outdata, frames, time, status)``, called on a thread of the library for each
        block to play. `outdata` is an array of silence, (frames, channels), to be filled. The rest
        is as for `InputStream`, compiled functions included. The output ring belongs to the
        callback then.
    callback_latency : int or float, optional
        How far ahead of the device the callback runs: frames as an int, seconds as a float, at
        least a block. What it gives is heard that much later than the device's own latency; if it
        takes longer than that, silence is played, and `status` says so. None takes 4 blocks or
        20 ms, whichever is more, plus what the host reports as its latency, 0.25 s at most.
    userdata : optional
        As for `InputStream`.
    frames, pad, offset, finished_callback
        As for `InputStream`.
    writer : callable, optional
        ``writer(stream, ring)`` runs on a thread of its own during each run, and writes `ring`; the
        run ends once it has returned and all is played. See :doc:`/howto/threads`.
    prebuffer_timeout : float, optional
        Seconds that `start` waits for the first frames of the writer; None waits for ever.

    Raises
    ------
    DeviceNotFoundError, UnsupportedSettingsError, DeviceBusyError, HostError, \
PastreamTimeoutError, ForkedError, OutOfMemoryError, ArgumentError, ArgumentTypeError
        As for `InputStream`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> device = ps.VirtualDevice("null", clock="free")
    >>> with ps.OutputStream(device, samplerate=48000, channels=1) as stream:
    ...     n = stream.output_ring.write(np.zeros(1000))
    ...     stream.output_ring.end()
    ...     stream.start()
    ...     stream.wait()
    ...     stream.stats.played_frames
    True
    1000
    """

    _direction = Direction.OUTPUT

    def __init__(
        self,
        device: Any = None,
        samplerate: float | None = None,
        channels: int | None = None,
        dtype: Any = None,
        blocksize: int | None = None,
        *,
        latency: Literal["low", "high"] | float | None = None,
        buffersize: int | None = None,
        underflow: Literal["silence", "raise"] | Underflow = "silence",
        device_dtype: Any = None,
        mapping: Any = None,
        extra_settings: Any = None,
        device_samplerate: float | Literal["auto"] | None = None,
        resample_quality: ResampleQuality | ResampleQualityName = "medium",
        stall_after: float | None = None,
        lost_after: float | None = None,
        control_timeout: float | None = None,
        on_lost: Literal["raise", "reopen", "default"] | OnLost = "raise",
        reopen_timeout: float | None = None,
        keep_nonfinite: bool = False,
        callback: Any = None,
        callback_latency: float | None = None,
        userdata: Any = None,
        frames: int = -1,
        pad: int = 0,
        offset: int = 0,
        writer: Callable[[Any, RingBuffer], object] | None = None,
        prebuffer_timeout: float | None = 5.0,
        finished_callback: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(
            Options(
                device=device,
                samplerate=samplerate,
                channels=channels,
                dtype=dtype,
                blocksize=blocksize,
                latency=latency,
                buffersize=buffersize,
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
                frames=frames,
                pad=pad,
                offset=offset,
                writer=writer,
                prebuffer_timeout=prebuffer_timeout,
                finished_callback=finished_callback,
            )
        )
