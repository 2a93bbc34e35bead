# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Options that several commands have, each in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .completers import devices, kinds
from .options import BITRATE, RATE
from .pairs import MAPPING
from .running import DEVICE

__all__ = ["capture_options", "device_option", "file_options"]

F = TypeVar("F", bound=Callable[..., Any])


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


#: One device.
device_option = click.option(
    "-D",
    "--device",
    type=DEVICE,
    shell_complete=devices,
    help="Index or part of a name; see 'devices'.",
)

#: What is captured.
capture_options = _together(
    click.option("-r", "--rate", "samplerate", type=RATE, help="Frames a second, as 48k."),
    click.option("-c", "--channels", type=int, help="How many."),
    click.option("-m", "--map", "mapping", type=MAPPING, help="The device's channels, as 3,4."),
)

#: What kind of file is made.
file_options = _together(
    click.option(
        "-t",
        "--format",
        metavar="KIND",
        shell_complete=kinds,
        help="WAV, FLAC, OPUS ... if FILE does not tell.",
    ),
    click.option("-e", "--encoding", "subtype", metavar="NAME", help="As pcm_24, float."),
    click.option("--bitrate", type=BITRATE, help="As 96k, of codecs with loss."),
)
