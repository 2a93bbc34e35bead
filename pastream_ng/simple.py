# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One-liners: play and record arrays. Sounds are mixed; a recording ends the one before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, pair, seconds, shown
from pastream_ng._native.arrays import target_of
from pastream_ng._native.waits import Deadline
from pastream_ng.defaults import default
from pastream_ng.enums import Direction, Overflow
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    StateError,
)
from pastream_ng.formats import sample_format
from pastream_ng.hosts.select import select_device
from pastream_ng.hosts.settings import channel_count
from pastream_ng.measuring.latency import LatencyMeasurement, known_latency
from pastream_ng.mixing.play import play
from pastream_ng.mixing.shared import shared
from pastream_ng.streams.arrays import new_recording, playable, playing_ring, recording_ring
from pastream_ng.streams.base import Limits
from pastream_ng.streams.current import current, finish, run
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.mapping import channel_map

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.base import StreamBase

__all__ = ["get_stream", "play", "playrec", "rec", "stop", "wait"]


def _recording(
    frames: Any, channels: Any, dtype: Any, out: Any, device: Any
) -> tuple[Array, Array, str]:
    """Return the array to record into, the same as (frames, channels), and the dtype's name."""
    if out is not None:
        if not isinstance(out, np.ndarray) or out.ndim not in (1, 2):
            raise ArgumentTypeError(
                f"out is {shown(out)}; it must be a numpy array (frames, channels)"
            )
        form = sample_format(out.dtype if dtype is None else dtype, "out.dtype")
        width = 1 if out.ndim == 1 else out.shape[1]
        if channels is not None and integer("channels", channels, 1, 256) != width:
            raise ArgumentError(f"channels is {channels}; out has {width} channels")
        memory = target_of("out", out, form, width)
        if not memory.size:
            raise ArgumentError(f"out has shape {out.shape}; there is no room in it")
        if frames is not None and integer("frames", frames, 1, unit="frames") != len(memory):
            raise ArgumentError(f"frames is {frames}; out has {len(memory)} rows")
        memory.fill(form.silence)
        return out, memory, form.name
    if frames is None:
        raise ArgumentTypeError("one of frames and out must be given")
    length = integer("frames", frames, 1, 2**40, "frames")
    form = sample_format(default._fill("dtype", dtype, Direction.INPUT))
    channels = default._fill("channels", channels, Direction.INPUT)
    info = select_device(device, Direction.INPUT)
    memory = new_recording(length, channel_count(channels, info, Direction.INPUT), form)
    return memory, memory, form.name


def _mapped(name: str, mapping: Any, channels: Any, out: Any) -> Any:
    """Return the channels to record: those that a mapping makes if they are not given."""
    if mapping is None or out is not None:
        return channels
    return channel_map(name, mapping, channels, Direction.INPUT).channels


def _sequence(mapping: Any) -> Any:
    """Return a single channel as a list: in a pair only that is clear."""
    return [mapping] if isinstance(mapping, (int, np.integer)) else mapping


def rec(
    frames: int | None = None,
    samplerate: float | None = None,
    channels: int | None = None,
    dtype: Any = None,
    out: Array | None = None,
    mapping: Any = None,
    *,
    device: Any = None,
    blocking: bool = True,
    timeout: float | None = None,
    **stream: Any,
) -> Array:
    """Record into an array.

    The frames go straight from the audio thread into the array: whatever Python does meanwhile,
    none is lost. Frames that the device itself loses are silence, so that time is kept, and are
    told to the logger ``pastream_ng``.

    Parameters
    ----------
    frames : int, optional
        Length of the recording; not needed with `out`.
    samplerate, channels, dtype, device : optional
        As for `InputStream`.
    out : numpy.ndarray, optional
        Writable, C-contiguous memory to record into, (frames, channels) or (frames,), whose dtype
        and channels are then those of the recording.
    mapping : optional
        As for `InputStream`: which device channels to record.
    blocking : bool, optional
        False returns at once; the array is filled in the background until `wait` returns.
    timeout : float, optional
        With `blocking`: seconds to wait for the end.
    **stream
        All else goes to `InputStream`.

    Returns
    -------
    numpy.ndarray
        (frames, channels), also for one channel; `out` itself if it was given.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.
    PastreamTimeoutError
        The time ran out; recording was stopped.
    PastreamError
        As for `InputStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> take = ps.rec(480, channels=2, device=ps.VirtualDevice(clock="free", input="sine"))
    >>> take.shape, take.dtype
    ((480, 2), dtype('float32'))
    """
    limit = seconds("timeout", timeout)
    width = _mapped("mapping", mapping, channels, out)
    result, memory, name = _recording(frames, width, dtype, out, device)
    options = {
        "overflow": Overflow.SILENCE,
        **stream,
        "device": device,
        "samplerate": samplerate,
        "channels": memory.shape[1],
        "dtype": name,
        "mapping": mapping,
    }
    InputStream._check(options)
    run(
        lambda: InputStream._over(options, input_ring=recording_ring(memory)),
        Limits(input_total=len(memory)),
        blocking,
        limit,
    )
    return result


