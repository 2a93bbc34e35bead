# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that pass sound on: gain, delay, splitter and merger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.graph.nodes.members import Number, Param
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["ChannelMergerNode", "ChannelSplitterNode", "DelayNode", "GainNode"]


class GainNode(AudioNode):
    """Multiplies sound by a factor.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    gain : float, optional
        The factor: 1 changes nothing. A param.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> ctx.create_gain(0.3)
    <GainNode: gain=0.3>
    """

    _kind = "gain"
    gain = Param("The factor.")

    def __init__(
        self, context: BaseAudioContext, gain: float = 1.0, **channels: Unpack[ChannelOptions]
    ) -> None:
        super().__init__(context, gain=gain, **channels)


class DelayNode(AudioNode):
    """Delays sound; what lies between two frames is interpolated in a line.

    In a cycle of connections it delays by at least one quantum.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    delay_time : float, optional
        In seconds, from 0 to max_delay_time. A param.
    max_delay_time : float, optional
        In seconds, above 0 and below 180. Cannot be changed later.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> ctx.create_delay(0.25)
    <DelayNode: delay_time=0.25>
    """

    _kind = "delay"
    delay_time = Param("In seconds, from 0 to max_delay_time.")
    max_delay_time = Number("The longest delay, in seconds. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        delay_time: float = 0.0,
        *,
        max_delay_time: float = 1.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, delay_time=delay_time, max_delay_time=max_delay_time, **channels)


class ChannelSplitterNode(AudioNode):
    """Has one output of one channel for each channel of its input: ``splitter[1] >> gain``.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    number_of_outputs : int, optional
        From 1 to 32. Cannot be changed later.
    **channels : ChannelOptions
        There is no choice but what it has.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=8000, sample_rate=8000)
    >>> splitter, merger = ctx.create_channel_splitter(2), ctx.create_channel_merger(2)
    >>> _ = splitter[0] >> merger[1] >> ctx.destination
    """

    _kind = "channel_splitter"

    def __init__(
        self,
        context: BaseAudioContext,
        number_of_outputs: int = 6,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, number_of_outputs=number_of_outputs, **channels)


class ChannelMergerNode(AudioNode):
    """Makes one channel of each of its inputs: ``left >> merger[0]``.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    number_of_inputs : int, optional
        From 1 to 32. Cannot be changed later.
    **channels : ChannelOptions
        There is no choice but what it has.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=8000, sample_rate=8000)
    >>> merger = ctx.create_channel_merger(2)
    >>> _ = ctx.create_oscillator() >> merger[1] >> ctx.destination
    """

    _kind = "channel_merger"

    def __init__(
        self,
        context: BaseAudioContext,
        number_of_inputs: int = 6,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, number_of_inputs=number_of_inputs, **channels)
