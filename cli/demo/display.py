# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the terminal shows while the chunk loop runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ..drawing import level_bar, spectrum_rows

__all__ = ["Display", "Lines", "Picture", "Silence", "View", "picture"]


@dataclass(frozen=True)
class View:
    """One moment of the run."""

    elapsed_s: float
    captured: int
    lost: int
    xruns: int
    levels_db: list[float]
    bands: npt.NDArray[np.float64]
    longest_hold_s: float


class Display(Protocol):
    """Shows a run; the loop asks first whether it is time, so that drawing stays cheap."""

    def is_due(self, now: float) -> bool:
        """Tell whether to show something at this time of ``time.monotonic()``."""

    def show(self, view: View) -> None:
        """Show it."""


class Paced:
    """Lets something through once per interval."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next = 0.0

    def is_due(self, now: float) -> bool:
        """Tell whether the interval is over."""
        if now < self._next:
            return False
        self._next = now + self._interval_s
        return True


class Silence:
    """Shows nothing."""

    def is_due(self, now: float) -> bool:
        """Say that it is never time."""
        return False

    def show(self, view: View) -> None:
        """Show nothing."""


class Lines(Paced):
    """Prints a line every half second."""

    def __init__(self) -> None:
        super().__init__(0.5)

    def show(self, view: View) -> None:
        """Print time, counters and levels."""
        levels = " ".join(f"{level:6.1f}" for level in view.levels_db)
        click.echo(
            f"{view.elapsed_s:6.2f} s  captured {view.captured:8d}  lost {view.lost}"
            f"  level {levels} dB  longest GIL hold {view.longest_hold_s:.2f} s"
        )


class Picture(Paced):
    """Draws levels and spectrum in place, up to twenty times a second."""

    def __init__(self, live: Live) -> None:
        super().__init__(0.05)
        self._live = live

    def show(self, view: View) -> None:
        """Draw the moment."""
        self._live.update(Group(*draw(view)), refresh=True)


@contextmanager
def picture(console: Console) -> Iterator[Picture]:
    """Keep a part of the terminal for a picture; it stays there in the end."""
    # Refreshed by hand: a thread of its own would only be one more to wait for the GIL.
    with Live(console=console, auto_refresh=False) as live:
        yield Picture(live)


def draw(view: View) -> Iterator[Text]:
    """Yield the lines of the picture."""
    yield Text(
        f"{view.elapsed_s:5.1f} s   captured {view.captured}   lost {view.lost}"
        f"   xruns {view.xruns}   longest GIL hold {view.longest_hold_s:.2f} s"
    )
    for number, level in enumerate(view.levels_db, 1):
        yield level_bar(f"channel {number}", level)
    yield from spectrum_rows(view.bands)
