# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode INPUT OUTPUT``: one file of another."""

from __future__ import annotations

import os
from typing import Any

import click

import pastream_ng as ps

from .conversion import in_options
from .options import clock, counted, size
from .output import Talk, print_json
from .progress import View, shown
from .running import place_of

__all__ = ["summary", "transcode_one"]


def transcode_one(
    source: str, target: str, arguments: dict[str, Any], talk: Talk, **names: str
) -> None:
    """Make one file of another; `names` are options that are called otherwise than usual."""
    if target == "-" and talk.as_json:
        raise click.UsageError("--json prints to standard output, which is to be the sound")
    place_in, place_out = place_of(source, writes=False), place_of(target, writes=True)
    label = os.path.basename(source if target == "-" else target)
    names = {"output": "OUTPUT", "input": "INPUT", **names}
    with in_options(**names), shown(talk, label) as display:
        stats = ps.transcode(
            place_in,
            place_out,
            progress_callback=lambda now: display.show(view_of(now)),
            **arguments,
        )
    if talk.as_json:
        print_json({"input": source, "output": target, **stats.to_dict()})
    talk.say(f"{target}: {summary(stats)}")


def view_of(now: ps.Progress) -> View:
    """Return how far a transcoding is."""
    share = None if now.percent is None else now.percent / 100
    return View(now.seconds, now.duration, now.speed, now.eta, now.size, share=share)


def summary(stats: ps.TranscodeStats) -> str:
    """Return what was done in a line."""
    parts = [
        str(stats.output_format),
        clock(stats.duration),
        size(stats.output_size),
        f"{stats.speed:.0f}x" if stats.speed >= 10 else f"{stats.speed:.1f}x",
    ]
    if stats.clipped_samples:
        parts.append(f"{counted(stats.clipped_samples, 'sample')} clipped")
    return ", ".join(parts)
