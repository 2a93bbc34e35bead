# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream latency``: the round trip from an output to an input."""

from __future__ import annotations

from typing import Any

import click

import pastream_ng as ps

from .conversion import in_options
from .options import COUNT, DURATION, RATE, counted
from .output import Talk, print_json, talking
from .pairs import DEVICES, Pair

__all__ = ["latency"]

NAMES = {
    "samplerate": "--rate",
    "repeats": "--repeats",
    "longest": "--longest",
    "level": "--level",
    "input_channel": "--input-channel",
    "output_channel": "--output-channel",
    "device": "--device",
}


@click.command()
@click.option(
    "-D",
    "--device",
    type=DEVICES,
    metavar="D[,E]",
    help="Index or part of a name; two, if output and input are of different devices.",
)
@click.option("-r", "--rate", "samplerate", type=RATE, help="Frames a second, as 48k.")
@click.option("-b", "--blocksize", type=COUNT, help="Frames in a block of the device.")
@click.option("--latency", "wanted", type=DURATION, help="What to ask the device for, as 10ms.")
@click.option("--output-channel", type=int, default=1, help="Where the loop begins, from 1.")
@click.option("--input-channel", type=int, default=1, help="Where it ends.")
@click.option("--repeats", type=int, default=5, help="How many bursts; 5 if not given.")
@click.option("--level", type=float, default=0.25, help="Their peak, up to 1; else 0.25.")
@click.option("--longest", type=DURATION, default="1", help="The longest to look for; else 1 s.")
@talking()
def latency(device: Pair | None, wanted: float | None, talk: Talk, **options: Any) -> None:
    """Measure the round trip from an output to an input.

    Connect them by a cable, or put the microphone beside the loudspeaker. Bursts of noise are
    played, and looked for in what is captured.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if device is not None:
        given["device"] = device[::-1]
    if wanted is not None:
        given["latency"] = wanted
    with in_options(**NAMES):
        found = ps.measure_latency(**given)
    if talk.as_json:
        print_json(found)
        return
    click.echo(f"round trip  {found.frames} frames, {found.seconds * 1000:.3f} ms")
    click.echo(f"spread      {counted(found.spread, 'frame')}")
    click.echo(f"found       {len(found.delays)} of {options['repeats']} bursts")
    click.echo(f"SNR         {found.snr_db:.0f} dB")
    click.echo(f"reported    {found.reported * 1000:.3f} ms")
    click.echo(f"xruns       {found.xruns}")
    if found.xruns or found.spread:
        talk.say("pastream latency: the loop was not steady; measure again")
