# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that play."""

from __future__ import annotations

from typing import Any, Literal

from pastream_ng._native import lib
from pastream_ng.enums import Direction, ResampleQuality, Underflow
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.options import Options

__all__ = ["OutputStream"]


class OutputStream(StreamBase):
    """A stream that plays to a device.

    A C callback moves frames from a ring, `output_ring`, to the device. Ending the ring ends the
    stream once all of it is played.

    Parameters
    ----------
    device, samplerate, channels, dtype, blocksize, latency, buffersize, device_dtype, \
device_samplerate, resample_quality, stall_after, lost_after, control_timeout
        As for `InputStream`.
    underflow : {"silence", "raise"}, optional
        What happens when the ring is empty before it was ended; see `Underflow`.
    keep_nonfinite : bool, optional
        Send NaN and infinities to a float device as they are; otherwise they are played as 0.

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
        device_samplerate: float | Literal["auto"] | None = None,
        resample_quality: Literal["fast", "medium", "best"] | ResampleQuality = "medium",
        stall_after: float | None = None,
        lost_after: float | None = None,
        control_timeout: float | None = None,
        keep_nonfinite: bool = False,
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
                device_samplerate=device_samplerate,
                resample_quality=resample_quality,
                stall_after=stall_after,
                lost_after=lost_after,
                control_timeout=control_timeout,
                keep_nonfinite=keep_nonfinite,
            )
        )

    @property
    def output_ring(self) -> RingBuffer:
        """The ring that the stream plays, in the stream's dtype and channels."""
        assert self._output is not None
        pointer = lib.pst_stream_output_ring(self._pointer)
        waiter = self._waiter(
            lambda stream, _reader, n, ns, err: lib.pst_stream_wait_output(stream, n, ns, err),
            lambda _reader, n, ns: lib.pst_ring_wait_writable(pointer, n, ns),
        )
        return self._ring("output", self._output, pointer, waiter)

    @property
    def txbuff(self) -> RingBuffer:
        """The same as `output_ring`, by its name in pastream."""
        return self.output_ring
