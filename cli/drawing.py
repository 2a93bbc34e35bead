# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Levels and spectra as text in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from rich.text import Text

from .spectrum import FLOOR_DB

__all__ = ["level_bar", "spectrum_rows"]

ROWS = 8
STEPS = " ▁▂▃▄▅▆▇█"
LEVEL_WIDTH = 40


def level_bar(name: str, level_db: float, peak_db: float | None = None) -> Text:
    """Return a bar as long as a level is high, with a mark at the peak if there is one."""
    filled = _place(level_db)
    bar = Text(f"{name}  ")
    cells = ["█"] * filled + ["░"] * (LEVEL_WIDTH - filled)
    if peak_db is not None and _place(peak_db) > filled:
        cells[_place(peak_db) - 1] = "│"
    bar.append("".join(cells[:filled]), style="green")
    bar.append("".join(cells[filled:]), style="dim")
    bar.append(f" {level_db:6.1f} dB")
    return bar


def _place(level_db: float) -> int:
    return round(LEVEL_WIDTH * min(max(1 - level_db / FLOOR_DB, 0.0), 1.0))


def spectrum_rows(bands: npt.NDArray[np.float64]) -> Iterator[Text]:
    """Yield rows in which each band is a column, and what the columns are."""
    heights = np.rint(bands * ROWS * (len(STEPS) - 1)).astype(int)
    for row in reversed(range(ROWS)):
        steps = np.clip(heights - row * (len(STEPS) - 1), 0, len(STEPS) - 1)
        yield Text("".join(STEPS[step] for step in steps), style="cyan")
    yield Text("80 Hz".ljust(len(heights) - 6) + "12 kHz", style="dim")
