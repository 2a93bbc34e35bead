# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files for what graphs render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from pastream_ng._checks import flag
from pastream_ng.errors import ArgumentError
from pastream_ng.files.formats import check_encoder, new_format
from pastream_ng.files.options import new_options
from pastream_ng.files.replace import new_file

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pastream_ng.enums import BitrateMode, Dither
    from pastream_ng.files.soundfile import SoundFile
    from pastream_ng.graph.contexts.offline import OfflineAudioContext

__all__ = ["FileOptions", "file_for"]


class FileOptions(TypedDict, total=False):
    """Keywords of what writes a sound file: those of `SoundFile`."""

    format: str | None
    subtype: str | None
    endian: str | None
    bitrate: int | None
    bitrate_mode: str | BitrateMode | None
    quality: float | None
    compression: int | None
    compression_level: float | None
    dither: str | Dither | None
    tags: Any


def file_for(
    context: OfflineAudioContext, file: Any, overwrite: bool, options: FileOptions
) -> AbstractContextManager[SoundFile]:
    """Return a sound file for all that a context renders, which is not made before it is entered.

    Raises what is wrong with the options.
    """
    rate = context.sample_rate
    if not rate.is_integer():
        raise ArgumentError(
            f"file cannot have the context's sample rate, {rate!r} Hz; it must be a whole number"
        )
    replaces = flag("overwrite", overwrite)
    how: dict[str, Any] = {**options, "frames": context.length}
    form = {name: how.pop(name, None) for name in ("subtype", "endian", "format")}
    wanted = new_format(file, int(rate), context.channels, *form.values())
    made = new_options(wanted, **how)
    check_encoder(wanted, made)
    return new_file(file, wanted, made, True, replaces)
