# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What sound is like: its rate, channels, samples, and how these lie in arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer, shown
from pastream_ng._native.arrays import numbers_of
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.packets.sample_types import SAMPLE_TYPES, sample_type_of, scaled

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["AudioFormat", "check_format", "is_planar", "turned"]

_MOST_RATE = 1_000_000


def is_planar(layout: Any, argument: str = "layout") -> bool:
    """Return whether a layout is "planar" rather than "interleaved"."""
    if layout in ("planar", "interleaved"):
        return bool(layout == "planar")
    error = ArgumentError if isinstance(layout, str) else ArgumentTypeError
    raise error(f"{argument} is {shown(layout)}; it must be 'planar' or 'interleaved'")


def turned(array: Array, planar: bool, wants_planar: bool) -> Array:
    """Return a C-contiguous array in the wanted layout; a copy only if that is another one."""
    return np.ascontiguousarray(array if planar == wants_planar else array.T)


def check_format(name: str, value: Any) -> AudioFormat:
    """Return an argument that must be an `AudioFormat`."""
    if isinstance(value, AudioFormat):
        return value
    raise ArgumentTypeError(
        f"{name} is {shown(value)} of type {type(value).__name__}; it must be an AudioFormat"
    )


@dataclass(frozen=True)
class AudioFormat:
    """The format of sound in arrays: rate, channels, sample type and layout. A value; it is fixed.

    Planar arrays are ``(channels, samples)``, interleaved ones ``(samples, channels)``; *samples*
    are counted for each channel. Integers are full scale: an i16 of -32768 is as loud as a float of
    -1.0. Where sound of another sample type is given, it is scaled so.

    Parameters
    ----------
    sample_rate : int
        Hz, 1 to 1000000.
    channels : int
        1 to 256.
    sample_type : {"u8", "i16", "i32", "i64", "f32", "f64"}
        In whatever case. Codecs and nodes compute i64 with the upper 32 bits of its samples.
    planar : bool, optional
        The layout of arrays.
    channel_layout_mask : int, optional
        Which loudspeakers the channels are for, a bit for each as in WAV files; 0 does not say.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "f32")
    >>> fmt.array(np.full((2, 3), -16384, "int16"))[0]
    array([-0.5, -0.5, -0.5], dtype=float32)
    >>> fmt == ps.AudioFormat(sample_rate=48000, channels=2, sample_type="F32", planar=True)
    True
    """

    sample_rate: int
    channels: int
    sample_type: str
    planar: bool = True
    channel_layout_mask: int = 0

    def __post_init__(self) -> None:
        rate = integer("sample_rate", self.sample_rate, 1, _MOST_RATE, "Hz")
        channels = integer("channels", self.channels, 1, 256)
        mask = integer("channel_layout_mask", self.channel_layout_mask, 0, 2**64 - 1)
        if mask and mask.bit_count() != channels:
            raise ArgumentError(
                f"channel_layout_mask is {mask:#x}, which has {mask.bit_count()} bits; it must be "
                f"0, or have one for each of the {channels} channels"
            )
        put = object.__setattr__
        put(self, "sample_rate", rate)
        put(self, "channels", channels)
        put(self, "sample_type", sample_type_of(self.sample_type).name)
        put(self, "planar", flag("planar", self.planar))
        put(self, "channel_layout_mask", mask)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of arrays."""
        return SAMPLE_TYPES[self.sample_type].dtype

    @property
    def layout(self) -> str:
        """``"planar"`` or ``"interleaved"``."""
        return "planar" if self.planar else "interleaved"

    def shape(self, samples: int) -> tuple[int, int]:
        """Return the shape of an array of so many samples for each channel."""
        return (self.channels, samples) if self.planar else (samples, self.channels)

    def samples(self, array: Array) -> int:
        """Return how many samples for each channel an array of this format has."""
        return int(array.shape[1 if self.planar else 0])

    def replace(self, **changes: Any) -> AudioFormat:
        """Return a format that differs in the arguments given."""
        return replace(self, **changes)

    def array(self, pcm: Any, strict: bool = False) -> Array:
        """Return sound as a C-contiguous array of this format.

        Parameters
        ----------
        pcm : array_like
            In the layout of this format; with one channel also 1-D. Sound of another type is
            scaled: float16 to longdouble, int8, uint8, int16, int32 and int64 as full scale. Lists
            of ints are taken as they are, into types of integers.
        strict : bool, optional
            Whether to refuse all other dtypes than that of the format.

        Returns
        -------
        numpy.ndarray
            Always 2-D. It is `pcm` itself if that is right already.

        Raises
        ------
        ArgumentError
            Wrong shape, or numbers of a dtype that cannot be taken.
        ArgumentTypeError
            No numbers: also bools and complex ones; or ints in a list where floats are needed.
        """
        return self._array("pcm", pcm, flag("strict", strict))

    def _array(self, name: str, pcm: Any, strict: bool = False) -> Array:
        """Do what `array` does, with the argument's name for messages."""
        wanted = SAMPLE_TYPES[self.sample_type]
        if not (isinstance(pcm, np.ndarray) and pcm.dtype == wanted.dtype):
            # The shape first, so that what cannot be right is not converted.
            self._check_shape(name, numbers_of(name, pcm))
        array = scaled(name, pcm, wanted, strict)
        self._check_shape(name, array)
        return np.ascontiguousarray(array.reshape(self.shape(-1)) if array.ndim == 1 else array)

    def _check_shape(self, name: str, array: Array) -> None:
        shape = array.shape
        if len(shape) == 1 and self.channels == 1:
            return
        axis = 0 if self.planar else 1
        if len(shape) == 2 and shape[axis] == self.channels:
            return
        wanted = f"({self.channels}, samples)" if self.planar else f"(samples, {self.channels})"
        text = f"{name} has shape {shape}; it must be {wanted}"
        if self.channels == 1:
            text += " or (samples,)"
        text += f", as the format is {self.layout} with {self.channels} channels"
        if len(shape) == 2 and shape[1 - axis] == self.channels:
            text += f"; planar={not self.planar} is for what was given"
        raise ArgumentError(text)
