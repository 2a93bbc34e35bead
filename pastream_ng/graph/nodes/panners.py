# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that put sound to a side, or somewhere in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pastream_ng._native import ffi, lib
from pastream_ng.graph.nodes.members import Choice, Number, Param
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["PannerNode", "StereoPannerNode", "hrtf_file"]

PanningModel = Literal["equalpower", "HRTF"]
DistanceModel = Literal["linear", "inverse", "exponential"]


def hrtf_file() -> str | None:
    """Return the file with the measurements of a head that panners hear by, as a path.

    It is the one that comes with libmysofa, or the one that the environment variable PASTREAM_SOFA
    names: any with impulse responses of two ears in the format SOFA.

    Returns
    -------
    str or None
        The path, whether or not there is such a file. None: this build lacks libmysofa.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> path = ps.hrtf_file()
    """
    path = lib.pst_hrtf_file()
    return None if path == ffi.NULL else ffi.string(path).decode("utf-8", "surrogateescape")


class StereoPannerNode(AudioNode):
    """Moves sound between left and right, as loud everywhere. Its output has two channels.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    pan : float, optional
        From -1, left, to 1, right. A param.
    **channels : ChannelOptions
        How its input is mixed: to one or two channels.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=8000, sample_rate=8000)
    >>> ctx.create_stereo_panner(-0.5)
    <StereoPannerNode: pan=-0.5>
    """

    _kind = "stereo_panner"
    pan = Param("From -1, left, to 1, right.")

    def __init__(
        self, context: BaseAudioContext, pan: float = 0.0, **channels: Unpack[ChannelOptions]
    ) -> None:
        super().__init__(context, pan=pan, **channels)


class PannerNode(AudioNode):
    """Puts sound somewhere in space, where `BaseAudioContext.listener` hears it.

    It becomes quieter with the distance and, where it has a cone, at its sides and behind it. Its
    output has two channels. Coordinates go to the right, up, and towards who looks at the screen; a
    listener stands at 0, 0, 0 and looks along -z.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    panning_model : {"equalpower", "HRTF"}, optional
        ``"equalpower"`` is a panorama between left and right. ``"HRTF"`` is for headphones: it
        filters and delays the sound for each ear as a head does, so what is in front, behind and
        above sounds different. Its params act once in a quantum. It needs libmysofa.
    distance_model : {"inverse", "linear", "exponential"}, optional
        How the sound becomes quieter with the distance.
    position_x, position_y, position_z : float, optional
        Where the sound is. Params.
    orientation_x, orientation_y, orientation_z : float, optional
        Where its front points. Params.
    ref_distance : float, optional
        Up to there, it is not quieter; at least 0. At 0, ``"inverse"`` and ``"exponential"`` are
        silent.
    max_distance : float, optional
        From there on, ``"linear"`` does not make it quieter; above 0.
    rolloff_factor : float, optional
        How fast it becomes quieter; at least 0, and more than 1 counts as 1 in ``"linear"``.
    cone_inner_angle, cone_outer_angle : float, optional
        In degrees, around the front: it is as loud as can be within the inner one, and beyond the
        outer one
    cone_outer_gain : float, optional
        it has this gain, from 0 to 1.
    **channels : ChannelOptions
        How its input is mixed: to one or two channels.

    Raises
    ------
    ArgumentError
        A number is out of range.
    UnsupportedOptionError
        The model is ``"HRTF"``, and this build lacks libmysofa, or there is no file
        (`hrtf_file`).
    FileFormatError
        That file cannot be used.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=2, length=8000, sample_rate=8000)
    >>> panner = ctx.create_panner(position_x=-2, position_z=-1)
    >>> panner.rolloff_factor = 0.5
    >>> _ = panner.position_x.ramp(2, at=0.5)
    """

    _kind = "panner"
    panning_model = Choice[PanningModel]('``"equalpower"``, or ``"HRTF"`` for headphones.')
    distance_model = Choice[DistanceModel]('``"inverse"``, ``"linear"`` or ``"exponential"``.')
    position_x = Param("Where the sound is.")
    position_y = Param("Where the sound is.")
    position_z = Param("Where the sound is.")
    orientation_x = Param("Where its front points.")
    orientation_y = Param("Where its front points.")
    orientation_z = Param("Where its front points.")
    ref_distance = Number("Up to there, it is not quieter; at least 0.")
    max_distance = Number('From there on, ``"linear"`` does not make it quieter; above 0.')
    rolloff_factor = Number("How fast it becomes quieter; at least 0.")
    cone_inner_angle = Number("In degrees, around the front: it is as loud as can be there.")
    cone_outer_angle = Number("In degrees, around the front: beyond, cone_outer_gain counts.")
    cone_outer_gain = Number("The gain there, from 0 to 1.")

    def __init__(
        self,
        context: BaseAudioContext,
        panning_model: PanningModel = "equalpower",
        *,
        distance_model: DistanceModel = "inverse",
        position_x: float = 0.0,
        position_y: float = 0.0,
        position_z: float = 0.0,
        orientation_x: float = 1.0,
        orientation_y: float = 0.0,
        orientation_z: float = 0.0,
        ref_distance: float = 1.0,
        max_distance: float = 10000.0,
        rolloff_factor: float = 1.0,
        cone_inner_angle: float = 360.0,
        cone_outer_angle: float = 360.0,
        cone_outer_gain: float = 0.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(
            context,
            panning_model=panning_model,
            distance_model=distance_model,
            position_x=position_x,
            position_y=position_y,
            position_z=position_z,
            orientation_x=orientation_x,
            orientation_y=orientation_y,
            orientation_z=orientation_z,
            ref_distance=ref_distance,
            max_distance=max_distance,
            rolloff_factor=rolloff_factor,
            cone_inner_angle=cone_inner_angle,
            cone_outer_angle=cone_outer_angle,
            cone_outer_gain=cone_outer_gain,
            **channels,
        )
