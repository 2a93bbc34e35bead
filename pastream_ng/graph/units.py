# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Musical units as the numbers that params take."""

from __future__ import annotations

import re

from pastream_ng._checks import real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["db", "midi", "note"]

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NOTE = re.compile(r"([A-Ga-g])(#{0,2}|b{0,2})(-?\d{1,2})")


def db(decibels: float) -> float:
    """Return the factor of a gain in decibels.

    Parameters
    ----------
    decibels : float
        0 changes nothing, 20 is ten times, minus infinity is silence.

    Returns
    -------
    float

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.db(-20)
    0.1
    """
    factor: float = 10 ** (real("decibels", decibels, float("-inf"), 700, "dB") / 20)
    return factor


def midi(number: float) -> float:
    """Return the frequency of a MIDI note in Hz, in equal temperament with 440 Hz.

    Parameters
    ----------
    number : float
        69 is A4; each 1 is a semitone. Fractions lie between.

    Returns
    -------
    float

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.midi(69), ps.midi(81)
    (440.0, 880.0)
    """
    frequency: float = 440.0 * 2 ** ((real("number", number, -1000, 1000, "semitones") - 69) / 12)
    return frequency


def note(name: str) -> float:
    """Return the frequency of a note in Hz, in equal temperament with A4 = 440 Hz.

    Parameters
    ----------
    name : str
        A letter, perhaps sharps (#) or flats (b), and the octave: "A4", "c#3", "Bb-1". Middle C
        is "C4".

    Returns
    -------
    float

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.note("A4"), round(ps.note("C4"), 2)
    (440.0, 261.63)
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(f'name is {shown(name)}; it must be a str such as "A4"')
    found = _NOTE.fullmatch(name)
    if found is None:
        raise ArgumentError(
            f"name is {shown(name)}; it must be a letter from A to G, perhaps sharps (#) or flats "
            '(b), and the octave, such as "A4" or "Bb3"'
        )
    letter, signs, octave = found.groups()
    step = _STEPS[letter.upper()] + signs.count("#") - signs.count("b")
    return midi(12 * (int(octave) + 1) + step)
