# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pictures of sound, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, real, shown
from pastream_ng.display.measures import envelope, levels_db, mean_levels_db, powers
from pastream_ng.display.sounds import needed, sound_of
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pastream_ng.display.sounds import Shown, Sound

__all__ = ["new_axes", "spectrogram", "spectrum", "waveform"]

#: More pieces than a picture has columns would only cost time.
_MOST_PIECES = 4000
#: Windows of a picture, at most.
_MOST_WINDOWS = 2000


def new_axes(ax: Axes | None) -> Any:
    """Return the axes to draw into."""
    return needed("matplotlib.pyplot", "plot").subplots()[1] if ax is None else ax


def _label(channel: int, n_channels: int) -> str:
    return ("left", "right")[channel] if n_channels == 2 else f"channel {channel + 1}"


def waveform(
    sound: Sound,
    samplerate: float | None = None,
    *,
    ax: Axes | None = None,
    start: float = 0.0,
    **style: Any,
) -> Axes:
    """Draw the samples over the time. Of a long sound, their least and largest are drawn.

    Parameters
    ----------
    sound : array, AudioBuffer or path
        (frames, channels) or (frames,); integers are scaled by their full scale.
    samplerate : float, optional
        Hz; arrays need it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; else in a new figure.
    start : float, optional
        The time of the first frame, in seconds.
    **style
        For `matplotlib.axes.Axes.plot`, or ``fill_between``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        There is no sound in it, or no rate.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> import pastream_ng as ps
    >>> ax = ps.display.waveform(np.sin(np.arange(4800) / 20), 48000, ax=Figure().subplots())
    >>> ax.get_xlabel()
    'time (s)'
    """
    frames, rate = sound_of(sound, samplerate)
    begin = real("start", start, -1e9, 1e9, "seconds")
    ax = new_axes(ax)
    n_channels = frames.shape[1]
    pieces = envelope(frames, _MOST_PIECES)
    times = begin + pieces.starts / rate
    for channel in range(n_channels):
        options = {"label": _label(channel, n_channels), "alpha": 1 / n_channels**0.5, **style}
        if len(pieces.starts) == len(frames):
            ax.plot(times, frames[:, channel], **options)
        else:
            least, most = pieces.least[:, channel], pieces.most[:, channel]
            ax.fill_between(times, least, most, linewidth=0.5, **options)
    ax.set(xlabel="time (s)", ylabel="amplitude", xlim=(begin, begin + len(frames) / rate))
    if n_channels > 1:
        ax.legend(loc="upper right")
    return ax


def _size_of(fft_size: int, n_least: int = 16) -> int:
    return integer("fft_size", fft_size, n_least, 2**20, "frames")


def spectrum(
    sound: Sound,
    samplerate: float | None = None,
    *,
    ax: Axes | None = None,
    fft_size: int = 4096,
    logarithmic: bool = True,
    floor_db: float = -120.0,
    **style: Any,
) -> Axes:
    """Draw the mean spectrum: a sine at full scale has 0 dB.

    It is the mean of the powers of windows (Hann's) that overlap by half.

    Parameters
    ----------
    sound, samplerate, ax
        As for `waveform`.
    fft_size : int, optional
        Frames in a window, from 16 to 2**20.
    logarithmic : bool, optional
        Whether frequencies are drawn by octaves.
    floor_db : float, optional
        Where the picture ends below.
    **style
        For `matplotlib.axes.Axes.plot`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError, ImportError
        As for `waveform`.
    """
    frames, rate = sound_of(sound, samplerate)
    size = _size_of(fft_size)
    floor = real("floor_db", floor_db, -1000, -1, "dB")
    ax = new_axes(ax)
    n_channels = frames.shape[1]
    frequencies = np.arange(size // 2 + 1) * rate / size
    drawn = slice(1, None) if logarithmic else slice(None)
    for channel in range(n_channels):
        levels = mean_levels_db(frames[:, channel], size)
        options = {"label": _label(channel, n_channels), **style}
        ax.plot(frequencies[drawn], levels[drawn], **options)
    if logarithmic:
        ax.set_xscale("log")
    ax.set(xlabel="frequency (Hz)", ylabel="level (dB)", ylim=(floor, 6))
    ax.set_xlim(frequencies[drawn][0], rate / 2)
    if n_channels > 1:
        ax.legend(loc="upper right")
    return ax


def _chosen(sound: Shown, channel: int | None) -> Any:
    n_channels = sound.frames.shape[1]
    if channel is None:
        return sound.frames.mean(axis=1)
    index = integer("channel", channel, 0)
    if index >= n_channels:
        raise ArgumentError(f"channel is {shown(channel)}; the sound has {n_channels}, from 0")
    return sound.frames[:, index]


def spectrogram(
    sound: Sound,
    samplerate: float | None = None,
    *,
    ax: Axes | None = None,
    fft_size: int = 1024,
    hop: int | None = None,
    channel: int | None = None,
    floor_db: float = -100.0,
    start: float = 0.0,
    **style: Any,
) -> Axes:
    """Draw the spectrum over the time, in colours: a sine at full scale has 0 dB.

    Parameters
    ----------
    sound, samplerate, ax, start
        As for `waveform`.
    fft_size : int, optional
        Frames in a window (Hann's), from 16 to 2**20.
    hop : int, optional
        Frames from one window to the next; else a quarter of a window, or more for a long sound.
    channel : int, optional
        Which channel, from 0; else the mean of all.
    floor_db : float, optional
        The level that has the darkest colour.
    **style
        For `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    matplotlib.axes.Axes
        Its only image has the levels.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ImportError
        As for `waveform`.
    """
    found = sound_of(sound, samplerate)
    mono, rate = _chosen(found, channel), found.samplerate
    size = _size_of(fft_size)
    step = max(1, size // 4, -(-len(mono) // _MOST_WINDOWS))
    if hop is not None:
        step = integer("hop", hop, 1, unit="frames")
    begin = real("start", start, -1e9, 1e9, "seconds")
    floor = real("floor_db", floor_db, -1000, -1, "dB")
    ax = new_axes(ax)
    levels = levels_db(np.concatenate(list(powers(mono, size, step))))
    # Windows and bins are drawn around their middles.
    first = begin + (size - step) / 2 / rate
    extent = (first, first + len(levels) * step / rate, -rate / size / 2, (rate + rate / size) / 2)
    options: dict[str, Any] = {"vmin": floor, "vmax": 0.0, "interpolation": "nearest", **style}
    image = ax.imshow(levels.T, origin="lower", aspect="auto", extent=extent, **options)
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", ylim=(0, rate / 2))
    ax.figure.colorbar(image, ax=ax, label="level (dB)")
    return ax
