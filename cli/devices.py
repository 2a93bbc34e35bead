# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream devices``: what there is to play and record with."""

from __future__ import annotations

import click

import pastream_ng as ps

from .output import Talk, print_json, talking

__all__ = ["devices"]


@click.command()
@talking("Print JSON in place of the table.")
def devices(talk: Talk) -> None:
    """List the devices.

    '>' marks the default input, '<' the default output, '*' a device that is both.
    """
    found = ps.query_devices()
    if talk.as_json:
        print_json({"hostapis": list(ps.query_hostapis()), "devices": list(found)})
    else:
        click.echo(str(found))
