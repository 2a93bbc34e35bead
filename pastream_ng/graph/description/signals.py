# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Buffers and waves of descriptions: numbers, files, and noise by a formula."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.core_data import Sound, Wave
from pastream_ng.graph.params import number, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pastream_ng.graph.description.entries import Entry

__all__ = ["sound_of", "wave_of"]

# Of noise, which a few characters ask for.
_MAX_SAMPLES = 1 << 28


def _numbers(place: str, data: Any, channels: int, frames: int) -> NDArray[np.float32]:
    try:
        planes = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{place} is {shown(data)}; it must be lists of numbers") from None
    if planes.shape not in ((channels, frames), (frames,) if channels == 1 else ()):
        raise ArgumentError(
            f"{place} has shape {planes.shape}; it must be ({channels}, {frames}), one list for "
            "each channel"
        )
    return planes.reshape(channels, frames).astype(np.float32)


def _from_file(
    place: str, name: str, folder: Path | None, channels: int, frames: int
) -> NDArray[np.float32]:
    if folder is None:
        raise ArgumentError(
            f"{place} is {shown(name)}, which is in a file; signals must be the folder of it"
        )
    if not name or os.path.basename(name) != name:
        raise ArgumentError(f"{place} is {shown(name)}; it must be the name of a file")
    path = folder / f"{name}.f32"
    if path.stat().st_size < 4 * channels * frames:
        raise ArgumentError(
            f"{place} is {shown(name)}, whose file has {path.stat().st_size} bytes; {channels} "
            f"channels of {frames} frames take {4 * channels * frames}"
        )
    return np.fromfile(path, dtype="<f4", count=channels * frames).reshape(channels, frames)


def _noise(gen: Entry, channels: int, frames: int) -> NDArray[np.float32]:
    """Return what a generator makes: linear congruences, perhaps fading."""
    if "kind" in gen and gen.get("kind") != "lcg":
        raise ArgumentError(f"{gen.place}.kind is {shown(gen.get('kind'))}; it must be 'lcg'")
    seed, amplitude = gen.whole("seed"), number("amplitude", gen.get("amplitude"))
    if channels * frames > _MAX_SAMPLES:
        raise ArgumentError(f"{gen.place} asks for more than {_MAX_SAMPLES} samples")
    out = np.empty((channels, frames))
    for channel in range(channels):
        out[channel] = amplitude * (_states((seed + 7919 * channel) % 2**32, frames) / 2**31 - 1)
    if "halvings" in gen:
        out *= 2 ** (-number("halvings", gen.get("halvings")) * np.arange(frames) / frames)
    return out.astype(np.float32)


def _states(state: int, n: int) -> NDArray[np.uint32]:
    """Return n states behind the first one of the usual generator of 32 bits."""
    factor, summand = 1664525, 1013904223
    states = np.empty(max(n, 1), dtype=np.uint32)
    states[0] = (factor * state + summand) % 2**32
    done = 1
    while done < n:
        # What leads from a state to the one that is `done` further on.
        more = min(done, n - done)
        with np.errstate(over="ignore"):
            states[done : done + more] = states[:more] * np.uint32(factor) + np.uint32(summand)
        factor, summand = factor * factor % 2**32, (factor * summand + summand) % 2**32
        done += more
    return states[:n]


def sound_of(entry: Entry, folder: Path | None) -> Sound:
    """Return the sound that an entry describes."""
    rate = real("sample_rate", entry.get("sample_rate"), 3000, 768000, "Hz")
    channels = integer("channels", entry.whole("channels"), 1, 32)
    frames = integer("frames", entry.whole("frames"), 1)
    if "data" in entry:
        planes = _numbers(f"{entry.place}.data", entry.get("data"), channels, frames)
    elif "gen" in entry:
        planes = _noise(entry.entry("gen", "kind seed amplitude halvings"), channels, frames)
    else:
        name = entry.word("signal")
        planes = _from_file(f"{entry.place}.signal", name, folder, channels, frames)
    return Sound.of(planes, rate)


def wave_of(entry: Entry) -> Wave:
    """Return the wave that an entry describes."""
    off = entry.get("disable_normalization") if "disable_normalization" in entry else False
    if not isinstance(off, bool):
        raise ArgumentTypeError(
            f"{entry.place}.disable_normalization is {shown(off)}; it must be True or False"
        )
    return Wave(
        numbers("real", entry.get("real")), numbers("imag", entry.get("imag")), normalize=not off
    )
