# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams between devices and files: opened by names of files, and watched until they end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import click

import pastream_ng as ps

from .exits import Code, code_of
from .options import Word, counted
from .output import Talk
from .progress import View, shown

__all__ = ["DEVICE", "SLICE_S", "open_stream", "place_of", "run"]

if TYPE_CHECKING:
    FileStream: TypeAlias = (
        ps.SoundFileInputStream | ps.SoundFileOutputStream | ps.SoundFileDuplexStream
    )

SLICE_S = 0.1


class DeviceWord(Word):
    """An index, or a part of a name."""

    name = "device"

    def parse(self, text: str) -> int | str:
        """Return what the library takes."""
        return int(text) if text.isdecimal() else text


DEVICE = DeviceWord()


def place_of(name: str, *, writes: bool) -> str | int:
    """Return what to open for a name of a file on the command line: '-' is a pipe."""
    if name != "-":
        return name
    stream = sys.stdout if writes else sys.stdin
    which, sign = ("output", ">") if writes else ("input", "<")
    if stream.name == os.devnull:
        raise click.UsageError(f"standard {which} is closed; use a pipe, or {sign} FILE")
    if stream.isatty():
        raise click.UsageError(f"standard {which} is a terminal; use a pipe, or {sign} FILE")
    return stream.fileno()


def open_stream(source: str | None, target: str | None, options: dict[str, Any]) -> FileStream:
    """Open a stream that plays one file, records into another, or both.

    `options` are arguments of the streams; where the sides may differ they are pairs (recording,
    playback).
    """
    if target == "-" and options.get("format", (None, None))[0] is None:
        # The header of AU needs no length, so pipes can have it.
        options = {**options, "format": ("AU", options.get("format", (None, None))[1])}
    if source is not None and target is not None:
        return ps.SoundFileDuplexStream(
            place_of(target, writes=True), place_of(source, writes=False), **options
        )
    side = 0 if source is None else 1
    single = {
        name: value[side] if isinstance(value, tuple) else value for name, value in options.items()
    }
    if source is None:
        assert target is not None
        single.pop("loop")
        return ps.SoundFileInputStream(place_of(target, writes=True), **single)
    return ps.SoundFileOutputStream(place_of(source, writes=False), **single)


def run(
    stream: FileStream,
    talk: Talk,
    label: str,
    total: int,
    *,
    fatal_xruns: bool = False,
) -> tuple[int, ps.StreamStats]:
    """Run a stream to its end, of `total` frames if that is not negative.

    Returns
    -------
    tuple
        The exit code, and the counters of the run. Ctrl-C ends the run and completes the file.
    """
    code: int = Code.DONE
    whole = total / stream.samplerate if total >= 0 else None
    try:
        with shown(talk, label) as display:
            stream.start()
            while not stream.wait(SLICE_S):
                stats = stream.stats
                if fatal_xruns and stats.xruns:
                    stream.stop()
                    break
                done = stats.frames / stream.samplerate
                left = None if whole is None else max(whole - done, 0)
                note = counted(stats.xruns, "xrun") if stats.xruns else ""
                display.show(View(done, whole, eta=left, note=note))
    except KeyboardInterrupt as asked:
        code = code_of(asked)
        stream.stop()
    stats = stream.stats
    stream.close()
    if fatal_xruns and stats.xruns and code == Code.DONE:
        code = Code.XRUNS
    return code, stats
