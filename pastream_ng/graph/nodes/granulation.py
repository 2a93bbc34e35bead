# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Clouds of grains of a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng.graph.data import SoundLike, as_buffer
from pastream_ng.graph.nodes.members import Choice, Integer, Param, Sound
from pastream_ng.graph.nodes.node import AudioScheduledSourceNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["GranulationNode"]

GrainWindow = Literal["hann", "triangle", "trapezoid", "gaussian", "rectangle"]


class GranulationNode(AudioScheduledSourceNode):
    """Many short pieces of a sound at once, each from a place by chance: a cloud of grains.

    There are always `grain_count` of them, each under a window, and they begin at even distances.
    Together they are about as loud as the sound. The params count for the grains that begin then.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    buffer : AudioBuffer, array, path or bytes, optional
        The sound, of any rate; the node has its channels. An array of shape (frames, channels) or
        (frames,) is taken to be at the context's rate. Without one there is silence; with another
        one, the grains of the first end.
    grain_count : int, optional
        How many at once, from 1 to 2048.
    grain_duration : float, optional
        How long each is, in seconds from 0.001 to 60. A param. Grains are shorter if the sound is.
    position_min, position_max : float, optional
        Between which places they begin: 0 is the beginning of the sound, 1 is where the last whole
        grain begins. Params.
    playback_rate : float, optional
        2 is twice as fast, and an octave up; negative is backwards. From -64 to 64. A param.
    window : {"hann", "triangle", "trapezoid", "gaussian", "rectangle"}, optional
        How grains come and go.
    seed : int, optional
        From 0 to 4294967295. The same seed gives the same places. Given when the node is made.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=48000, sample_rate=48000)
    >>> voice = np.sin(np.arange(96000) / 20).astype("float32")
    >>> cloud = ctx.create_granulation(voice, grain_count=50, playback_rate=0.5)
    >>> _ = cloud.position_max.linear_ramp_to_value_at_time(0.2, 1)
    >>> _ = cloud >> ctx.destination
    >>> cloud.start()
    """

    _kind = "granulation"
    grain_duration = Param("How long the next grains are, in seconds.")
    position_min = Param("Where the next grains begin at the earliest, from 0 to 1.")
    position_max = Param("Where the next grains begin at the latest, from 0 to 1.")
    playback_rate = Param("How fast the next grains are: 2 is an octave up.")
    buffer = Sound("What the grains are of: an `AudioBuffer`, or None.")
    window = Choice[GrainWindow]("How grains come and go.")
    grain_count = Integer("How many there are at once, from 1 to 2048.")
    seed = Integer("What the places depend on. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        buffer: SoundLike | None = None,
        *,
        grain_count: int = 8,
        grain_duration: float = 0.1,
        position_min: float = 0.0,
        position_max: float = 1.0,
        playback_rate: float = 1.0,
        window: GrainWindow = "hann",
        seed: int = 1,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            buffer=None if buffer is None else as_buffer(context, buffer),
            grain_count=grain_count,
            grain_duration=grain_duration,
            position_min=position_min,
            position_max=position_max,
            playback_rate=playback_rate,
            window=window,
            seed=seed,
            **channels,
        )
