# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that change how loud sound is by how loud it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pastream_ng.graph.description.captures import compressor_reduction
from pastream_ng.graph.nodes.members import Number, Param
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["DynamicsCompressorNode", "LimiterNode", "PeakCompressorNode"]


class DynamicsCompressorNode(AudioNode):
    """Turns down what is loud, in both channels alike, and all of it up by a fixed gain.

    What comes out is 6 ms old, so that the gain is down when the loud sound comes. The curve, the
    gain that makes up for it, and the times are those of the browsers; the release is the quicker
    the further there is to go. The first sound of all is turned down, too, until the gain has found
    its level.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    threshold : float, optional
        In decibels, -100 to 0: below it nothing is turned down. A param, as all of them.
    knee : float, optional
        In decibels, 0 to 40: how far above the threshold the curve becomes a line.
    ratio : float, optional
        1 to 20: by how many decibels more above the knee one more decibel comes out.
    attack : float, optional
        In seconds, 0 to 1: how long the gain takes to go down by 10 dB.
    release : float, optional
        In seconds, 0 to 1: how long it takes to come up by 10 dB.
    **channels : ChannelOptions
        How its input is mixed: at most to stereo.

    Examples
    --------
    >>> import math
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> loud = ctx.create_constant_source()
    >>> compressor = ctx.create_dynamics_compressor(-20, knee=0, ratio=4)
    >>> _ = loud >> compressor >> ctx.destination
    >>> loud.start()
    >>> y = ctx.render()
    >>> round(20 * math.log10(y[-1, 0]))  # 15 dB less, of which 9 are made up for.
    -6
    >>> round(compressor.reduction)
    -15
    """

    _kind = "dynamics_compressor"
    threshold = Param("In decibels, -100 to 0: below it nothing is turned down.")
    knee = Param("In decibels, 0 to 40: how far above the threshold the curve becomes a line.")
    ratio = Param("1 to 20: how many decibels more above the knee make one more.")
    attack = Param("In seconds, 0 to 1: how long the gain takes to go down by 10 dB.")
    release = Param("In seconds, 0 to 1: how long it takes to come up by 10 dB.")

    def __init__(
        self,
        context: BaseAudioContext,
        threshold: float = -24.0,
        *,
        knee: float = 30.0,
        ratio: float = 12.0,
        attack: float = 0.003,
        release: float = 0.25,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            threshold=threshold,
            knee=knee,
            ratio=ratio,
            attack=attack,
            release=release,
            **channels,
        )

    @property
    def reduction(self) -> float:
        """By how many decibels it turns down now: 0 or less, for a meter.

        It follows the gain down, and comes up slowly. While nothing sounds, it stays as it is. Any
        thread may read it.
        """
        return float(compressor_reduction(self._core)[0])


class LimiterNode(AudioNode):
    """Lets no sample be louder than a ceiling; what is softer comes out as it was, bit by bit.

    The gain goes down before a peak comes, in both channels alike, and slowly up again behind it.
    Sound comes out by the look-ahead later. What is no number counts as 0.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    ceiling : float, optional
        In decibels of full scale. Cannot be changed later, nor can the others.
    look_ahead : float, optional
        In seconds, 0 to 1: how long before a peak the gain begins to go down.
    release : float, optional
        In seconds, 0 to 60, in which 63 % of the way up are gone.
    **channels : ChannelOptions
        How its input is mixed: at most to stereo.

    Examples
    --------
    >>> import math
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> loud = ctx.create_oscillator(frequency=100)
    >>> _ = loud >> ctx.create_gain(10) >> ctx.create_limiter(-6) >> ctx.destination
    >>> loud.start()
    >>> round(20 * math.log10(ctx.render().max()), 2)
    -6.0
    """

    _kind = "limiter"
    ceiling = Number("In decibels of full scale. It is given when the node is made.")
    look_ahead = Number("In seconds, 0 to 1. It is given when the node is made.")
    release = Number("In seconds, 0 to 60. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        ceiling: float = -1.0,
        *,
        look_ahead: float = 0.005,
        release: float = 0.05,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context, ceiling=ceiling, look_ahead=look_ahead, release=release, **channels
        )

    @property
    def latency(self) -> float:
        """By how many seconds sound comes out later: the look-ahead, in whole frames."""
        rate = self.context.sample_rate
        return math.floor(self.look_ahead * rate + 0.5) / rate


class PeakCompressorNode(AudioNode):
    """Turns down what is loud, and what is quiet, by a curve that is told to the decibel.

    Each channel is measured by itself: its level is that of its peaks, which follows them up in the
    attack and down in the release. Above the threshold each decibel more becomes ``1 / ratio``
    more, with a parabola around it; below the other threshold each decibel less becomes
    ``expansion_ratio`` less. Nothing is delayed. What is no number counts as 0.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    threshold : float, optional
        In decibels of full scale. Cannot be changed later, nor can the others.
    knee : float, optional
        In decibels, 0 and more: how wide the parabola is.
    ratio : float, optional
        1 and more.
    attack, release : float, optional
        In seconds, 0 to 60, in which the level goes 63 % of its way.
    makeup : float, optional
        In decibels: by how much all becomes louder in the end.
    expansion_threshold : float, optional
        In decibels of full scale.
    expansion_ratio : float, optional
        1 and more; 1: what is quiet stays as it is.
    **channels : ChannelOptions
        How its input is mixed: at most to stereo.

    Examples
    --------
    >>> import math
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> loud = ctx.create_constant_source()
    >>> _ = loud >> ctx.create_peak_compressor(-20, ratio=4) >> ctx.destination
    >>> loud.start()
    >>> round(20 * math.log10(ctx.render()[-1, 0]), 2)
    -15.0
    """

    _kind = "peak_compressor"
    threshold = Number("In decibels of full scale. It is given when the node is made.")
    knee = Number("In decibels: how wide the bend is. It is given when the node is made.")
    ratio = Number("1 and more. It is given when the node is made.")
    attack = Number("In seconds, 0 to 60. It is given when the node is made.")
    release = Number("In seconds, 0 to 60. It is given when the node is made.")
    makeup = Number("In decibels, in the end. It is given when the node is made.")
    expansion_threshold = Number("In decibels of full scale. It is given when the node is made.")
    expansion_ratio = Number("1 and more; 1: none. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        threshold: float = -18.0,
        *,
        knee: float = 6.0,
        ratio: float = 4.0,
        attack: float = 0.01,
        release: float = 0.1,
        makeup: float = 0.0,
        expansion_threshold: float = -60.0,
        expansion_ratio: float = 1.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            threshold=threshold,
            knee=knee,
            ratio=ratio,
            attack=attack,
            release=release,
            makeup=makeup,
            expansion_threshold=expansion_threshold,
            expansion_ratio=expansion_ratio,
            **channels,
        )
