# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that shape how loud sound is: envelopes and clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng.graph.nodes.members import Choice, Flag, Param
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["ADSRNode", "ClipNode"]

ClipMode = Literal["clip", "tanh"]


class ADSRNode(AudioNode):
    """Multiplies sound by an envelope: attack, decay, sustain and release, all of them lines.

    When the gate opens, the envelope goes from where it is to attack_level, then to sustain_level,
    and stays there; when the gate closes, it goes from where it is to 0. To open the gate again
    begins again, at any time. Without a connection to its input, its output is the envelope itself,
    which can go to a param.

    Numbers of a stage count as they are when it begins.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    gate : float, optional
        Open while it is above 0. A param, from 0 to 1, which counts frame by frame.
    attack_time : float, optional
        In seconds. A param, as all of these, with one value for each quantum.
    attack_level : float, optional
        A factor.
    decay_time : float, optional
        In seconds.
    sustain_time : float, optional
        In seconds: the release begins after so long, even if the gate is open. 0 stands for as long
        as the gate is open.
    sustain_level : float, optional
        A factor.
    release_time : float, optional
        In seconds.
    one_shot : bool, optional
        Whether all stages are gone through, even if the gate closes before.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> tone, envelope = ctx.create_oscillator(), ctx.create_adsr(attack_time=0.01)
    >>> _ = tone >> envelope >> ctx.destination
    >>> tone.start()
    >>> _ = envelope.gate.set_value_at_time(1, 0.1).set_value_at_time(0, 0.5)
    """

    _kind = "adsr"
    gate = Param("Open while it is above 0.")
    attack_time = Param("In seconds.")
    attack_level = Param("The factor at the end of the attack.")
    decay_time = Param("In seconds.")
    sustain_time = Param("In seconds; 0: as long as the gate is open.")
    sustain_level = Param("The factor after the decay.")
    release_time = Param("In seconds.")
    one_shot = Flag("Whether all stages are gone through, even if the gate closes before.")

    def __init__(
        self,
        context: BaseAudioContext,
        *,
        gate: float = 0.0,
        attack_time: float = 0.125,
        attack_level: float = 1.0,
        decay_time: float = 0.125,
        sustain_time: float = 0.0,
        sustain_level: float = 0.5,
        release_time: float = 0.125,
        one_shot: bool = False,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            gate=gate,
            attack_time=attack_time,
            attack_level=attack_level,
            decay_time=decay_time,
            sustain_time=sustain_time,
            sustain_level=sustain_level,
            release_time=release_time,
            one_shot=one_shot,
            **channels,
        )


class ClipNode(AudioNode):
    """Brings sound to what lies between two numbers, a and b.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    mode : str, optional
        ``"clip"``: what is beyond becomes the nearest of both; ``"tanh"``: it comes nearer to them
        along a hyperbolic tangent, which changes next to nothing in the middle between both.
    a : float, optional
        One end. A param.
    b : float, optional
        The other end. A param.
    **channels : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> _ = ctx.create_oscillator() >> ctx.create_clip(a=-0.5, b=0.5) >> ctx.destination
    """

    _kind = "clip"
    mode = Choice[ClipMode]("How sound is brought there.")
    a = Param("One end.")
    b = Param("The other end.")

    def __init__(
        self,
        context: BaseAudioContext,
        mode: ClipMode = "clip",
        *,
        a: float = -1.0,
        b: float = 1.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, mode=mode, a=a, b=b, **channels)
