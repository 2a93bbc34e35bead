# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream generate``: test sounds, into a file."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

import pastream_ng as ps

from .conversion import in_options
from .exits import Code, code_of
from .options import DURATION, RATE, clock, size
from .output import Talk, print_json, talking
from .progress import View, shown
from .running import place_of
from .shared_options import file_options
from .sounds import KINDS, NOISES, Sound, blocks

__all__ = ["generate"]

NAMES = {"file": "FILE", "subtype": "--encoding", "bitrate": "--bitrate", "samplerate": "--rate"}


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("-d", "--duration", type=DURATION, default="1", help="How long, as 1:30; else 1 s.")
@click.option("--frequency", type=click.FloatRange(0.001), help="In Hz; 440, sweeps from 20.")
@click.option("--to", type=click.FloatRange(0.001), help="Where sweep and chirp end; else 20000.")
@click.option(
    "--level",
    type=click.FloatRange(-200, 0),
    default=-20.0,
    show_default=True,
    help="In dB of full scale: the peak of tones, the RMS of noises.",
)
@click.option("--seed", type=click.IntRange(0), help="Makes a noise that is the same each time.")
@click.option("-r", "--rate", type=RATE, default="48k", help="Frames a second; else 48k.")
@click.option("-c", "--channels", type=click.IntRange(1, 256), default=1, help="How many; else 1.")
@file_options
@click.option("-y", "--overwrite", is_flag=True, help="Replace a file that is there.")
@talking("Print one JSON document about the file.")
def generate(
    kind: str,
    file: str,
    duration: float,
    frequency: float | None,
    to: float | None,
    level: float,
    seed: int | None,
    rate: int,
    channels: int,
    overwrite: bool,
    talk: Talk,
    **options: Any,
) -> None:
    """Make a test sound: a tone, a sweep, clicks, a noise or silence.

    A sweep rises by as many octaves in each second, a chirp by as many Hz; waves have no harmonics
    beyond half the rate. The channels of a noise differ, those of all else are alike. '-' is
    standard output.
    """
    sweeps = kind in ("sweep", "chirp")
    for option, value, fits in (
        ("--to", to, sweeps),
        ("--seed", seed, kind in NOISES),
        ("--frequency", frequency, kind not in NOISES and kind != "silence"),
    ):
        if value is not None and not fits:
            raise click.UsageError(f"{option} means nothing for {kind}.")
    begin = frequency if frequency is not None else 20.0 if sweeps else 440.0
    end = (to if to is not None else min(20000.0, rate / 2)) if sweeps else begin
    if max(begin, end) > rate / 2:
        raise click.UsageError(
            f"{max(begin, end):g} Hz is too high for {rate} frames a second; at most {rate / 2:g}."
        )
    frames = round(duration * rate)
    sound = Sound(kind, rate, channels, frames, 10 ** (level / 20), begin, end, seed)
    if file == "-" and talk.as_json:
        raise click.UsageError("--json prints to standard output, which is to be the sound.")
    if file == "-" and options["format"] is None:
        options["format"] = "AU"  # Its header needs no length.
    write(sound, file, "w" if overwrite else "x", options, talk)


def write(sound: Sound, name: str, mode: str, options: dict[str, Any], talk: Talk) -> None:
    """Write the file, and leave with the exit code."""
    code: int = Code.DONE
    place = place_of(name, writes=True)
    mode = "w" if isinstance(place, int) else mode
    made = 0
    with (
        in_options(**NAMES),
        ps.SoundFile(place, mode, sound.rate, sound.channels, closefd=False, **options) as target,
    ):
        told = {"file": name, "format": target.format, "subtype": target.subtype}
        try:
            with shown(talk, os.path.basename(name)) as display:
                for block in blocks(sound):
                    target.write(block)
                    made += len(block)
                    display.show(View(made / sound.rate, sound.frames / sound.rate))
        except KeyboardInterrupt as asked:
            code = code_of(asked)
    seconds = made / sound.rate
    if talk.as_json:
        shape = {"samplerate": sound.rate, "channels": sound.channels}
        print_json({**told, **shape, "frames": made, "seconds": seconds})
    n_bytes = size(os.path.getsize(name)) if name != "-" else "a pipe"
    talk.say(f"{name}: {sound.kind}, {clock(seconds)}, {n_bytes}")
    if code:
        sys.exit(code)