def playrec(
    data: Any,
    samplerate: float | None = None,
    channels: int | None = None,
    dtype: Any = None,
    out: Array | None = None,
    input_mapping: Any = None,
    output_mapping: Any = None,
    *,
    device: Any = None,
    align: bool | int | LatencyMeasurement = False,
    blocking: bool = True,
    timeout: float | None = None,
    **stream: Any,
) -> Array:
    """Play an array and record at the same time, as many frames as are played.

    Parameters
    ----------
    data : array_like
        As for `play`.
    samplerate : float, optional
        Hz; None takes the input device's default.
    channels : int, optional
        Channels to record.
    dtype : optional
        Of the recording; None means as the data, float32 for floats.
    out : numpy.ndarray, optional
        As for `rec`; it must be as long as `data`.
    input_mapping, output_mapping : optional
        As `mapping` of `rec` and of `play`.
    device : optional
        As for `DuplexStream`.
    align : bool, int or LatencyMeasurement, optional
        Leave out the loop's latency at the start of the recording, so that row k of it answers row
        k of `data`. It takes as many frames longer. A number is that of the frames to leave out.
        True takes what `measure_latency` found last with the same settings in this program. If it
        was not called yet, noise is played on all channels first and looked for in all of the
        recording's.
    blocking, timeout : optional
        As for `rec`.
    **stream
        All else goes to `DuplexStream`.

    Returns
    -------
    numpy.ndarray
        As for `rec`.

    Raises
    ------
    MeasurementError
        The latency for ``align=True`` could not be measured.
    ArgumentError, ArgumentTypeError, PastreamTimeoutError, PastreamError
        As for `play` and `rec`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> device = ps.VirtualDevice("loopback", clock="free")
    >>> data = np.arange(100, dtype="int16")
    >>> both = ps.playrec(data, 48000, channels=1, device=device, blocksize=4)
    >>> both[:8, 0].tolist()
    [0, 0, 0, 0, 0, 1, 2, 3]
    >>> aligned = ps.playrec(data, 48000, channels=1, device=device, blocksize=4, align=4)
    >>> aligned[:8, 0].tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    limit = seconds("timeout", timeout)
    played, form = playable(data)
    sides = pair("device", device)
    wanted = form.name if dtype is None and out is None else dtype
    frames = len(played) if out is None else None
    width = _mapped("input_mapping", input_mapping, channels, out)
    result, memory, name = _recording(frames, width, wanted, out, sides[0])
    for side, mapping, width in (
        ("input", input_mapping, memory.shape[1]),
        ("output", output_mapping, played.shape[1]),
    ):
        if mapping is not None:
            channel_map(f"{side}_mapping", mapping, width, Direction[side.upper()])
    if len(memory) != len(played):
        raise ArgumentError(f"out has {len(memory)} rows; data has {len(played)}")
    options = {
        "overflow": Overflow.SILENCE,
        **stream,
        "device": device,
        "samplerate": samplerate,
        "channels": (memory.shape[1], played.shape[1]),
        "dtype": (name, form.name),
        "mapping": tuple(map(_sequence, (input_mapping, output_mapping))),
    }
    DuplexStream._check(options)
    shared.release_idle()
    skipped = _latency(align, options)
    run(
        lambda: DuplexStream._over(options, recording_ring(memory), playing_ring(played)),
        # The output is padded as long as the input lasts.
        Limits(skipped, skipped + len(memory), len(played), -1),
        blocking,
        limit,
    )
    return result


def _latency(align: Any, options: dict[str, Any]) -> int:
    """Return how many frames a recording has to leave out."""
    if isinstance(align, LatencyMeasurement):
        return align.frames
    if isinstance(align, bool):
        if not align:
            return 0
        current.stop()  # Both may want the device for themselves.
        return known_latency(options)
    return integer("align", align, 0, 2**40, "frames, or a bool")


def wait(timeout: float | None = None) -> bool:
    """Wait until all that `play` began, and the last `rec` or `playrec`, is done.

    Parameters
    ----------
    timeout : float, optional
        Seconds; None waits for ever.

    Returns
    -------
    bool
        True if all is done, or nothing was begun; False if the time ran out, and it goes on.

    Raises
    ------
    PastreamError
        What went wrong in the background.
    """
    limit = seconds("timeout", timeout)
    end = None if limit is None else time.monotonic() + limit
    if not shared.wait(Deadline(limit)):
        return False
    stream = current.stream
    left = None if end is None else max(0.0, end - time.monotonic())
    return stream is None or stream.closed or finish(stream, left)


def stop() -> None:
    """Stop all that `play`, `rec` and `playrec` began, at once. Never raises for it."""
    current.stop()
    shared.stop()


def get_stream() -> StreamBase:
    """Return the stream of the last `play`, `rec` or `playrec`; it may be closed already.

    Raises
    ------
    StateError
        There was no such call.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> take = ps.rec(480, channels=2, device=ps.VirtualDevice(clock="free"))
    >>> ps.get_stream().stats.captured_frames
    480
    """
    stream = current.player or current.stream
    if stream is None:
        raise StateError("there is no stream yet: nothing was played or recorded")
    return stream
