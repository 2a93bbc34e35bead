# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that make other sound of each sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng.graph.nodes.members import Choice, Numbers
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions
from pastream_ng.graph.params import numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["WaveShaperNode"]

OversampleName = Literal["none", "2x", "4x"]


class WaveShaperNode(AudioNode):
    """Takes each sample through a curve: distortion, saturation, folding.

    A curve which makes something of silence sounds without any input.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    curve : array of float, optional
        At least 2 points, evenly from -1 to 1, with lines between them; what is beyond an end is
        that end. It is copied, and can be set once. None: sound passes as it is.
    oversample : {"none", "2x", "4x"}, optional
        At how many times the rate, so that overtones beyond the highest frequency go away instead
        of being folded down. Sound is 63 frames later with "2x", 68 with "4x".
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> osc = ctx.create_oscillator(frequency=100)
    >>> shaper = ctx.create_wave_shaper([-0.5, -0.5, 0, 0.5, 0.5])  # No more than a half.
    >>> _ = osc >> shaper >> ctx.destination
    >>> osc.start()
    >>> y = ctx.render()
    >>> float(y.max())
    0.5
    """

    _kind = "wave_shaper"
    curve = Numbers("The points of the curve; None: sound passes as it is.")
    oversample = Choice[OversampleName]("At how many times the rate: none, 2x or 4x.")

    def __init__(
        self,
        context: BaseAudioContext,
        curve: ArrayLike | None = None,
        *,
        oversample: OversampleName = "none",
        **channels: Unpack[ChannelOptions],
    ) -> None:
        points = None if curve is None else numbers("curve", curve)
        super().__init__(context, curve=points, oversample=oversample, **channels)
