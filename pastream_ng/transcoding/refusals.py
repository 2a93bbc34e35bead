# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Options of programs that transcode video, and which option of sound to use instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentTypeError, UnsupportedOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VIDEO_OPTIONS", "refuse_unknown", "refuse_video"]

#: What pictures have, and what of sound comes nearest.
VIDEO_OPTIONS = {
    "video_codec": "audio_codec chooses the codec",
    "video_bitrate": "audio_bitrate sets the bits a second",
    "resolution": "sample_rate and sample_format set how fine the sound is",
    "framerate": "sample_rate sets how many frames there are in a second",
    "crf": "quality sets that of codecs with a variable bit rate",
    "preset": "compression sets how much effort the codec makes",
}
_REST = "the options of sound are audio_codec, audio_bitrate, sample_rate, channels and quality"
# What other libraries and programs call an option.
_SYNONYMS = {
    "bitrate": "audio_bitrate",
    "codec": "audio_codec",
    "subtype": "sample_format",
    "dtype": "sample_format",
    "samplerate": "sample_rate",
    "audio_sample_rate": "sample_rate",
    "audio_samplerate": "sample_rate",
    "rate": "sample_rate",
    "audio_channels": "channels",
    "mapping": "channel_map",
    "start": "start_time",
    "stop": "duration",
    "end_time": "duration",
    "audio_quality": "quality",
    "compression_level": "compression",
    "metadata": "tags",
    "output_format": "format",
    "container": "format",
    "input_path": "input",
    "output_path": "output",
}


def refuse_video(name: str, value: Any) -> None:
    """Refuse an option of pictures, unless it is None: programs that know both pass that on.

    Raises
    ------
    UnsupportedOptionError
        Names the option of sound that comes nearest.
    """
    if value is None:
        return
    remedy = VIDEO_OPTIONS.get(name, _REST)
    raise UnsupportedOptionError(f"{name} is {shown(value)}; pastream_ng is audio only: {remedy}")


def refuse_unknown(where: str, options: dict[str, Any], known: Iterable[str]) -> None:
    """Refuse options that there are not; those of pictures as `refuse_video` does."""
    for name, value in options.items():
        if name in VIDEO_OPTIONS or name.startswith("video_"):
            refuse_video(name, value)
            continue
        names = list(known)
        near = _SYNONYMS.get(name) or next(iter(get_close_matches(name, names, 1)), None)
        told = f"did you mean {near}?" if near in names else f"it knows {', '.join(names)}"
        raise ArgumentTypeError(f"{name} is no option of {where}; {told}")
