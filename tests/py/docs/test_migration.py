# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every row of the migration pages: the right side runs, the left side has names that exist."""

import re
from pathlib import Path

import pytest

import pastream_ng as ps

from .run_page import blocks

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto"
PAGES = [
    "from_sounddevice.rst",
    "from_pastream.rst",
    "from_pyaudio.rst",
    "from_pyaudiostream.rst",
    "from_labsound.rst",
]
TABLE = re.compile(r"^\.\. list-table::\n(?:   .*\n|\n(?=   ))+", re.M)
ROW = re.compile(r"^   \* - ``(.+)``\n     - ``(.+)``$", re.M)


def tables(page):
    """Return the rows of each table of a page."""
    return [ROW.findall(table) for table in TABLE.findall(page)]


@pytest.mark.parametrize("name", PAGES)
def test_every_row_runs(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    page = (HOWTO / name).read_text(encoding="utf-8")
    namespace = {}
    for _, code in blocks(page):
        exec(code, namespace)
    rows = tables(page)
    assert len(rows) == page.count(".. list-table::")
    # A cell that is no code would go unseen.
    assert sum(map(len, rows)) == page.count("\n   * - ``") == page.count("\n     - ``")
    try:
        for table in rows:
            for _, code in table:
                exec(compile(code, f"{name}: {code}", "exec"), namespace)
    finally:
        ps.default.reset()
        ps.stop()


def test_names_of_sounddevice_exist():
    sounddevice = pytest.importorskip("sounddevice", exc_type=(ImportError, OSError))
    page = (HOWTO / "from_sounddevice.rst").read_text(encoding="utf-8")
    names = {name for table in tables(page) for left, _ in table for name in NAME.findall(left)}
    assert len(names) > 25
    assert not [name for name in names if not hasattr(sounddevice, name)]


NAME = re.compile(r"\bsd\.(\w+)")
