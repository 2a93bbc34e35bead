# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream demo``: the main job of the library, with a disturber beside it."""

from __future__ import annotations

import math
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click
from rich.console import Console

import pastream_ng as ps

from ..output import Talk, print_json, talking
from . import report
from .capture import capture
from .contrast import contrast
from .display import Display, Lines, Silence, picture
from .measure import Faults, Outcome
from .setup import Setup, choose

__all__ = ["demo"]

REST_S = 0.5


class Seconds(click.FloatRange):
    """A time within a range; NaN, which no comparison keeps out, is refused too."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or refuse it."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a time.", param, ctx)
        return number


@click.command()
@click.option(
    "--seconds",
    type=Seconds(0.2, 600),
    default=5.0,
    show_default=True,
    help="Length of each of the two runs.",
)
@click.option("--device", help="Index, name or part of a name; the default device if not given.")
@click.option(
    "--hold",
    type=Seconds(0, 60),
    default=0.8,
    show_default=True,
    metavar="SECONDS",
    help="How long the GIL is held at a time; 0 for not at all.",
)
@click.option("--plain", is_flag=True, help="Print lines in place of a moving picture.")
@talking("Print nothing but JSON at the end.")
def demo(seconds: float, device: str | None, hold: float, plain: bool, talk: Talk) -> None:
    """Play a melody and capture it while another thread keeps Python from running.

    The sound goes through a duplex stream on the sound card, or on the built-in loopback where
    there is none. The same is then done with a Python callback, for contrast. The exit code is 0
    if the library lost nothing.
    """
    setup = choose(device, seconds, hold, REST_S)
    console = Console(highlight=False)
    if talk.tells:
        introduce(setup)
    ours, faults = run(setup, shown_on(console, plain, talk))
    if talk.tells:
        click.echo(f"Now a Python callback, for {seconds:g} s ...")
    theirs = contrast(setup)
    good, sentence = report.verdict(ours, faults)
    if talk.as_json:
        print_json(
            {
                "version": ps.__version__,
                "device": {"input": setup.input.uid, "output": setup.output.uid},
                "is_virtual": setup.is_virtual,
                "samplerate": setup.samplerate,
                "blocksize": setup.blocksize,
                "hold_s": setup.hold_s,
                "runs": [ours, theirs],
                "faults": faults,
                "ok": good,
            }
        )
    else:
        report.show(console, [ours, theirs])
        click.echo(sentence)
    sys.exit(0 if good else 1)


def shown_on(console: Console, plain: bool, talk: Talk) -> AbstractContextManager[Display]:
    """Return what shows the run while it lasts."""
    if not talk.tells:
        return nullcontext(Silence())
    if plain or not console.is_terminal or "utf" not in console.encoding:
        return nullcontext(Lines())
    return picture(console)


def run(setup: Setup, shown: AbstractContextManager[Display]) -> tuple[Outcome, Faults]:
    """Capture; a sound card that fails leaves a hint of what works without one."""
    try:
        with shown as display:
            return capture(setup, display)
    except ps.DeviceError as error:
        if setup.is_virtual:
            raise
        raise click.ClickException(
            f"{error}\nThe demo needs no sound card: pastream demo --device loopback"
        ) from error


def introduce(setup: Setup) -> None:
    """Say what will happen, and on which devices."""
    click.echo(f"{setup.why}\nDevice: {setup.device_text}")
    click.echo(
        f"{setup.samplerate:g} Hz, {setup.input_channels} in, {setup.output_channels} out,"
        f" blocks of {setup.blocksize} frames."
    )
    if setup.hold_s:
        click.echo(
            f"A second thread holds the GIL for {setup.hold_s:g} s, lets it go for"
            f" {setup.rest_s:g} s, and so on. The picture stands still then; the sound does not."
        )
