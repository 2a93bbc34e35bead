# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the shell offers as values of options."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

import pastream_ng as ps

__all__ = ["codecs", "devices", "extensions", "kinds"]


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return kinds of files."""
    return [
        CompletionItem(name, help=text)
        for name, text in ps.available_formats().items()
        if name.startswith(incomplete.upper())
    ]


def codecs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return codecs that this build can write."""
    written = {codec.encoding.lower() for codec in ps.available_codecs() if codec.encodes}
    return sorted(name for name in written if name.startswith(incomplete.lower()))


def extensions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the usual extensions of files."""
    usual = ("aac", "aiff", "au", "caf", "flac", "m4a", "mp3", "ogg", "opus", "wav")
    return [name for name in usual if name.startswith(incomplete.lower())]


def devices(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return devices."""
    return [
        CompletionItem(device.name, help=device.hostapi)
        for device in ps.query_devices()
        if device.name.lower().startswith(incomplete.lower())
    ]
