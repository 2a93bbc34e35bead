# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From sound files to a device, in C."""

from pastream_ng.players.player import Player
from pastream_ng.players.values import PlayerState, PlayerStats

__all__ = ["Player", "PlayerState", "PlayerStats"]
