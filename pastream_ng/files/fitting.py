# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that fit a sound file, and sound files that fit a stream."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.formats import check_encoder, new_format
from pastream_ng.files.options import WriteOptions, new_options
from pastream_ng.files.soundfile import SoundFile

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.options import Side

__all__ = ["file_for", "loaded", "options_for"]

# Where streams take these when they are given by position.
_POSITIONS = {"samplerate": 1, "channels": 2}


def options_for(
    direction: Direction, file: Any, args: tuple[Any, ...], kw: dict[str, Any]
) -> dict[str, Any]:
    """Return the keyword arguments of a stream, with what the file tells put in."""
    options = dict(kw)
    with nullcontext(file) if isinstance(file, SoundFile) else SoundFile(file) as opened:
        told: dict[str, Any] = {"samplerate": opened.samplerate, "channels": opened.channels}
    if direction == Direction.DUPLEX:
        told["channels"] = (None, told["channels"])
    for name, value in told.items():
        if len(args) <= _POSITIONS[name] and options.get(name) is None:
            options[name] = value
    return options


def file_for(side: Side, samplerate: float, file: Any, mode: str, kw: dict[str, Any]) -> SoundFile:
    """Return a new sound file for what a stream captures."""
    options = [name for name in WriteOptions._fields if name != "frames"]
    known = ("subtype", "endian", "format", "closefd", *options)
    for name in kw:
        if name not in known:
            raise ArgumentTypeError(
                f"{name} is no argument of to_file; it knows {', '.join(known)}"
            )
    if not isinstance(mode, str) or mode not in ("w", "x"):
        raise ArgumentError(f"mode is {shown(mode)}; it must be 'w' or 'x'")
    wanted = new_format(
        file,
        samplerate,
        side.channels,
        kw.get("subtype"),
        kw.get("endian"),
        kw.get("format"),
        side.form,
        fits_rate=True,
    )
    how = {name: kw.get(name) for name in options}
    written = new_options(wanted, **how)
    check_encoder(wanted, written)
    return SoundFile._create(file, mode, wanted, written, kw.get("closefd", True))


def loaded(file: Any, samplerate: float | None) -> tuple[Array, float]:
    """Return the rest of a sound file, and the rate to play it with."""
    with nullcontext(file) if isinstance(file, SoundFile) else SoundFile(file) as opened:
        frames = opened.read(always_2d=True)
        return frames, opened.samplerate if samplerate is None else samplerate
