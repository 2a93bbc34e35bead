# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the arguments of a recorder mean."""

from __future__ import annotations

import os
from typing import Any

from pastream_ng._checks import shown
from pastream_ng.enums import DiskFull, Overflow
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.formats import FileFormat, check_encoder, new_format
from pastream_ng.files.options import WriteOptions, new_options
from pastream_ng.recorders.rotation import Names, Rotation, names_for
from pastream_ng.streams.input import InputStream

__all__ = ["format_of", "names_of", "stream_for"]


def names_of(
    file: Any, rotation: Rotation, on_full: DiskFull, rotate: Any, rotate_frames: Any
) -> Names | None:
    """Return the templates of the names, None for a place. `rotate` is what the user gave."""
    if isinstance(file, (str, bytes, os.PathLike)):
        return names_for(file, rotation)
    name, value = ("rotate", rotate) if rotate is not None else ("rotate_frames", rotate_frames)
    if not rotation.is_on and on_full == DiskFull.CONTINUE:
        name, value = "on_disk_full", "continue"
    elif not rotation.is_on:
        return None
    raise ArgumentError(
        f"{name} is {shown(value)}; it needs a path as file, for the names of more files"
    )


def stream_for(stream: Any, own: dict[str, Any], more: dict[str, Any]) -> Any:
    """Return the stream given, or a new one of the recorder's own."""
    if stream is None:
        # Whoever records for hours wants to know of a full ring in the end, not at once.
        more.setdefault("overflow", Overflow.SILENCE)
        made = InputStream(**own, **more)
        made._warns = False  # The recorder does.
        return made
    if not hasattr(stream, "recording"):
        raise ArgumentTypeError(
            f"stream is {shown(stream)}; it must be an InputStream or a DuplexStream"
        )
    for name, value in {**own, **more}.items():
        if value is not None:
            raise ArgumentTypeError(
                f"{name} is {shown(value)}; the stream is open already, and has its own"
            )
    stream._use()
    return stream


def format_of(
    file: Any,
    rate: float,
    channels: int,
    names: tuple[str | None, str | None, str | None],
    form: Any,
    how: dict[str, Any],
) -> tuple[FileFormat, WriteOptions]:
    """Return the format of the files, and how they are to be written."""
    wanted = new_format(file, round(rate), channels, *names, form, fits_rate=True)
    options = new_options(wanted, **how)
    check_encoder(wanted, options)
    return wanted, options
