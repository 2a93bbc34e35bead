# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What was found to be wrong with a sound file."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from pastream_ng._checks import shown, shown_file
from pastream_ng._native import ffi, lib
from pastream_ng.enums import DamageFlags
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
)

__all__ = [
    "Damage",
    "DamagedFileWarning",
    "check_on_damage",
    "damage_from",
    "damage_of",
    "tell_damage",
]

_WORDS = {
    DamageFlags.TRUNCATED: "it ends before its time",
    DamageFlags.CORRUPT: "parts of it failed their checks",
    DamageFlags.MISSING: "parts of it are missing",
    DamageFlags.CHECKSUM: "the checksum over the whole of it is another",
    DamageFlags.HEADER: "its header says what is not so",
}


class DamagedFileWarning(UserWarning):
    """Parts of a sound file are missing or damaged; what is left was read."""


class Damage(NamedTuple):
    """What was found to be wrong with a sound file so far. It counts as false if nothing was.

    Frames that are known to be lost are silent in what is read, so that all others keep their
    places.

    Attributes
    ----------
    flags : DamageFlags
        ``TRUNCATED``: it ends before its time. ``CORRUPT``: parts failed their checks and were left
        out. ``MISSING``: parts are missing between others. ``CHECKSUM``: all was read, but the
        checksum over the whole file is another. ``HEADER``: the header says what is not so.
    lost_frames : int
        How many frames are known to be lost; others may be, too.
    first_frame : int
        About where the first damage lies; -1: not at a certain frame.
    """

    flags: DamageFlags = DamageFlags(0)
    lost_frames: int = 0
    first_frame: int = -1

    def __bool__(self) -> bool:
        return bool(self.flags)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "flags": [flag.name for flag in DamageFlags if flag in self.flags],
            "lost_frames": self.lost_frames,
            "first_frame": self.first_frame,
        }

    def __str__(self) -> str:
        """Return it as a sentence."""
        if not self:
            return "no damage"
        text = " and ".join(words for flag, words in _WORDS.items() if flag in self.flags)
        if self.lost_frames:
            text += f"; {self.lost_frames} frames are lost"
        return text + (f", about at frame {self.first_frame}" if self.first_frame >= 0 else "")


def damage_of(decoder: Any) -> Damage:
    """Return what a ``pst_decoder *`` has found."""
    found = ffi.new("pst_damage *")
    lib.pst_decoder_get_damage(decoder, found)
    return damage_from(found)


def damage_from(found: Any) -> Damage:
    """Read a ``pst_damage``."""
    return Damage(DamageFlags(found.flags), int(found.lost_frames), int(found.first_frame))


def check_on_damage(on_damage: Any) -> None:
    """Refuse what is no answer to damage."""
    if not isinstance(on_damage, str) or on_damage not in ("warn", "raise", "ignore"):
        error = ArgumentError if isinstance(on_damage, str) else ArgumentTypeError
        raise error(f"on_damage is {shown(on_damage)}; it must be 'warn', 'raise' or 'ignore'")


def tell_damage(name: Any, damage: Damage, on_damage: str, depth: int) -> None:
    """Warn of damage, or raise it; `depth` is that of the user's call."""
    if not damage or on_damage == "ignore":
        return
    text = f"the sound file {shown_file(name)} is damaged: {damage}"
    if on_damage == "raise":
        error = DamagedFileError(f"{text}; on_damage='warn' gives what is left")
        error.damage = damage
        raise error
    warnings.warn(text, DamagedFileWarning, stacklevel=depth + 1)
