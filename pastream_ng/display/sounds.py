# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What can be shown: arrays, buffers of graphs, and files."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from pastream_ng._checks import real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.data import AudioBuffer
from pastream_ng.packets.sample_types import SAMPLE_TYPES, scaled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Shown", "Sound", "needed", "sound_of"]

#: What functions of this folder take.
Sound = Union["ArrayLike", AudioBuffer, str, "os.PathLike[str]"]


class Shown(NamedTuple):
    """Sound that is to be shown.

    Attributes
    ----------
    frames : numpy.ndarray
        (frames, channels) float32, at least one of each.
    samplerate : float
        Hz.
    """

    frames: NDArray[np.float32]
    samplerate: float


def sound_of(sound: Sound, samplerate: float | None) -> Shown:
    """Return what is to be shown, with its rate.

    Raises
    ------
    ArgumentTypeError
        An array without a rate.
    ArgumentError
        There is no sound in it, it has another shape, or another rate than the one given.
    """
    if isinstance(sound, AudioBuffer):
        found = Shown(np.asarray(sound), sound.sample_rate)
    elif isinstance(sound, (str, os.PathLike)):
        import pastream_ng

        data, rate = pastream_ng.read(sound, always_2d=True)
        found = Shown(np.asarray(data, np.float32), rate)
    else:
        if samplerate is None:
            raise ArgumentTypeError("samplerate is None; an array does not tell it")
        data = scaled("sound", sound, SAMPLE_TYPES["f32"], False)
        data = data[:, np.newaxis] if data.ndim == 1 else data
        found = Shown(data, real("samplerate", samplerate, 1e-3, 1e9, "Hz"))
    if found.frames.ndim != 2 or 0 in found.frames.shape:
        raise ArgumentError(
            f"sound has shape {found.frames.shape}; it must be (frames, channels) or (frames,), "
            "with at least one frame"
        )
    if samplerate is not None and samplerate != found.samplerate:
        raise ArgumentError(f"samplerate is {shown(samplerate)}; the sound has {found.samplerate}")
    return found


def needed(module: str, extra: str) -> Any:
    """Return a module of an extra, or say what to install.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        missing = module.partition(".")[0]
        raise ImportError(
            f"{missing} is missing; run: pip install 'pastream_ng[{extra}]'", name=missing
        ) from error
