# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream devices``: what there is to play and record with."""

import click

import pastream_ng as ps

from .output import print_json

__all__ = ["devices"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
def devices(as_json: bool) -> None:
    """List the devices.

    '>' marks the default input, '<' the default output, '*' a device that is both.
    """
    found = ps.query_devices()
    if as_json:
        print_json({"hostapis": list(ps.query_hostapis()), "devices": list(found)})
    else:
        click.echo(str(found))
