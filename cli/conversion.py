# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What commands that make files of files have in common: options, and the library's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

import pastream_ng as ps

from .completers import codecs, kinds
from .exits import one_line
from .options import BITRATE, BYTES, DURATION, RATE, TAG, Word
from .pairs import MAPPING

__all__ = ["arguments_from", "conversion_options", "in_options"]

F = TypeVar("F", bound=Callable[..., Any])


class RawWord(Word):
    """RATE:CHANNELS:TYPE of samples without a header."""

    name = "raw"

    def parse(self, text: str) -> ps.AudioFormat:
        """Return what the samples are."""
        parts = text.split(":")
        if len(parts) != 3 or not parts[1].isdecimal():
            raise ValueError(f"'{text}' does not tell it all; write it as 48k:2:int16.")
        try:
            samples = re.sub("^(?:uint|int|float)", lambda match: match[0][0], parts[2])
            return ps.AudioFormat(RATE.parse(parts[0]), int(parts[1]), samples)
        except ps.PastreamError as error:
            raise ValueError(one_line(str(error))) from error


#: The options, and the arguments of `TranscodeOptions` that they are.
NAMES = {
    "format": "--format",
    "audio_codec": "--codec",
    "audio_bitrate": "--bitrate",
    "bitrate_mode": "--bitrate-mode",
    "quality": "--quality",
    "compression": "--compression",
    "sample_rate": "--rate",
    "resample_quality": "--resample-quality",
    "channels": "--channels",
    "channel_map": "--map",
    "sample_format": "--sample-format",
    "dither": "--dither",
    "start_time": "--start",
    "duration": "--duration",
    "tags": "--tag",
    "keep_tags": "--no-tags",
    "threads": "--threads",
    "max_duration": "--max-duration",
    "max_size": "--max-size",
    "on_damage": "--on-damage",
    "overwrite": "--overwrite",
    "input_format": "--raw",
    "to": "--to",
    "existing": "--existing",
    "pattern": "--pattern",
    "workers": "--workers",
    "output": "--into",
}

OPTIONS = [
    click.option(
        "-t",
        "--format",
        metavar="KIND",
        shell_complete=kinds,
        help="WAV, FLAC, MP3, OPUS, OGG, AAC, M4A ...",
    ),
    click.option(
        "--codec",
        "audio_codec",
        metavar="NAME",
        shell_complete=codecs,
        help="Such as flac, opus, pcm_s24le.",
    ),
    click.option("-b", "--bitrate", "audio_bitrate", type=BITRATE, help="As 96k."),
    click.option(
        "--bitrate-mode",
        type=click.Choice(["variable", "constant", "average"]),
        help="How the bit rate may vary.",
    ),
    click.option("--quality", type=float, help="0 (smallest) to 1 (best), of MP3 and Vorbis."),
    click.option("--compression", type=int, help="Effort: up to 8 of FLAC, 9 of MP3, 10 of Opus."),
    click.option("-r", "--rate", "sample_rate", type=RATE, help="Frames a second, as 44.1k."),
    click.option(
        "--resample-quality",
        type=click.Choice(["best", "medium", "fast", "linear", "hold"]),
        help="How well the rate is changed; best, if nothing is said.",
    ),
    click.option("-c", "--channels", type=int, help="How many; others than the input's are mixed."),
    click.option(
        "-m", "--map", "channel_map", type=MAPPING, help="The input's channels to take: 2,1 swaps."
    ),
    click.option("--sample-format", metavar="TYPE", help="int16, int24, float32 ..."),
    click.option("--dither", type=click.Choice(["none", "tpdf"]), help="Where samples lose bits."),
    click.option("--start", "start_time", type=DURATION, help="Where to begin, as 1:30."),
    click.option("-d", "--duration", type=DURATION, help="How much to take from there."),
    click.option("--tag", "tags", type=TAG, multiple=True, help="As title=Song; may be repeated."),
    click.option("--no-tags", is_flag=True, help="Leave the input's tags out."),
    click.option(
        "--raw",
        "input_format",
        type=RawWord(),
        metavar="RATE:CHANNELS:TYPE",
        help="What an input without a header holds, as 48k:2:int16.",
    ),
    click.option("--threads", type=int, help="1 to 3 for each file; the result is the same."),
    click.option("--max-duration", type=DURATION, help="Fail if the output grows longer."),
    click.option("--max-size", type=BYTES, help="Fail if it grows larger, as 700M."),
    click.option(
        "--on-damage",
        type=click.Choice(["warn", "raise", "ignore"]),
        help="What to do with a damaged input: warn, if nothing is said.",
    ),
    click.option("-y", "--overwrite", is_flag=True, help="Replace an output that is there."),
]


def conversion_options(function: F) -> F:
    """Give a command the options of `TranscodeOptions`."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def arguments_from(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given on the command line as arguments of `TranscodeOptions`."""
    given = dict(given)
    no_tags = given.pop("no_tags")
    tags: dict[str, list[str]] = {}
    for key, value in given.pop("tags"):
        tags.setdefault(key, []).append(value)
    if isinstance(given["channel_map"], dict):
        given["channel_map"] = _sources(given["channel_map"], given["channels"])
    made = {name: value for name, value in given.items() if value is not None}
    if tags:
        made["tags"] = tags
    if no_tags:
        made["keep_tags"] = False
    return made


def _sources(mapping: dict[int, list[int]], channels: int | None) -> list[int]:
    """Return the input's channel for each of the output's, from a map that says from and to."""
    n_out = channels or max(max(targets) for targets in mapping.values())
    sources = [0] * n_out
    for source, targets in mapping.items():
        for target in targets:
            if not (1 <= target <= n_out and source >= 1):
                raise click.UsageError(
                    f"--map has {source}:{target}; the output's channels are from 1 to {n_out}."
                )
            if sources[target - 1]:
                raise click.UsageError(
                    f"--map sends two channels to {target}; --channels mixes, a map does not."
                )
            sources[target - 1] = source
    return sources


def in_words(text: str, names: dict[str, str]) -> str:
    """Return a message of the library with the options in place of its arguments."""
    for name, option in names.items():
        if "_" in name:
            text = re.sub(rf"\b{name}\b", option, text)
        else:  # An English word, too.
            before, after = (
                r"(^|[;,] |\b(?:give|raise|and|or|by|with|from) )",
                r"(?= is | as | and | or |=|[;,.]|$)",
            )
            text = re.sub(f"{before}{name}{after}", rf"\1{option}", text)
    text = text.replace("(input, output) pairs", "the files one by one")
    text = re.sub(r"^jobs\[\d+\]", "PATH", text)
    return re.sub(r"(--[\w-]+) is None\b", r"\1 is not given", text)


#: Errors whose texts name arguments.
IN_ARGUMENTS = (ps.ArgumentError, ps.ArgumentTypeError, ps.LimitError, ps.MeasurementError)


@contextmanager
def in_options(**more: str) -> Iterator[None]:
    """Let errors about arguments name the options."""
    try:
        yield
    except IN_ARGUMENTS as error:
        raise click.ClickException(in_words(one_line(str(error)), {**NAMES, **more})) from error
