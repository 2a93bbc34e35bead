# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that capture and play at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import flag, seconds, shown
from pastream_ng.enums import (
    Direction,
    OnLost,
    Overflow,
    ResampleQuality,
    ResampleQualityName,
    Underflow,
)
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.launch import Launch
from pastream_ng.streams.lengths import Lengths, lengths_of
from pastream_ng.streams.limits import limits_of
from pastream_ng.streams.options import Options
from pastream_ng.streams.output import OutputStream
from pastream_ng.streams.sources import make_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.rings import RingBuffer
    from pastream_ng.streams.endpoints import Endpoint

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
    frames, pad, offset, reader, finished_callback
        As for `InputStream`.
    writer, prebuffer_timeout
        As for `OutputStream`.

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
        reader: Callable[[Any, RingBuffer], object] | None = None,
        writer: Callable[[Any, RingBuffer], object] | None = None,
        prebuffer_timeout: float | None = 5.0,
        finished_callback: Callable[..., object] | None = None,
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
                frames=frames,
                pad=pad,
                offset=offset,
                reader=reader,
                writer=writer,
                prebuffer_timeout=prebuffer_timeout,
                finished_callback=finished_callback,
            ),
        )

    def playrec(
        self,
        playback: Any,
        frames: int | None = None,
        pad: int = 0,
        offset: int = 0,
        always_2d: bool = False,
        loop: bool = False,
        buffersize: int | None = None,
        blocking: bool = False,
        out: Any = None,
        *,
        atleast_2d: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Play and record in one run, of which nothing is left for the next.

        Parameters
        ----------
        playback, loop, buffersize
            As for `play`.
        frames : int, optional
            Frames to play; not needed for an array, of which None plays all.
        pad : int, optional
            Frames to go on recording after that, while silence is played. -1: none, and silence
            fills up to `frames`.
        offset, always_2d, atleast_2d, out
            As for `record`.
        blocking, timeout
            As for `record`.

        Returns
        -------
        numpy.ndarray, or `out`
            As for `record`, with ``frames + max(pad, 0) - offset`` frames.

        Raises
        ------
        PastreamError
            As for `play` and `record`.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> device = ps.VirtualDevice("loopback", clock="free")
        >>> with ps.DuplexStream(device, 48000, channels=1, dtype="int16", blocksize=2) as stream:
        ...     stream.playrec(np.arange(1, 6, dtype="int16"), pad=2, blocking=True)
        array([0, 0, 1, 2, 3, 4, 5], dtype=int16)
        """
        self._use()
        limit = seconds("timeout", timeout)
        self._refuse_running("playrec")
        source = make_source(self, playback, loop, buffersize, name="playback")
        returns_late = flag("blocking", blocking)
        extra = max(lengths_of(pad=pad).pad, 0)
        if frames is None and not hasattr(out, "__len__"):
            if source.frames is None:
                raise ArgumentTypeError("frames is None; only an array says how long it is")
            frames = source.frames
        is_2d = flag("always_2d", always_2d) | flag("atleast_2d", atleast_2d)
        result, sink, lengths = self._target(frames, offset, is_2d, None, out, extra)
        played = lengths.frames if lengths.frames < 0 else lengths.frames - extra
        limits = limits_of(Direction.OUTPUT, lengths_of(played, pad), source)
        limits = limits._replace(input_skip=lengths.offset, input_total=lengths.frames)
        if lengths.frames >= 0 and limits.output_run < 0:
            # The input says when it is over.
            limits = limits._replace(output_pad=-1)
        self._run("playrec", Launch(limits, source, sink), limit, waits=returns_late)
        return result

    def _source_that_was_set(self, loop: Any, buffersize: Any) -> Endpoint:
        """Return what ``playback=True`` means, which is how pastream says it."""
        for name, value in (("loop", loop), ("buffersize", buffersize)):
            if value is not None and value is not False:
                raise ArgumentTypeError(
                    f"{name} is {shown(value)}; with playback=True it is for set_source"
                )
        if self._launcher.source is None:
            raise ArgumentError("playback is True; no source was set with set_source before")
        return self._launcher.source

    def _launch_of_chunks(
        self, lengths: Lengths, playback: Any, loop: Any, buffersize: Any
    ) -> tuple[Launch, int]:
        if playback is None:
            return super()._launch_of_chunks(lengths, playback, loop, buffersize)
        self._use()
        if playback is True:
            source = self._source_that_was_set(loop, buffersize)
        else:
            source = make_source(self, playback, loop, buffersize, name="playback")
        # A recording that is longer than what is played goes on in silence.
        most = lengths.frames if source.frames is None else min(lengths.frames, source.frames)
        output = lengths._replace(frames=most, offset=0)
        limits = limits_of(Direction.OUTPUT, output, source)
        total = lengths.frames
        if total < 0 <= lengths.pad and source.frames is not None:
            total = source.frames
        if total >= 0:
            total += max(lengths.pad, 0)
        limits = limits._replace(input_skip=lengths.offset, input_total=total)
        if total >= 0 and limits.output_run < 0:
            # The input says when it is over.
            limits = limits._replace(output_pad=-1)
        return Launch(limits, source), total
