# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream info``: what sound files are."""

from __future__ import annotations

import sys

import click

import pastream_ng as ps

from .exits import Code, one_line, told_of
from .output import Talk, print_json, talking

__all__ = ["info"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--scan", is_flag=True, help="Read all of each file: finds all damage.")
@talking()
def info(files: tuple[str, ...], scan: bool, talk: Talk) -> None:
    """Tell what sound files are, without reading their sound.

    '-' is standard input. A file that cannot be read does not keep the others from being told of;
    the exit code is then 1.
    """
    documents: list[dict[str, object]] = []
    failed = False
    for index, file in enumerate(files):
        try:
            found = ps.info(0 if file == "-" else file, scan=scan, closefd=False)
        except (ps.PastreamError, OSError) as error:
            failed = True
            text = one_line(told_of(error))
            documents.append({"name": file, "error": text})
            click.echo(f"pastream info: {text}", err=True)
            continue
        documents.append({**found.to_dict(), "name": file})
        if not talk.as_json:
            text = str(found) if found.name is not None else f"-\n{found}"
            click.echo(("\n" if index else "") + text)
    if talk.as_json:
        print_json({"files": documents})
    if failed:
        sys.exit(Code.FAILED)
