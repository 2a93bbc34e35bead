# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sources of synthesizers, which Web Audio does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng.graph.nodes.members import Choice, Integer, Number, Param
from pastream_ng.graph.nodes.node import AudioScheduledSourceNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["PolyblepOscillatorNode", "SupersawNode"]

PolyblepType = Literal[
    "sine",
    "triangle",
    "square",
    "sawtooth",
    "ramp",
    "pulse",
    "slope",
    "trapezoid",
    "half_sine",
    "full_sine",
]


class PolyblepOscillatorNode(AudioScheduledSourceNode):
    """A periodic wave that can be bent while it sounds, as those of analogue synthesizers.

    It is computed as it is drawn, and its edges are smoothed by polynomials over four frames. So
    hardly anything is mirrored at half the rate, but high partials are weaker than those of an
    `OscillatorNode`: by 0.6 dB at a tenth of the rate, and 2.3 dB at a fifth.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    type : str, optional
        The shape, from -1 to 1: "sine", "triangle" and "sawtooth" (upwards) begin at 0, and so does
        "ramp" (downwards); "square" begins with its upper half; "pulse" is up for a part of its
        period, which is `width`; "slope" rises for that part, from -1, and falls for the rest;
        "trapezoid" rests above and below for that part in all. From 0 to 1: "half_sine" without
        its lower half, "full_sine" one hump for each period.
    frequency : float, optional
        In Hz, from minus to plus half the rate. A param.
    detune : float, optional
        In cents: 1200 is an octave up. A param.
    width : float, optional
        From 0 to 1, for the shapes above. A param.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=48000, sample_rate=48000)
    >>> pulse = ctx.create_polyblep_oscillator("pulse", frequency=110, width=0.1)
    >>> lfo, depth = ctx.create_oscillator(frequency=0.5), ctx.create_gain(0.05)
    >>> _ = lfo >> depth >> pulse.width
    >>> _ = pulse >> ctx.destination
    >>> lfo.start(), pulse.start()
    (None, None)
    >>> pulse
    <PolyblepOscillatorNode: type='pulse', frequency=110, detune=0, width=0.1>
    """

    _kind = "polyblep_oscillator"
    frequency = Param("In Hz; limited to half the rate of either sign, with detune.")
    detune = Param("In cents: 1200 is an octave up.")
    width = Param("The part of the period in which a pulse is up, and the like.")
    type = Choice[PolyblepType]("The shape. To set it keeps the phase.")

    def __init__(
        self,
        context: BaseAudioContext,
        type: PolyblepType = "sine",
        *,
        frequency: float = 440.0,
        detune: float = 0.0,
        width: float = 0.5,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context, type=type, frequency=frequency, detune=detune, width=width, **channels
        )


class SupersawNode(AudioScheduledSourceNode):
    """Some saws at once that are a little out of tune, about as loud as one.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    frequency : float, optional
        Of what they are around, in Hz, from minus to plus half the rate. A param.
    detune : float, optional
        How far the lowest and the highest one are from it, in cents, from 0 to 1200; the others
        lie evenly between them. A param.
    saw_count : int, optional
        How many, from 1 to 16.
    spread : float, optional
        From 0, which is mono, to 1: the lowest and the highest one are at the sides, and the
        others in between, by turns.
    seed : int, optional
        From 0 to 4294967295: where each of them begins. With 0 all of them begin together, which
        has an edge. Given when the node is made.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=48000, sample_rate=48000)
    >>> saws = ctx.create_supersaw(frequency=110, spread=0.8)
    >>> _ = saws >> ctx.create_gain(0.3) >> ctx.destination
    >>> saws.start()
    >>> saws
    <SupersawNode: frequency=110, detune=25>
    """

    _kind = "supersaw"
    frequency = Param("Of what they are around, in Hz; limited to half the rate of either sign.")
    detune = Param("How far the outermost ones are from the frequency, in cents.")
    saw_count = Integer("How many there are, from 1 to 16.")
    spread = Number("How far they are to the sides: 0 is mono, 1 all the way.")
    seed = Integer("Where each of them begins; 0: together. It is given when the node is made.")

    def __init__(
        self,
        context: BaseAudioContext,
        frequency: float = 440.0,
        *,
        detune: float = 25.0,
        saw_count: int = 7,
        spread: float = 0.0,
        seed: int = 1,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            frequency=frequency,
            detune=detune,
            saw_count=saw_count,
            spread=spread,
            seed=seed,
            **channels,
        )
