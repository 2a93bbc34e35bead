# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How far a long job is: a bar on a terminal, a line a second elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import click

from .options import clock, size
from .output import Talk

__all__ = ["Bar", "Lines", "Silence", "View", "shown"]

LINE_S = 1.0


@dataclass(frozen=True)
class View:
    """One moment of a job; None where nobody knows, or it means nothing.

    Times are in seconds; `speed` is in multiples of the time that the sound takes.
    """

    done: float
    total: float | None = None
    speed: float | None = None
    eta: float | None = None
    size: int | None = None
    note: str = ""  # Such as "3 of 100 files".
    share: float | None = None  # How much is done, from 0 to 1, if time is not what tells it.

    @property
    def fraction(self) -> float | None:
        """How much of it is done, from 0 to 1."""
        if self.share is not None:
            return min(self.share, 1.0)
        if self.total is None:
            return None
        return min(self.done / self.total, 1.0) if self.total > 0 else 1.0

    def __str__(self) -> str:
        of = "" if self.total is None else f" of {clock(self.total)}"
        parts = [self.note, clock(self.done) + of]
        if self.speed:
            parts.append(f"{self.speed:.0f}x" if self.speed >= 10 else f"{self.speed:.1f}x")
        if self.size is not None:
            parts.append(size(self.size))
        if self.eta is not None:
            parts.append(f"ETA {clock(self.eta)}")
        return "  ".join(part for part in parts if part)


class Display(Protocol):
    """Shows a job while it lasts."""

    def show(self, view: View) -> None:
        """Show how far it is; any thread."""

    def say(self, text: str) -> None:
        """Say something on stderr that stays."""

    def __enter__(self) -> Display: ...

    def __exit__(self, *error: object) -> None: ...


class Silence:
    """Shows nothing."""

    def show(self, view: View) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Print it all the same."""
        click.echo(text, err=True)

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Lines(Silence):
    """Prints a line a second to stderr; the first after a second, so short jobs have none."""

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._clock = clock
        self._due = clock() + LINE_S

    def show(self, view: View) -> None:
        """Print the line if it is time."""
        now = self._clock()
        if now < self._due:
            return
        self._due = now + LINE_S
        share = "" if view.fraction is None else f"{view.fraction:4.0%}  "
        print(f"{self._label}: {share}{view}", file=sys.stderr, flush=True)


class Bar(Silence):
    """Draws a bar on the terminal behind stderr, and takes it away at the end."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=Console(stderr=True, highlight=False),
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(label, total=None, text="")

    def show(self, view: View) -> None:
        """Draw it."""
        told: dict[str, Any] = {"text": str(view)}
        if view.fraction is not None:
            told.update(total=1.0, completed=view.fraction)
        self._progress.update(self._task, **told)

    def say(self, text: str) -> None:
        """Print it above the bar."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Bar:
        try:
            self._progress.start()
        except BaseException:
            self._progress.stop()  # Ctrl-C in between: the cursor is to come back.
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()


def is_terminal() -> bool:
    """Whether stderr is a terminal that can take back what it shows."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def shown(talk: Talk, label: str) -> Display:
    """Return what shows a job, named by a short label, as asked for."""
    if not talk.tells:
        return Silence()
    return Bar(label) if is_terminal() else Lines(label)
