# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The command-line tools that encode and decode, with the settings that the tables name."""

from __future__ import annotations

from pathlib import Path

_FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i"]

SUFFIXES = {"FLAC": ".flac", "MP3": ".mp3", "Vorbis": ".ogg", "Opus": ".opus", "AAC": ".aac"}
SETTINGS = {
    "FLAC": "level 5",
    "MP3": "128 kb/s constant",
    "Vorbis": "quality 5",
    "Opus": "128 kb/s, of 48 kHz",
    "AAC": "128 kb/s",
}


def encoders(codec: str, src: Path, dst: Path) -> dict[str, list[str]]:
    """Return name -> command."""
    a, b = str(src), str(dst)
    ffmpeg = [*_FFMPEG, a]
    return {
        "FLAC": {
            "flac": ["flac", "-s", "-f", "-5", "-o", b, a],
            "ffmpeg": [*ffmpeg, "-c:a", "flac", "-compression_level", "5", b],
        },
        "MP3": {
            "lame": ["lame", "--quiet", "-b", "128", a, b],
            "ffmpeg, libmp3lame": [*ffmpeg, "-c:a", "libmp3lame", "-b:a", "128k", b],
        },
        "Vorbis": {
            "oggenc": ["oggenc", "-Q", "-q", "5", "-o", b, a],
            "ffmpeg, libvorbis": [*ffmpeg, "-c:a", "libvorbis", "-q:a", "5", b],
        },
        "Opus": {
            "opusenc": ["opusenc", "--quiet", "--bitrate", "128", a, b],
            "ffmpeg, libopus": [*ffmpeg, "-c:a", "libopus", "-b:a", "128k", b],
        },
        "AAC": {"ffmpeg": [*ffmpeg, "-c:a", "aac", "-b:a", "128k", b]},
    }[codec]


def decoders(codec: str, src: Path) -> dict[str, list[str]]:
    """Return name -> command; what is decoded goes nowhere."""
    a, nowhere = str(src), "/dev/null"
    own = {
        "FLAC": {"flac": ["flac", "-s", "-f", "-d", "-o", nowhere, a]},
        "MP3": {
            "mpg123": ["mpg123", "-q", "-s", "-e", "f32", a],
            "lame": ["lame", "--quiet", "--decode", a, nowhere],
        },
        "Vorbis": {"oggdec": ["oggdec", "-Q", "-R", "-o", nowhere, a]},
        "Opus": {"opusdec": ["opusdec", "--quiet", "--rate", "48000", "--float", a, nowhere]},
        "AAC": {"faad": ["faad", "-q", "-f", "2", "-b", "4", "-o", nowhere, a]},
    }[codec]
    form = "s16le" if codec == "FLAC" else "f32le"
    return {**own, "ffmpeg": [*_FFMPEG, a, "-f", form, nowhere]}
