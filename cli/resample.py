# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream resample``: a sound file of another rate."""

from __future__ import annotations

from typing import Any

import click

from .completers import kinds
from .options import RATE
from .output import Talk, talking
from .transcode_one import transcode_one

__all__ = ["resample"]


@click.command()
@click.argument("input", type=click.Path(allow_dash=True))
@click.argument("output", type=click.Path(allow_dash=True))
@click.option("-r", "--rate", "sample_rate", type=RATE, required=True, help="As 44.1k.")
@click.option(
    "--quality",
    "resample_quality",
    type=click.Choice(["best", "medium", "fast", "linear", "hold"]),
    default="best",
    show_default=True,
    help="How well.",
)
@click.option(
    "-t",
    "--format",
    metavar="KIND",
    shell_complete=kinds,
    help="WAV, FLAC ... if OUTPUT does not tell.",
)
@click.option("--sample-format", metavar="TYPE", help="int16, int24, float32; else the input's.")
@click.option("--dither", type=click.Choice(["none", "tpdf"]), help="Where samples lose bits.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace an output that is there.")
@talking("Print one JSON document about what was done.")
def resample(input: str, output: str, talk: Talk, **given: Any) -> None:
    """Make a sound file of another rate.

    The output has exactly as many frames as the rates say, and begins when the input does. '-' is
    standard input or output. 'transcode' changes more than the rate.
    """
    arguments = {name: value for name, value in given.items() if value is not None}
    transcode_one(input, output, arguments, talk, resample_quality="--quality")
