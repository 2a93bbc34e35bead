# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The tree of commands."""

import click

import pastream_ng as ps

from .demo.command import demo
from .devices import devices
from .doctor import doctor

__all__ = ["pastream"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ps.__version__, prog_name="pastream")
def pastream() -> None:
    """Realtime audio whose path never waits for Python."""


pastream.add_command(demo)
pastream.add_command(devices)
pastream.add_command(doctor)
