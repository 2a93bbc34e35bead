# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound to look at and to listen to: pictures by matplotlib, players and sliders in notebooks.

Pictures need the extra ``plot``, sliders the extra ``notebook``; nothing of them is imported before
a function here is called that needs it.
"""

from __future__ import annotations

from pastream_ng.display.live import LivePlot, live
from pastream_ng.display.pictures import spectrogram, spectrum, waveform
from pastream_ng.display.player import Player, player
from pastream_ng.display.sliders import sliders

__all__ = [
    "LivePlot",
    "Player",
    "live",
    "player",
    "sliders",
    "spectrogram",
    "spectrum",
    "waveform",
]
