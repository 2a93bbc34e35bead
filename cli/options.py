# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Kinds of options: times, rates, bit rates, sizes; errors tell what would be right."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import click

__all__ = ["BITRATE", "BYTES", "COUNT", "DURATION", "RATE", "SPAN", "TAG", "Quantity", "Span"]

NUMBER = r"\d+(?:\.\d*)?|\.\d+"
CLOCK = re.compile(rf"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d*)?)|({NUMBER})(ms)?")
SAMPLES = re.compile(rf"({NUMBER})([kKmM]?)s")
FACTORS = {"": 1, "k": 1000, "K": 1024, "m": 1000**2, "M": 1024**2}


if TYPE_CHECKING:
    ParamType = click.ParamType[Any]  # As from click 8.5 on.
else:
    ParamType = click.ParamType


class Word(ParamType, ABC):
    """A word that is converted; short options may have it after an equals sign, as -r=48k."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the word says."""
        if not isinstance(value, str):
            return value
        try:
            return self.parse(value.removeprefix("=").strip())
        except ValueError as error:
            self.fail(str(error), param, ctx)

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return what the text says, or raise `ValueError` telling what would be right."""


class Quantity(Word):
    """A number that may have a factor and a unit, such as 48k or 44.1kHz."""

    def __init__(
        self,
        name: str,
        examples: str,
        units: str,
        factors: dict[str, float],
        least: float,
        small: str = "",
    ) -> None:
        self.name = name
        self.examples = examples
        self.factors = factors
        self.least = least
        self.small = small
        factor = "|".join(re.escape(key) for key in factors if key)
        self.pattern = re.compile(rf"({NUMBER})\s*({factor})?(?:{units})?")

    def parse(self, text: str) -> int:
        """Return the number, rounded."""
        match = self.pattern.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is no {self.name}; write it as {self.examples}.")
        number = float(match[1]) * self.factors[match[2] or ""]
        if number < self.least:
            meant = self.small.format(text) if self.small and not match[2] else "."
            raise ValueError(f"'{text}' is too small a {self.name}{meant}")
        if number > 2**62:
            raise ValueError(f"'{text}' is too large a {self.name}.")
        return round(number)


class Clock(Word):
    """A time: seconds, or a clock's."""

    name = "time"

    def parse(self, text: str) -> float:
        """Return seconds."""
        match = CLOCK.fullmatch(text)
        if match is None:
            hint = ""
            if re.fullmatch(rf"({NUMBER})s(ec)?", text):
                hint = f"; for seconds, write {text.rstrip('sec')}"
            raise ValueError(
                f"'{text}' is no time; write it as 90, 1:30, 1:02:03.5 or 250ms{hint}."
            )
        hours, minutes, seconds, number, thousandths = match.groups()
        if number is not None:
            return float(number) / (1000 if thousandths else 1)
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


class Span:
    """A length as the old command line has it: seconds, or frames."""

    def __init__(self, seconds: float | None = None, frames: int | None = None) -> None:
        self.seconds = seconds
        self.frames = frames

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Span(seconds={self.seconds}, frames={self.frames})"

    def in_frames(self, rate: float) -> int:
        """Return it as frames at a rate in Hz."""
        return self.frames if self.frames is not None else round((self.seconds or 0) * rate)


class SpanWord(Word):
    """Seconds, a clock's time, or samples with an s, as sox and pastream have them."""

    name = "length"

    def parse(self, text: str) -> Span:
        """Return the length."""
        samples = SAMPLES.fullmatch(text)
        if samples is not None:
            if samples[2] == "m":
                raise ValueError(
                    f"'{text}' may be thousandths of a second or millions of samples; write "
                    f"{float(samples[1]) / 1000:g} or {float(samples[1]) * 1e6:.0f}s."
                )
            return Span(frames=round(float(samples[1]) * FACTORS[samples[2]]))
        match = CLOCK.fullmatch(text)
        if match is None:
            raise ValueError(
                f"'{text}' is no length; write it as 90, 1:30, 1:02:03.5, or in samples as 480ks."
            )
        return Span(seconds=Clock().parse(text))


class TagWord(Word):
    """KEY=VALUE."""

    name = "key=value"

    def parse(self, text: str) -> tuple[str, str]:
        """Return the two."""
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"'{text}' is no tag; write it as title=Song.")
        return key.strip(), value


DURATION = Clock()
SPAN = SpanWord()
TAG = TagWord()
RATE = Quantity(
    "rate",
    "48k, 44.1k or 48000",
    "(?i:hz)",
    {"": 1, "k": 1000, "K": 1000},
    1000,
    "; do you mean {}k?",
)
BITRATE = Quantity(
    "bit rate",
    "96k, 1.4M or 96000",
    "(?i:bit|bits|bps|b/s|bit/s)",
    {"": 1, "k": 1000, "K": 1000, "M": 1000**2},
    500,
    " (it is in bits a second); do you mean {}k?",
)
BYTES = Quantity(
    "size",
    "700k, 10M, 2G or 4Gi",
    "B",
    {
        "": 1,
        "ki": 1024,
        "Ki": 1024,
        "Mi": 1024**2,
        "Gi": 1024**3,
        "Ti": 1024**4,
        "k": 1000,
        "K": 1000,
        "M": 1000**2,
        "G": 1000**3,
        "T": 1000**4,
    },
    1,
)
COUNT = Quantity(
    "number of frames", "480000, 480k (thousands) or 64K (of 1024)", "", {**FACTORS}, 0
)


def clock(seconds: float) -> str:
    """Return a time as people read it: 0:07, 3:05 or 1:02:03."""
    if not math.isfinite(seconds):
        return "?"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def size(count: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.5 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def counted(n: int, what: str) -> str:
    """Return a number of things: "1 xrun", "2 xruns"."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
