# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The tree of commands."""

from __future__ import annotations

import click

import pastream_ng as ps

from .group import Entry, LazyGroup

__all__ = ["pastream"]

ENTRIES = {
    "stream": Entry(".stream", "Play a file, record into one, or both at once."),
    "play": Entry(".play", "Play sound files of any kind, one after another, without a gap."),
    "rec": Entry(".rec", "Record into a sound file, or into many, one after another."),
    "transcode": Entry(".transcode", "Make a sound file of another kind, or with --many of many."),
    "convert": Entry(".transcode", "Do the same as 'transcode'."),
    "resample": Entry(".resample", "Make a sound file of another rate."),
    "generate": Entry(
        ".generate", "Make a test sound: a tone, a sweep, clicks, a noise or silence."
    ),
    "info": Entry(".info", "Tell what sound files are, without reading their sound."),
    "devices": Entry(".devices", "List the devices."),
    "monitor": Entry(".monitor", "Show what an input hears: level, spectrum and xruns."),
    "latency": Entry(".latency", "Measure the round trip from an output to an input."),
    "bench": Entry(".bench", "Measure how fast this build codes and resamples on this machine."),
    "demo": Entry(
        ".demo.command",
        "Play a melody and capture it while another thread keeps Python from running.",
    ),
    "doctor": Entry(".doctor", "Tell what the library found on this machine, and what would help."),
    "completion": Entry(".completion", "Print what teaches a shell to complete the command."),
}


@click.group(
    cls=LazyGroup,
    entries=ENTRIES,
    default="stream",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(ps.__version__, prog_name="pastream")
def pastream() -> None:
    """Realtime audio whose path never waits for Python.

    The word 'stream' may be left out: 'pastream in.wav out.wav' plays one file and records into
    the other, 'pastream null out.wav' records, 'pastream -l' lists the devices.
    """
