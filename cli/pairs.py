# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Options of the old command line that may differ between the sides: PLAYBACK,RECORDING."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pastream_ng as ps

from .group import NO_FILES as NOTHING
from .options import Word

__all__ = ["CHANNELS", "DEVICES", "MAPPING", "NOTHING", "WORDS", "Pair", "both"]

Pair = tuple[Any, Any]
MAP = re.compile(r"\d+(:\d+)?(,\d+(:\d+)?)*")


def both(pair: Pair | None) -> Pair:
    """Return a pair that was perhaps not given."""
    return (None, None) if pair is None else pair


class PairWord(Word):
    """One value for both sides, or two with a comma between; 'null' or '^' leaves a side alone."""

    def __init__(self, name: str, item: Callable[[str], Any]) -> None:
        self.name = name
        self.item = item

    def parse(self, text: str) -> Pair:
        """Return (playback, recording)."""
        words = text.split(",")
        if len(words) > 2:
            raise ValueError(f"'{text}' has more than two parts; write PLAYBACK,RECORDING.")
        values = [None if word in NOTHING else self.item(word) for word in words]
        return values[0], values[-1]


class DevicesWord(Word):
    """Devices: names may hold commas themselves, and 'null' is one; '^' leaves a side alone."""

    name = "device"

    def parse(self, text: str) -> Pair:
        """Return (playback, recording), each an index or a part of a name."""
        if "," in text and not _is_device(text):
            first, _, second = text.partition(",")
            return _device(first), _device(second)
        return _device(text), _device(text)


def _device(text: str) -> int | str | None:
    text = text.strip()
    if text in ("^", ""):
        return None
    return int(text) if text.isdecimal() else text


def _is_device(text: str) -> bool:
    try:
        ps.query_devices(text)
    except ps.DeviceNotFoundError:
        return False
    except ps.ArgumentError:  # It fits several: the stream will say which.
        return True
    return True


class MappingWord(Word):
    """Channels as 3,4 (the device's, for each of the file's) or 1:3,2:4 (from:to)."""

    name = "map"

    def parse(self, text: str) -> Any:
        """Return what the library takes as a mapping."""
        if text in NOTHING:
            return None
        colons = text.count(":")
        if MAP.fullmatch(text) is None or colons not in (0, text.count(",") + 1):
            raise ValueError(f"'{text}' is no map of channels; write it as 3,4 or as 1:3,2:4.")
        if not colons:
            return [int(word) for word in text.split(",")]
        mapping: dict[int, list[int]] = {}
        for word in text.split(","):
            source, _, target = word.partition(":")
            mapping.setdefault(int(source), []).append(int(target))
        return mapping


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise ValueError(f"'{word}' is no number of channels; write it as 2 or as 2,1.")
    return int(word)


CHANNELS = PairWord("channels", _count)
WORDS = PairWord("name", str)
DEVICES = DevicesWord()
MAPPING = MappingWord()
