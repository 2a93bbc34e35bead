# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode``: a sound file of another kind, or many."""

from __future__ import annotations

import copy
from typing import Any

import click

from .conversion import arguments_from, conversion_options
from .options import counted
from .output import Talk, talking
from .transcode_many import many_options, transcode_each
from .transcode_one import transcode_one

__all__ = ["convert", "transcode"]


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(allow_dash=True),
    metavar="INPUT OUTPUT | --many PATH...",
)
@conversion_options
@click.option("--many", is_flag=True, help="Each PATH is an input: a file, or all of a folder.")
@many_options
@talking("Print one JSON document about what was done.")
def transcode(
    paths: tuple[str, ...],
    many: bool,
    to: str | None,
    into: str | None,
    workers: int | None,
    existing: str | None,
    pattern: tuple[str, ...],
    not_recursive: bool,
    talk: Talk,
    **given: Any,
) -> None:
    """Make a sound file of another kind, or with --many of many.

    The kind of OUTPUT is told by its extension, or by --format. '-' is standard input or output.
    The output appears when it is complete; one that is there is only replaced with --overwrite.

    With --many, several files are done at once. Outputs that are there count as done, so that what
    was broken off goes on when it is run again. Files that fail do not stop the others; the exit
    code is then 1.
    """
    arguments = arguments_from(given)
    of_many = {
        "to": to,
        "output": into,
        "workers": workers,
        "existing": existing,
        "pattern": list(pattern) or None,
        "recursive": False if not_recursive else None,
    }
    asked = {name: value for name, value in of_many.items() if value is not None}
    if many:
        transcode_each(paths, {**arguments, **asked}, talk)
    for name in asked:
        option = {"output": "--into", "recursive": "--not-recursive"}.get(name, f"--{name}")
        raise click.UsageError(f"{option} is for --many.")
    if len(paths) != 2:
        raise click.UsageError(
            f"{counted(len(paths), 'file')} named; name the input and the output, or give --many."
        )
    transcode_one(*paths, arguments, talk)


convert = copy.copy(transcode)
convert.name = "convert"
convert.help = f"Do the same as 'transcode'.\n\n{transcode.help}"
