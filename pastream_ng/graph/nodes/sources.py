# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that make sound: oscillator, constant, and what plays a buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng._checks import integer, shown
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.graph.data import PeriodicWave, SoundLike, as_buffer
from pastream_ng.graph.nodes.members import Choice, Flag, Integer, Number, Param, Sound, Wave
from pastream_ng.graph.nodes.node import AudioScheduledSourceNode, ChannelOptions
from pastream_ng.graph.params import number

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["AudioBufferSourceNode", "ConstantSourceNode", "NoiseNode", "OscillatorNode"]

NoiseType = Literal["white", "pink", "brown"]
OscillatorType = Literal["sine", "square", "sawtooth", "triangle", "custom"]


class OscillatorNode(AudioScheduledSourceNode):
    """A periodic wave, without partials above half the rate.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    type : {"sine", "square", "sawtooth", "triangle", "custom"}, optional
        The shape; "custom" goes with periodic_wave.
    frequency : float, optional
        In Hz, from minus to plus half the rate. A param.
    detune : float, optional
        In cents: 1200 is an octave up. A param.
    periodic_wave : PeriodicWave, optional
        A shape of one's own.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> osc = ctx.create_oscillator(type="sawtooth", frequency=220)
    >>> osc.detune = 1200
    >>> _ = osc >> ctx.destination
    >>> osc.start()
    >>> osc
    <OscillatorNode: type='sawtooth', frequency=220, detune=1200>
    """

    _kind = "oscillator"
    frequency = Param("In Hz; limited to half the rate of either sign, with detune.")
    detune = Param("In cents: 1200 is an octave up.")
    periodic_wave = Wave("A shape of one's own, or None; it is heard if the type is custom.")
    type = Choice[OscillatorType]("The shape. To set it keeps the phase.")

    def __init__(
        self,
        context: BaseAudioContext,
        type: OscillatorType = "sine",
        *,
        frequency: float = 440.0,
        detune: float = 0.0,
        periodic_wave: PeriodicWave | None = None,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            type=type if periodic_wave is None else "custom",
            frequency=frequency,
            detune=detune,
            periodic_wave=periodic_wave,
            **channels,
        )

    def set_periodic_wave(self, wave: PeriodicWave) -> None:
        """Have a shape of one's own from now on; the type becomes "custom".

        Parameters
        ----------
        wave : PeriodicWave
            The shape.
        """
        if not isinstance(wave, PeriodicWave):
            raise ArgumentTypeError(
                f"wave is {shown(wave)} of type {wave.__class__.__name__}; it must be a "
                "PeriodicWave"
            )
        with self._context.batch():
            self._set("periodic_wave", wave)
            self._set("type", "custom")


class NoiseNode(AudioScheduledSourceNode):
    """Noise in one channel, the same each time: nodes with other seeds have nothing in common.

    White noise lies evenly between -1 and 1. Pink noise falls by 3 dB per octave, from 1/5000 of
    the sample rate on; brown noise by 6 dB, from 20 Hz on. Both have an RMS of 0.2, so that they
    hardly ever leave -1 to 1.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    type : str, optional
        ``"white"``, ``"pink"`` or ``"brown"``.
    seed : int, optional
        From 0 to 4294967295. Cannot be changed later.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=8000, sample_rate=8000)
    >>> sides = ctx.create_channel_merger(2)
    >>> left, right = ctx.create_noise("pink", seed=1), ctx.create_noise("pink", seed=2)
    >>> _ = left >> sides[0], right >> sides[1], sides >> ctx.destination
    >>> left.start(), right.start()
    (None, None)
    """

    _kind = "noise"
    type = Choice[NoiseType]("Its colour.")
    seed = Integer("Which noise it is. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        type: NoiseType = "white",
        *,
        seed: int = 0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, type=type, seed=integer("seed", seed, 0, 2**32 - 1), **channels)


class ConstantSourceNode(AudioScheduledSourceNode):
    """The same number in each frame, for params that are to move together.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    offset : float, optional
        The number. A param.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=4, sample_rate=8000)
    >>> one = ctx.create_constant_source(0.5)
    >>> _ = one >> ctx.destination
    >>> one.start()
    >>> ctx.render().tolist()
    [[0.5], [0.5], [0.5], [0.5]]
    """

    _kind = "constant_source"
    offset = Param("The number.")

    def __init__(
        self, context: BaseAudioContext, offset: float = 1.0, **channels: Unpack[ChannelOptions]
    ) -> None:
        super().__init__(context, offset=offset, **channels)


class AudioBufferSourceNode(AudioScheduledSourceNode):
    """Plays a sound from memory, once, at any rate and from any place, perhaps in a loop.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    buffer : AudioBuffer, array, path or bytes, optional
        What to play. An array of shape (frames, channels) or (frames,) is taken to be at the
        context's rate, a file is read and brought to it. It can be set once.
    playback_rate : float, optional
        2 is twice as fast, and an octave up; negative is backwards. A param, one value a quantum.
    detune : float, optional
        In cents: 1200 is twice as fast. A param, one value a quantum.
    loop : bool, optional
        Whether to go on from loop_start when loop_end is reached.
    loop_start, loop_end : float, optional
        In seconds of the buffer. All of it, unless 0 <= loop_start < loop_end.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import numpy as np
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=4, sample_rate=8000)
    >>> source = ctx.create_buffer_source(np.array([0.25, 0.5], "float32"), loop=True)
    >>> _ = source >> ctx.destination
    >>> source.start()
    >>> ctx.render()[:, 0].tolist()
    [0.25, 0.5, 0.25, 0.5]
    """

    _kind = "buffer_source"
    playback_rate = Param("2 is twice as fast; negative is backwards.")
    detune = Param("In cents: 1200 is twice as fast.")
    buffer = Sound("What is played: an `AudioBuffer`, or None. It can be set once.")
    loop = Flag("Whether to go on from loop_start when loop_end is reached.")
    loop_start = Number("Where the loop begins, in seconds of the buffer.")
    loop_end = Number("Where the loop ends, in seconds of the buffer; 0: at the buffer's end.")

    def __init__(
        self,
        context: BaseAudioContext,
        buffer: SoundLike | None = None,
        *,
        playback_rate: float = 1.0,
        detune: float = 0.0,
        loop: bool = False,
        loop_start: float = 0.0,
        loop_end: float = 0.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            buffer=None if buffer is None else as_buffer(context, buffer),
            playback_rate=playback_rate,
            detune=detune,
            loop=loop,
            loop_start=loop_start,
            loop_end=loop_end,
            **channels,
        )

    def start(self, when: float = 0.0, offset: float = 0.0, duration: float | None = None) -> None:
        """Let it sound from a time on.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock, exact. What has passed counts as now.
        offset : float, optional
            Where in the buffer to begin, in its seconds.
        duration : float, optional
            How much of the buffer to play, in its seconds; None: all.

        Raises
        ------
        ArgumentError
            A number is negative or not finite.
        StateError
            It was started before.
        """
        self._context._check_open()
        length = None if duration is None else number("duration", duration)
        self._core.start(number("when", when), number("offset", offset), length)
