# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What every context has one of: where sound goes, and who hears it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.graph.nodes.face import Face
from pastream_ng.graph.nodes.members import Param
from pastream_ng.graph.nodes.node import AudioNode

if TYPE_CHECKING:
    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["AudioDestinationNode", "AudioListener"]


class AudioDestinationNode(AudioNode):
    """Where all sound goes: ``ctx.destination``.

    Its channels are those of the context.
    """

    _kind = "destination"

    def __init__(self, context: BaseAudioContext) -> None:
        raise TypeError("each context has one destination: context.destination")

    def _facts(self) -> list[str]:
        n = self.channel_count
        return [f"{n} channel{'s' * (n != 1)}"]


class AudioListener(Face):
    """Who hears what panners place: ``ctx.listener``. It is not connected with anything.

    All params are coordinates: x to the right, y up, z towards those who look at the screen.
    """

    _kind = "listener"
    position_x = Param("Where the listener is.")
    position_y = Param("Where the listener is.")
    position_z = Param("Where the listener is.")
    forward_x = Param("Where the listener looks.")
    forward_y = Param("Where the listener looks.")
    forward_z = Param("Where the listener looks.")
    up_x = Param("Where the top of the listener's head points.")
    up_y = Param("Where the top of the listener's head points.")
    up_z = Param("Where the top of the listener's head points.")

    def __repr__(self) -> str:
        place = ", ".join(f"{self._param(f'position_{axis}').value:g}" for axis in "xyz")
        return f"<AudioListener at {place}>"
