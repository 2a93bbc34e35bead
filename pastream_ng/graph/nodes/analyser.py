# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The node that shows what it hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pastream_ng.graph.description.captures import (
    analyser_decibel_bytes,
    analyser_decibels,
    analyser_sound,
    analyser_sound_bytes,
)
from pastream_ng.graph.nodes.members import Integer, Number
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["AnalyserNode"]


class AnalyserNode(AudioNode):
    """Passes sound on as it is, and tells its waveform and its spectrum to any thread.

    It keeps the last 32768 frames, mixed down to mono, also if its output leads nowhere. A spectrum
    is that of the last `fft_size` frames under a Blackman window. It is smoothed from one reading
    to the next; all that is read in one quantum is one reading.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    fft_size : int, optional
        Frames: a power of two from 32 to 32768.
    min_decibels, max_decibels : float, optional
        What becomes 0 and 255 where a spectrum is read as bytes.
    smoothing_time_constant : float, optional
        How much of the last spectrum stays in the next, from 0 to 1.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8192, sample_rate=32768)
    >>> osc, analyser = ctx.create_oscillator(frequency=512), ctx.create_analyser()
    >>> _ = osc >> analyser
    >>> osc.start()
    >>> _ = ctx.render()
    >>> spectrum = analyser.get_float_frequency_data()
    >>> spectrum.shape
    (1024,)
    >>> float(analyser.frequencies[spectrum.argmax()])
    512.0
    """

    _kind = "analyser"
    fft_size = Integer("How many frames a spectrum is of: a power of two from 32 to 32768.")
    min_decibels = Number("What becomes 0 where a spectrum is read as bytes.")
    max_decibels = Number("What becomes 255 where a spectrum is read as bytes.")
    smoothing_time_constant = Number("How much of the last spectrum stays in the next, 0 to 1.")

    def __init__(
        self,
        context: BaseAudioContext,
        *,
        fft_size: int = 2048,
        min_decibels: float = -100.0,
        max_decibels: float = -30.0,
        smoothing_time_constant: float = 0.8,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            fft_size=fft_size,
            min_decibels=min_decibels,
            max_decibels=max_decibels,
            smoothing_time_constant=smoothing_time_constant,
            **channels,
        )

    @property
    def frequency_bin_count(self) -> int:
        """How many numbers a spectrum has: half of `fft_size`."""
        return self.fft_size // 2

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """The frequency of each number of a spectrum, in Hz."""
        size = self.fft_size
        return np.arange(size // 2, dtype=np.float64) * (self._context.sample_rate / size)

    def get_float_frequency_data(self) -> NDArray[np.float32]:
        """Return the spectrum in decibels.

        A sine of full scale whose frequency is one of `frequencies` reaches -13.6 dB there.

        Returns
        -------
        numpy.ndarray
            (frequency_bin_count,) float32; what there is nothing of is -inf.
        """
        return analyser_decibels(self._core)

    def get_frequency_data(self) -> NDArray[np.float32]:
        """Return the spectrum in decibels: `get_float_frequency_data`."""
        return analyser_decibels(self._core)

    def get_byte_frequency_data(self) -> NDArray[np.uint8]:
        """Return the spectrum as bytes, from `min_decibels` to `max_decibels`.

        Returns
        -------
        numpy.ndarray
            (frequency_bin_count,) uint8.
        """
        return analyser_decibel_bytes(self._core)

    def get_float_time_domain_data(self) -> NDArray[np.float32]:
        """Return the last frames, mixed down to mono.

        Returns
        -------
        numpy.ndarray
            (fft_size,) float32, the latest last; zeros from before the beginning.
        """
        return analyser_sound(self._core)

    def get_byte_time_domain_data(self) -> NDArray[np.uint8]:
        """Return the last frames as bytes: 128 is silence, 0 and 255 are full scale.

        Returns
        -------
        numpy.ndarray
            (fft_size,) uint8, the latest last.
        """
        return analyser_sound_bytes(self._core)
