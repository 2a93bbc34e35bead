# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The sound files in a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.kinds import extension_of, knows_extension
from pastream_ng.transcoding.ends import identity_of

__all__ = ["Found", "check_pattern", "files_in"]


class Found(NamedTuple):
    """Something in a folder.

    Attributes
    ----------
    path : str
        Its path, which begins with that of the folder.
    place : str
        Its path within the folder.
    size : int
        Bytes; 0 if not known.
    error : OSError or None
        It is a folder that cannot be read.
    """

    path: str
    place: str
    size: int
    error: OSError | None = None


def check_pattern(pattern: Any) -> tuple[str, ...] | None:
    """Return what names must match."""
    if pattern is None:
        return None
    patterns = (pattern,) if isinstance(pattern, str) else pattern
    if not isinstance(patterns, (list, tuple)) or not all(isinstance(p, str) for p in patterns):
        raise ArgumentTypeError(
            f"pattern is {shown(pattern)}; it must be a text such as '*.wav', or a list of them"
        )
    if not all(patterns):
        raise ArgumentError(f"pattern is {shown(pattern)}; an empty one matches nothing")
    return tuple(patterns)


def files_in(
    folder: str,
    patterns: tuple[str, ...] | None,
    *,
    recursive: bool,
    takes_raw: bool,
    without: str | None,
) -> Iterator[Found]:
    """Find the files in a folder that are to be transcoded, sorted by name.

    What begins with a dot is hidden, here too: that leaves out temporary files. Links to files are
    followed, links to folders within the folder are not. What is neither a file nor a folder, such
    as a pipe, is left out.

    Parameters
    ----------
    folder : str
        Where to look.
    patterns : tuple of str or None
        What the names must match, or the places if there is a slash in it. None: files whose
        extension is one of sound files.
    recursive : bool
        Whether to look into the folders within.
    takes_raw : bool
        Whether files without a header can be read.
    without : str or None
        A folder within that is left out.
    """
    left_out = None if without is None else identity_of(without)
    waiting = [("", folder)]
    while waiting:
        place, path = waiting.pop()
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Found(path, place, 0, error)
            continue
        within: list[tuple[str, str]] = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            inner = os.path.join(place, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if recursive and (left_out is None or identity_of(entry.path) != left_out):
                    within.append((inner, entry.path))
            elif _matches(inner, patterns, takes_raw):
                size = _size_of(entry)
                if size is not None:
                    yield Found(entry.path, inner, size)
        waiting += reversed(within)


def _matches(place: str, patterns: tuple[str, ...] | None, takes_raw: bool) -> bool:
    if patterns is None:
        return knows_extension(extension_of(place), takes_raw)
    name = os.path.basename(place)
    return any(fnmatchcase(place if "/" in p else name, p) for p in patterns)


def _size_of(entry: os.DirEntry[str]) -> int | None:
    """Return the bytes of a file, 0 if it cannot be looked at; None: it is something else."""
    try:
        found = entry.stat()
    except OSError:
        return 0  # A link to nothing: what opens it will tell.
    return found.st_size if stat.S_ISREG(found.st_mode) else None
