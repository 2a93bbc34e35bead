# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Play arrays in one call, over each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag, integer, seconds
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, PastreamTimeoutError
from pastream_ng.files.fitting import loaded
from pastream_ng.mixing.arguments import sound
from pastream_ng.mixing.shared import shared
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.current import current
from pastream_ng.streams.mapping import channel_map

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import Curve
    from pastream_ng.mixing.arguments import Length
    from pastream_ng.mixing.voice import CurveName, Voice

__all__ = ["play"]


def play(
    data: Any,
    samplerate: float | None = None,
    mapping: Any = None,
    *,
    device: Any = None,
    blocking: bool = False,
    timeout: float | None = None,
    loop: bool | tuple[Length, Length | None] = False,
    repeats: int | None = None,
    crossfade: Length = 0,
    gain: float = 1.0,
    fade_in: Length = 0,
    curve: CurveName | Curve = "linear",
    start: Length = 0,
    **stream: Any,
) -> Voice:
    """Play an array, together with what plays already.

    Calls with the same device, rate, number of channels and settings share a `Mixer`, which is
    opened by the first, runs as long as something plays, and is closed by `stop`. One channel is
    also heard with what plays there in several.

    Parameters
    ----------
    data : array_like, path or SoundFile
        (frames, channels), or (frames,) for one channel. Floats, and integers of 8 (signed or not),
        16 and 32 bits, of which 24 are kept. float32 arrays must not be changed until the end. A
        sound file is read into memory first; `SoundFileOutputStream` plays long ones from the disk.
    samplerate : float, optional
        Hz; None takes the device's default, or the rate of the file.
    mapping : optional
        As for `OutputStream`: which device channels to play on. One channel of data goes to all of
        them. The stream has as many channels as that needs, or `channels`.
    device : optional
        As for `OutputStream`.
    blocking : bool, optional
        Return when all is played, not at once.
    timeout : float, optional
        With `blocking`: seconds to wait for that.
    loop, repeats, crossfade, gain, fade_in, curve, start : optional
        As for `Mixer.play`.
    **stream
        All else goes to `Mixer`.

    Returns
    -------
    Voice
        To pause, fade or end the sound, or to wait for it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above. What plays goes on then.
    PastreamTimeoutError
        The time ran out; the sound was ended.
    PastreamError
        As for `OutputStream`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> tone = 0.1 * np.sin(np.arange(4800) * 0.06)
    >>> voice = ps.play(tone, 48000, device=ps.VirtualDevice(clock="free"))
    >>> ps.wait()
    True
    >>> voice.state.name
    'FINISHED'
    """
    if isinstance(data, (str, os.PathLike)) or hasattr(data, "_as_source"):
        data, samplerate = loaded(data, samplerate)
    frames = sound(data, stream.pop("dtype", None))
    limit = seconds("timeout", timeout)
    returns_late = flag("blocking", blocking)
    channels = _channels(stream.pop("channels", None), mapping, frames)
    options = {**stream, "device": device, "samplerate": samplerate, "channels": channels}
    details = {
        "loop": loop,
        "repeats": repeats,
        "crossfade": crossfade,
        "gain": gain,
        "fade_in": fade_in,
        "curve": curve,
        "start": start,
        "mapping": mapping,
    }
    voice = shared.play(options, frames, details)
    current.player = voice.mixer
    if returns_late:
        _finish(voice, limit)
    return voice


def _channels(given: Any, mapping: Any, frames: Array) -> int:
    """Return how many channels the stream has."""
    if given is not None:
        count = integer("channels", given, 1, 256)
        if mapping is None and count != frames.shape[1]:
            raise ArgumentError(f"channels is {given}; data has {frames.shape[1]} channels")
        return count
    if mapping is None:
        return int(frames.shape[1])
    return channel_map("mapping", mapping, frames.shape[1], Direction.OUTPUT).device_channels


def _finish(voice: Voice, timeout: float | None) -> None:
    """Wait until a voice is over, and if it was the last, until it is played out."""
    try:
        if not voice.wait(timeout):
            raise PastreamTimeoutError(f"timeout: the sound was not played within {timeout} s")
    except BaseException:
        if voice.active and not voice.mixer.closed:
            voice.stop()
        raise
    if voice.mixer._core.status().is_over:
        StreamBase.wait(voice.mixer, timeout)
