# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream play``: sound files on a device."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

import pastream_ng as ps

from .exits import Code, code_of
from .options import COUNT, DURATION, RATE, counted
from .output import Talk, print_json, talking
from .pairs import MAPPING
from .progress import View, shown
from .running import SLICE_S, place_of
from .shared_options import device_option

__all__ = ["play"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@device_option
@click.option("--start", type=DURATION, help="Where to begin in the first file, as 1:30.")
@click.option("--end", type=DURATION, help="Where to end in the last one.")
@click.option("--loop", is_flag=True, help="Play it all again and again, without a gap.")
@click.option("--times", type=click.IntRange(1), help="Play it all so often.")
@click.option(
    "--gain", type=click.FloatRange(0, 1000), default=1.0, help="A factor for all samples."
)
@click.option("-r", "--rate", "samplerate", type=RATE, help="Of the device, as 48k.")
@click.option("-c", "--channels", type=int, help="Of the device; others are mixed.")
@click.option("-m", "--map", "mapping", type=MAPPING, help="The device's channels, as 3,4.")
@click.option("-b", "--blocksize", type=COUNT, help="Frames in a block of the device.")
@click.option("--fatal-xruns", is_flag=True, help="Stop at the first xrun; the exit code is 3.")
@talking("Print one JSON document about what was played.")
def play(
    files: tuple[str, ...],
    loop: bool,
    times: int | None,
    fatal_xruns: bool,
    talk: Talk,
    **options: Any,
) -> None:
    """Play sound files of any kind, one after another, without a gap.

    '-' is standard input.
    """
    if loop and times is not None:
        raise click.UsageError("--loop has no end; give it or --times.")
    places = [place_of(file, writes=False) for file in files]
    given = {name: value for name, value in options.items() if value is not None}
    with ps.Player(places, loop=times if times is not None else loop, **given) as player:
        code, stats = watch(player, files, talk, fatal_xruns)
    seconds = stats.played_frames / stats.samplerate
    if talk.as_json:
        print_json({"files": list(files), "seconds": seconds, **stats.to_dict()})
    talk.say(f"played {seconds:.3f} s; {counted(stats.xruns, 'xrun')}")
    sys.exit(code)


def watch(
    player: ps.Player, names: tuple[str, ...], talk: Talk, fatal_xruns: bool
) -> tuple[int, ps.PlayerStats]:
    """Play to the end, and return the exit code and what there is to tell."""
    code: int = Code.DONE
    label = os.path.basename(names[0]) if len(names) == 1 else "files"
    try:
        with shown(talk, label) as display:
            player.start()
            while not player.wait(SLICE_S):
                now = player.stats
                if fatal_xruns and now.xruns:
                    player.stop()
                    break
                notes = [os.path.basename(names[now.index])] if len(names) > 1 else []
                if now.xruns:
                    notes.append(counted(now.xruns, "xrun"))
                left = None if now.duration is None else max(now.duration - now.position, 0)
                display.show(View(now.position, now.duration, eta=left, note=", ".join(notes)))
    except KeyboardInterrupt as asked:
        code = code_of(asked)
        player.stop()
    stats = player.stats
    if fatal_xruns and stats.xruns and code == Code.DONE:
        code = Code.XRUNS
    return code, stats
