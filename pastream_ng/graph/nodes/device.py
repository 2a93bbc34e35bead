# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The node that brings what the device hears into a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.graph.nodes.members import Integer
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["DeviceInputNode"]


class DeviceInputNode(AudioNode):
    """What the context hears: the microphone of a live one, the ``input`` of an offline one.

    Without an input it is silent. It sounds by itself, as long as it leads somewhere. Where the
    device's blocks are no whole quanta, it is later by a quantum less one frame.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs. An `AudioContext` has an input if it is given ``input_channels``.
    channels : int, optional
        How many of the input's first channels it has, if there are so many.
    **rules : ChannelOptions
        Of no effect, since it has no input of its own.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> voice = np.array([0.5, 0.25], "float32")
    >>> ctx = ps.OfflineAudioContext(channels=1, length=4, sample_rate=8000, input=voice)
    >>> ctx.create_device_input() >> ctx.create_gain(2) >> ctx.destination
    <AudioDestinationNode: 1 channel>
    >>> ctx.render()[:, 0].tolist()
    [1.0, 0.5, 0.0, 0.0]
    """

    _kind = "device_input"
    channels = Integer("How many channels it has at most. It is given when the node is made.")

    def __init__(
        self, context: BaseAudioContext, *, channels: int = 2, **rules: Unpack[ChannelOptions]
    ) -> None:
        super().__init__(context, channels=channels, **rules)
