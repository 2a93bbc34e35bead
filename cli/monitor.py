# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream monitor``: what an input hears, live."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

import pastream_ng as ps

from .drawing import level_bar, spectrum_rows
from .exits import Code, code_of
from .options import COUNT, DURATION, clock, counted
from .output import Talk, talking, to_json
from .shared_options import capture_options, device_option
from .spectrum import FLOOR_DB, bands

__all__ = ["Moment", "draw", "moments", "monitor"]

WINDOW = 4096
PICTURE_S = 0.05


@dataclass(frozen=True)
class Moment:
    """What was heard, up to now."""

    seconds: float
    rms_db: list[float]  # Of the last 100 ms, for each channel.
    peak_db: list[float]
    max_peak_db: list[float]  # Since the start.
    clipped: list[int]
    xruns: int
    lost_frames: int
    cpu_load: float
    bands: npt.NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, without the picture of the spectrum."""
        return {name: value for name, value in vars(self).items() if name != "bands"}


class Shower(Protocol):
    """Shows moments."""

    def show(self, moment: Moment) -> None:
        """Show one."""


class Lines:
    """Prints a line for people, or for programs."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def show(self, moment: Moment) -> None:
        """Print one."""
        if self._as_json:
            click.echo(json.dumps(to_json(moment.to_dict()), allow_nan=False))
        else:
            levels = "  ".join(
                f"{rms:6.1f} ({peak:5.1f})"
                for rms, peak in zip(shown(moment.rms_db), shown(moment.peak_db), strict=True)
            )
            click.echo(f"{clock(moment.seconds)}  dB {levels}  {troubles(moment)}")
        sys.stdout.flush()


class Picture:
    """Draws in place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, moment: Moment) -> None:
        """Draw it."""
        self._live.update(Group(*draw(moment)), refresh=True)


def shown(levels: list[float]) -> list[float]:
    """Return levels not below what is shown: silence has none."""
    return [max(level, FLOOR_DB) for level in levels]


def troubles(moment: Moment) -> str:
    """Return what went wrong so far."""
    parts = [counted(moment.xruns, "xrun"), f"{moment.lost_frames} lost"]
    if any(moment.clipped):
        parts.append(f"{sum(moment.clipped)} clipped")
    return ", ".join(parts)


def draw(moment: Moment) -> Iterator[Text]:
    """Yield the lines of the picture."""
    yield Text(f"{clock(moment.seconds)}   {troubles(moment)}   load {moment.cpu_load:.0%}")
    levels = zip(shown(moment.rms_db), moment.peak_db, moment.max_peak_db, strict=True)
    for number, (rms, peak, most) in enumerate(levels, 1):
        bar = level_bar(f"channel {number}", rms, peak)
        bar.append(f"   peak {max(most, FLOOR_DB):6.1f} dB", style="red" if most >= 0 else "")
        yield bar
    yield from spectrum_rows(moment.bands)


def moments(stream: ps.InputStream, frames: int, interval_s: float) -> Iterator[Moment]:
    """Yield what a stream hears, at most once per interval, and at its end."""
    rate = stream.samplerate
    hop = max(1, min(WINDOW, round(rate * PICTURE_S)))
    due = time.monotonic()
    moment = None
    stream.enable_meters()
    for chunk in stream.chunks(WINDOW, overlap=WINDOW - hop, frames=frames, always_2d=True):
        now = time.monotonic()
        if now < due:
            moment = None
            continue
        due = now + interval_s
        moment = heard(stream, chunk)
        yield moment
    if moment is None:
        yield heard(stream, np.zeros((WINDOW, stream.channels), "float32"))


def heard(stream: ps.InputStream, chunk: npt.NDArray[np.float32]) -> Moment:
    """Return what was heard by now."""
    meters, stats = stream.input_meters, stream.stats
    return Moment(
        seconds=stats.captured_frames / stream.samplerate,
        rms_db=meters.rms_db.tolist(),
        peak_db=meters.peak_db.tolist(),
        max_peak_db=meters.max_peak_db.tolist(),
        clipped=meters.clipped.tolist(),
        xruns=stats.xruns,
        lost_frames=stats.lost_frames + stats.dropped_frames,
        cpu_load=stats.cpu_load,
        bands=bands(chunk, stream.samplerate),
    )


def shower(plain: bool, talk: Talk) -> AbstractContextManager[Shower]:
    """Return what shows the moments."""
    console = Console(highlight=False)
    if plain or talk.as_json or not console.is_terminal or "utf" not in console.encoding:
        return nullcontext(Lines(talk.as_json))
    return drawn_on(console)


class drawn_on(AbstractContextManager[Shower]):  # noqa: N801
    """Keep a part of the terminal for the picture; it stays there in the end."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Picture:
        try:
            self._live.start()
        except BaseException:
            self._live.stop()  # Ctrl-C in between: the cursor is to come back.
            raise
        return Picture(self._live)

    def __exit__(self, *error: object) -> None:
        self._live.stop()


@click.command()
@device_option
@click.option("-d", "--duration", type=DURATION, help="How long, as 1:30; else till Ctrl-C.")
@capture_options
@click.option("-b", "--blocksize", type=COUNT, help="Frames in a block of the device.")
@click.option("--plain", is_flag=True, help="Lines in place of a moving picture.")
@click.option(
    "--interval",
    type=DURATION,
    default="1",
    help="Time between lines, and between those of --json; else 1 s.",
)
@talking("Print one JSON document per line, for each moment.")
def monitor(
    duration: float | None, plain: bool, interval: float, talk: Talk, **options: Any
) -> None:
    """Show what an input hears: level, spectrum and xruns.

    Levels are the RMS of the last 100 ms, in dB of full scale; the mark is their peak.
    """
    given = {name: value for name, value in options.items() if value is not None}
    code: int = Code.DONE
    with ps.InputStream(**given, overflow="drop-oldest") as stream:
        frames = -1 if duration is None else max(WINDOW, round(duration * stream.samplerate))
        try:
            with shower(plain, talk) as display:
                every = 0.0 if isinstance(display, Picture) else interval
                for moment in moments(stream, frames, every):
                    display.show(moment)
        except KeyboardInterrupt as asked:
            code = code_of(asked)
    if code:
        sys.exit(code)
