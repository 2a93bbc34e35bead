# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recursive filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.graph.nodes.members import Choice, Numbers, Param
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions
from pastream_ng.graph.params import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["BiquadFilterNode", "Filter", "IIRFilterNode"]

BiquadType: TypeAlias = Literal[
    "lowpass", "highpass", "bandpass", "lowshelf", "highshelf", "peaking", "notch", "allpass"
]


class Filter(AudioNode):
    """A filter that tells what it does to sines."""

    def get_frequency_response(
        self, frequencies: ArrayLike
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return what the filter does to sines, with its params or taps as they are now.

        Parameters
        ----------
        frequencies : array_like
            In Hz, of any shape.

        Returns
        -------
        magnitude : numpy.ndarray
            How much louder each of them becomes: a factor, float32, in the shape of frequencies.
            NaN for what is not from 0 to half of the sample rate.
        phase : numpy.ndarray
            How far it is shifted, in radians from -pi to pi.

        Raises
        ------
        ArgumentTypeError
            frequencies are no numbers.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
        >>> magnitude, phase = ctx.create_biquad_filter("notch", 1000).get_frequency_response(1000)
        >>> bool(magnitude < 1e-6)
        True
        """
        try:
            hz = np.asarray(frequencies, dtype=float)
        except (TypeError, ValueError):
            raise ArgumentTypeError(
                f"frequencies is {shown(frequencies)}; it must be numbers"
            ) from None
        return self._respond(hz)

    def _respond(
        self, hz: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        return self._core.frequency_response(np.array(hz, dtype=np.float32, order="C"))


class BiquadFilterNode(Filter):
    """Filters sound by one of the usual filters of second order.

    All params act frame by frame. The frequency that counts is
    ``frequency * 2 ** (detune / 1200)``, limited to half of the sample rate.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    type : str, optional
        ``"lowpass"``, ``"highpass"``, ``"bandpass"``, ``"lowshelf"``, ``"highshelf"``,
        ``"peaking"``, ``"notch"`` or ``"allpass"``.
    frequency : float, optional
        In Hz, from 0 to half of the sample rate. A param.
    detune : float, optional
        Changes the frequency, in cents: 1200 are an octave. A param.
    q : float, optional
        How sharp it is. In decibels for ``"lowpass"`` and ``"highpass"``: how far the frequency
        stands out. The shelves do not look at it. A param.
    gain : float, optional
        In decibels; for ``"peaking"`` and the shelves. A param.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> tone = ctx.create_oscillator(type="sawtooth", frequency=110)
    >>> _ = tone >> ctx.create_biquad_filter("lowpass", frequency=800, q=4) >> ctx.destination
    """

    _kind = "biquad_filter"
    type = Choice[BiquadType]("Which of the filters it is.")
    frequency = Param("In Hz, from 0 to half of the sample rate.")
    detune = Param("What changes the frequency, in cents.")
    q = Param("How sharp it is: in decibels for lowpass and highpass.")
    gain = Param("In decibels, for peaking and the shelves.")

    def __init__(
        self,
        context: BaseAudioContext,
        type: BiquadType = "lowpass",
        frequency: float = 350.0,
        *,
        detune: float = 0.0,
        q: float = 1.0,
        gain: float = 0.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context, type=type, frequency=frequency, detune=detune, q=q, gain=gain, **channels
        )


class IIRFilterNode(Filter):
    """Filters sound by a recursive filter of any kind.

    ``feedback[0] * y[n]`` is the sum of ``feedforward[k] * x[n - k]`` over all k, less the sum of
    ``feedback[k] * y[n - k]`` over all k from 1 on. Nobody checks that it is stable: one that is
    not grows beyond all numbers, and then begins anew.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    feedforward : sequence of float
        1 to 20 numbers, not all 0. Cannot be changed later.
    feedback : sequence of float
        1 to 20 numbers, the first of which is not 0. Cannot be changed later.
    **channels : ChannelOptions
        How its input is mixed.

    Raises
    ------
    ArgumentError
        There are no such numbers.
    ArgumentTypeError
        They are no numbers.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> smooth = ctx.create_iir_filter([0.1], [1, -0.9])
    >>> _ = ctx.create_constant_source() >> smooth >> ctx.destination
    """

    _kind = "iir_filter"
    feedforward = Numbers("What samples count. It is given when the node is made.")
    feedback = Numbers("What results count. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        feedforward: Sequence[float],
        feedback: Sequence[float],
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            feedforward=numbers("feedforward", feedforward),
            feedback=numbers("feedback", feedback),
            **channels,
        )
