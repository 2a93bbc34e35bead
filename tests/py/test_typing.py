# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The types hold: the package passes mypy --strict, good programs pass, bad ones do not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(__file__).resolve().parent / "typing"
# A line of a program that must fail says what mypy must complain about there.
EXPECTED = re.compile(r"# error: ([\w-]+)")

pytest.importorskip("mypy")


def mypy(*arguments):
    """Run mypy on the sources; return its complaints."""
    command = [
        *(sys.executable, "-m", "mypy", "--strict", "--no-error-summary"),
        *("--hide-error-context", "--no-color-output", *map(str, arguments)),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_package_is_strict():
    assert mypy("pastream_ng") == []


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("good_*.py")), ids=lambda path: path.stem)
def test_good_programs_pass(path):
    assert mypy(path) == []


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("bad_*.py")), ids=lambda path: path.stem)
def test_bad_programs_fail_where_they_are_bad(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = {
        (number, found[1])
        for number, line in enumerate(lines, 1)
        if (found := EXPECTED.search(line))
    }
    assert expected
    told = set()
    for complaint in mypy(path):
        match = re.search(r":(\d+): error: .*\[([\w-]+)\]$", complaint)
        if match:
            told.add((int(match[1]), match[2]))
    assert told == expected
