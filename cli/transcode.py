# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode``: a sound file of another kind."""

import copy
from typing import Any

import click

from .conversion import arguments_from, conversion_options
from .output import Talk, talking
from .transcode_one import transcode_one

__all__ = ["convert", "transcode"]


@click.command()
@click.argument("input")
@click.argument("output")
@conversion_options
@talking("Print one JSON document about what was done.")
def transcode(input: str, output: str, talk: Talk, **given: Any) -> None:
    """Make a sound file of another kind.

    The kind of OUTPUT is told by its extension, or by --format. '-' is standard input or output.
    The output appears when it is complete; one that is there is only replaced with --overwrite.
    """
    transcode_one(input, output, arguments_from(given), talk)


convert = copy.copy(transcode)
convert.name = "convert"
convert.help = f"Do the same as 'transcode'.\n\n{transcode.help}"
