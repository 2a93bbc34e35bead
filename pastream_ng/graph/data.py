# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What nodes play: sound in memory, and waves."""

from __future__ import annotations

import io
import math
import os
from typing import TYPE_CHECKING, Any, Union
from weakref import WeakValueDictionary

import numpy as np

from pastream_ng._checks import flag, integer, real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.core_data import Sound, Wave
from pastream_ng.graph.params import numbers
from pastream_ng.packets.sample_types import SAMPLE_TYPES, scaled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["AudioBuffer", "PeriodicWave", "SoundLike", "as_buffer", "decoded"]

MAX_CHANNELS = 32

# What Python has of what C has, so that a node's buffer is the one that was given.
_buffers: WeakValueDictionary[int, AudioBuffer] = WeakValueDictionary()
_waves: WeakValueDictionary[int, PeriodicWave] = WeakValueDictionary()


class AudioBuffer:
    """Sound in memory, which nodes play: float32, from 1 to 32 channels, at a rate of its own.

    It can be written to until the first node has it; from then on it does not change.

    Parameters
    ----------
    data : array
        (frames, channels), or (frames,) for mono. Copied. Integers are scaled by their full scale.
    sample_rate : float
        Hz, from 3000 to 768000.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> buffer = ps.AudioBuffer(np.zeros((4800, 2), "float32"), 48000)
    >>> buffer.get_channel_data(1)[:10] = 0.5
    >>> buffer
    <AudioBuffer: 4800 frames, 2 channels, 48000 Hz>
    >>> np.asarray(buffer).shape
    (4800, 2)
    """

    def __init__(self, data: ArrayLike, sample_rate: float) -> None:
        array = scaled("data", data, SAMPLE_TYPES["f32"], False)
        if array.ndim not in (1, 2):
            raise ArgumentError(
                f"data has shape {array.shape}; it must be (frames, channels) or (frames,)"
            )
        self._fill(array[np.newaxis] if array.ndim == 1 else array.T, sample_rate)

    def _fill(self, planes: NDArray[np.float32], sample_rate: float) -> None:
        if not 1 <= planes.shape[0] <= MAX_CHANNELS or planes.shape[1] < 1:
            raise ArgumentError(
                f"data has {planes.shape[0]} channels and {planes.shape[1]} frames; it must have "
                f"1 to {MAX_CHANNELS} channels, and at least 1 frame"
            )
        rate = real("sample_rate", sample_rate, 3000, 768000, "Hz")
        self._own(Sound.silent(planes.shape[0], planes.shape[1], rate))
        self._planes[:] = planes

    def _own(self, sound: Sound) -> None:
        self._sound = sound
        self._planes = sound.planes()
        _buffers[sound.id] = self

    @classmethod
    def _from_core(cls, sound: Sound | None) -> AudioBuffer | None:
        """Return what a node has."""
        if sound is None:
            return None
        found = _buffers.get(sound.id)
        if found is None:
            found = cls.__new__(cls)
            found._own(sound)
            found._planes.flags.writeable = False
        return found

    @classmethod
    def from_planes(cls, planes: ArrayLike, sample_rate: float) -> AudioBuffer:
        """Make one from an array of shape (channels, frames).

        Parameters
        ----------
        planes : array
            Copied. Integers are scaled by their full scale.
        sample_rate : float
            Hz, from 3000 to 768000.

        Returns
        -------
        AudioBuffer
        """
        array = scaled("planes", planes, SAMPLE_TYPES["f32"], False)
        if array.ndim != 2:
            raise ArgumentError(f"planes has shape {array.shape}; it must be (channels, frames)")
        buffer = cls.__new__(cls)
        buffer._fill(array, sample_rate)
        return buffer

    @property
    def number_of_channels(self) -> int:
        """How many channels it has."""
        return int(self._planes.shape[0])

    @property
    def length(self) -> int:
        """How many frames it has."""
        return int(self._planes.shape[1])

    def __len__(self) -> int:
        return self.length

    @property
    def sample_rate(self) -> float:
        """Its rate, in Hz."""
        return self._sound.rate

    @property
    def duration(self) -> float:
        """How long it is, in seconds."""
        return self.length / self.sample_rate

    @property
    def planes(self) -> NDArray[np.float32]:
        """A view of its samples, of shape (channels, frames)."""
        return self._planes

    def get_channel_data(self, channel: int) -> NDArray[np.float32]:
        """Return the samples of one channel: a view.

        Parameters
        ----------
        channel : int
            Counted from 0.

        Returns
        -------
        numpy.ndarray
            (frames,) float32; read-only once a node has the buffer.
        """
        data: NDArray[np.float32] = self._planes[
            integer("channel", channel, 0, self.number_of_channels - 1)
        ]
        return data

    def copy_from_channel(self, destination: NDArray[Any], channel: int, start: int = 0) -> None:
        """Copy samples of a channel into an array, as many as there are and fit.

        Parameters
        ----------
        destination : numpy.ndarray
            One dimension; what is not filled stays as it is.
        channel : int
            Counted from 0.
        start : int, optional
            The first frame.
        """
        source = self.get_channel_data(channel)[integer("start", start, 0) :]
        n = min(len(source), len(destination))
        destination[:n] = source[:n]

    def copy_to_channel(self, source: ArrayLike, channel: int, start: int = 0) -> None:
        """Copy an array into a channel, as much of it as fits.

        Parameters
        ----------
        source : array of float
            One dimension.
        channel : int
            Counted from 0.
        start : int, optional
            Where its first sample goes.
        """
        target = self.get_channel_data(channel)[integer("start", start, 0) :]
        array = np.asarray(source, dtype=np.float32)
        if array.ndim != 1:
            raise ArgumentError(f"source has shape {array.shape}; it must have one dimension")
        n = min(len(target), len(array))
        target[:n] = array[:n]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return (frames, channels): a view, unless another dtype or a copy is asked for."""
        view = self._planes.T
        if dtype is not None and np.dtype(dtype) != view.dtype:
            if copy is False:
                raise ValueError(f"another dtype than float32, {dtype}, takes a copy")
            return view.astype(dtype)
        return view.copy() if copy else view

    def __dlpack__(self, **options: Any) -> Any:
        """Return (frames, channels) for other libraries, without a copy; not to be written to."""
        return self._sound.planes().T.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return where the samples are: in the memory of the CPU."""
        return 1, 0

    def _for_core(self) -> Sound:
        """Return it as C has it; from now on it does not change."""
        if self._planes.flags.writeable:
            self._planes.flags.writeable = False
            self._sound.seal()
        return self._sound

    def _repr_html_(self) -> str:
        from pastream_ng.display.player import player

        return player(self)._repr_html_()

    def __repr__(self) -> str:
        n = self.number_of_channels
        channels = f"{n} channel{'s' * (n != 1)}"
        return f"<AudioBuffer: {self.length} frames, {channels}, {self.sample_rate:g} Hz>"


