# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Rooms, from what they answered to an impulse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.graph.data import SoundLike, as_buffer
from pastream_ng.graph.nodes.members import Flag, Sound
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["ConvolverNode"]


class ConvolverNode(AudioNode):
    """Convolves sound with a response, such as that of a room, without delay.

    A response of one channel is for each channel; of two, the first is for the left one, and the
    second for the right one. Of four, left goes through the first to the left and through the
    second to the right, and right through the others likewise. Mono stays mono where the response
    is mono too. What comes in and is not finite counts as 0.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    buffer : AudioBuffer, array, path or bytes, optional
        The response, of 1, 2 or 4 channels and the context's rate. An array of shape
        (frames, channels) or (frames,) is taken to be at that rate, a file is brought to it.
        Without one there is silence. Another one may be set at any time, and begins in silence.
    normalize : bool, optional
        Whether a buffer is scaled when it is set, so that responses are about equally loud.
    **channels : ChannelOptions
        How its input is mixed: to one channel or two.

    Raises
    ------
    UnsupportedOptionError
        The buffer has another number of channels, or another rate.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=4, sample_rate=8000)
    >>> source = ctx.create_buffer_source(np.array([1, 0.5], "float32"))
    >>> echo = ctx.create_convolver(np.array([1, 0, 0.25], "float32"), normalize=False)
    >>> _ = source >> echo >> ctx.destination
    >>> source.start()
    >>> ctx.render()[:, 0].round(6).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """

    _kind = "convolver"
    buffer = Sound("The response: an `AudioBuffer`, or None.")
    normalize = Flag("Whether the next buffer that is set will be scaled.")

    def __init__(
        self,
        context: BaseAudioContext,
        buffer: SoundLike | None = None,
        *,
        normalize: bool = True,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            buffer=None if buffer is None else as_buffer(context, buffer),
            normalize=normalize,
            **channels,
        )
