# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Filters with a finite answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng.graph.nodes.filters import Filter
from pastream_ng.graph.nodes.members import Numbers
from pastream_ng.graph.nodes.node import ChannelOptions
from pastream_ng.graph.params import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["FIRFilterNode"]


class FIRFilterNode(Filter):
    """Filters sound by a filter with a finite answer: ``y[n] = taps[0] x[n] + taps[1] x[n-1] ...``.

    It has no delay of its own. Other taps may be given while it plays: they take over within 10 ms,
    without a click. What is no number counts as 0. For more taps there is `ConvolverNode`.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    taps : array of float, optional
        1 to 8192 numbers. None: sound passes as it is.
    **channels : ChannelOptions
        How its input is mixed.

    Raises
    ------
    ArgumentError
        There are more taps, or they are not finite.
    ArgumentTypeError
        They are no numbers.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> mean = ctx.create_fir_filter([0.25, 0.25, 0.25, 0.25])
    >>> _ = ctx.create_oscillator() >> mean >> ctx.destination
    >>> magnitude, phase = mean.get_frequency_response([0, 2000])
    >>> magnitude.tolist()
    [1.0, 0.0]
    """

    _kind = "fir_filter"
    taps = Numbers("How much of each of the last samples comes out; None: sound passes as it is.")

    def __init__(
        self,
        context: BaseAudioContext,
        taps: ArrayLike | None = None,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, taps=None if taps is None else numbers("taps", taps), **channels)

    def _respond(
        self, hz: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        rate = self.context.sample_rate
        taps = np.ones(1) if self.taps is None else self.taps
        turns = np.where((hz >= 0) & (hz <= rate / 2), hz / rate, np.nan)
        # By Horner's rule, from the last tap.
        steps, answer = np.exp(-2j * np.pi * turns), np.zeros(hz.shape, dtype=complex)
        for tap in taps[::-1]:
            answer = answer * steps + tap
        magnitude = np.abs(answer)
        magnitude[magnitude < 1e-15 * np.abs(taps).sum()] = 0  # What rounding has left.
        return magnitude.astype(np.float32), np.angle(answer).astype(np.float32)