class PeriodicWave:
    """The shape of a wave, as the sum of its partials.

    Parameters
    ----------
    real, imag : array of float, optional
        Cosines and sines: number k belongs to k times the frequency, number 0 is not used. At
        least 2 numbers, as many of both; None stands for zeros.
    normalize : bool, optional
        Whether to scale it so that its peak is 1.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> organ = ps.PeriodicWave(imag=[0, 1, 0.5, 0, 0.25])
    >>> ctx.create_oscillator(periodic_wave=organ)
    <OscillatorNode: type='custom', frequency=440, detune=0>
    """

    def __init__(
        self,
        real: ArrayLike | None = None,
        imag: ArrayLike | None = None,
        *,
        normalize: bool = True,
    ) -> None:
        cosines = None if real is None else numbers("real", real)
        sines = None if imag is None else numbers("imag", imag)
        if cosines is None and sines is None:
            cosines, sines = [0.0, 0.0], [0.0, 1.0]
        self._real = [0.0] * len(sines or ()) if cosines is None else cosines
        self._imag = [0.0] * len(self._real) if sines is None else sines
        self._normalize = flag("normalize", normalize)
        self._wave = Wave(self._real, self._imag, normalize=self._normalize)
        _waves[self._wave.id] = self

    @classmethod
    def _from_core(cls, wave: Wave | None) -> PeriodicWave | None:
        """Return what a node has."""
        if wave is None:
            return None
        found = _waves.get(wave.id)
        if found is None:
            found = cls.__new__(cls)
            found._real, found._imag, found._normalize = wave.series()
            found._wave = wave
            _waves[wave.id] = found
        return found

    @property
    def real(self) -> NDArray[np.float64]:
        """The cosines."""
        return np.array(self._real)

    @property
    def imag(self) -> NDArray[np.float64]:
        """The sines."""
        return np.array(self._imag)

    @property
    def normalize(self) -> bool:
        """Whether its peak is scaled to 1."""
        return self._normalize

    def _for_core(self) -> Wave:
        return self._wave

    def __repr__(self) -> str:
        n = len(self._real) - 1
        return f"<PeriodicWave: {n} partial{'s' * (n != 1)}>"


#: What can be played: a buffer, an array at the context's rate, a path, or a file's bytes.
SoundLike = Union[AudioBuffer, "np.typing.NDArray[Any]", str, "os.PathLike[str]", bytes]


def decoded(source: Any, rate: float) -> AudioBuffer:
    """Return a sound file as a buffer of some rate.

    `source`: a path, the bytes of a file, or an open binary file.
    """
    from pastream_ng.files.whole import read
    from pastream_ng.resampling import resample

    file = io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
    frames, own_rate = read(file, always_2d=True)
    if len(frames) == 0:
        raise ArgumentError("source has no frames; a buffer has at least 1")
    if not math.isclose(own_rate, rate, rel_tol=1e-9):
        frames = resample(frames, own_rate, rate)
    return AudioBuffer(frames, rate)


def as_buffer(context: BaseAudioContext, source: SoundLike) -> AudioBuffer:
    """Return what can be played as a buffer."""
    if isinstance(source, AudioBuffer):
        return source
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return context.decode_audio_data(source)
    if isinstance(source, (np.ndarray, list, tuple)):
        return AudioBuffer(source, context.sample_rate)
    raise ArgumentTypeError(
        f"buffer is {shown(source)} of type {type(source).__name__}; it must be an AudioBuffer, an "
        "array of (frames, channels), a path, or the bytes of a file"
    )
