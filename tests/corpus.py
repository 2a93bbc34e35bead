# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Real sound files with known decodes, which lie beside the checkout; and tests over them."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def corpus(category=None, *, folder=None, container=None):
    """Return the rows of the corpus' index, those of a category or a folder of it if it is given.

    Parameters
    ----------
    category : {"good", "odd-but-legal", "malformed"}, optional
    folder : str, optional
        Such as "flac" or "mp3".
    container : str, optional
        As the index calls it.
    """
    index = FOLDER / "index.json"
    rows = json.loads(index.read_text(encoding="utf-8"))["files"] if index.exists() else []
    return [
        row
        for row in rows
        if category in (None, row["category"])
        and folder in (None, row["file"].partition("/")[0])
        and container in (None, row.get("container"))
    ]


def path_of(row):
    """Return where a file of the corpus lies."""
    return FOLDER / row["file"]


def over_corpus(category=None, **which):
    """Run a test, whose argument is `row`, once per file; skip it where there is no corpus."""
    rows = corpus(category, **which)
    if not rows and FOLDER.exists():
        raise ValueError(f"the corpus has nothing of {category}, {which}")
    skipped = pytest.param(
        None, marks=pytest.mark.skip(reason=f"there is no corpus in {FOLDER}"), id="none"
    )
    cases = [pytest.param(row, id=row["file"]) for row in rows] or [skipped]
    return pytest.mark.parametrize("row", cases)
