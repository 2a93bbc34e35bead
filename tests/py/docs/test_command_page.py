# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The page about the command shows what the command does: all of it is run, in its order."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import pastream_ng as ps
from pastream_ng.cli.commands import pastream

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "command.rst"
BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n|\s*\n)+)", re.M)


def sessions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of the page, and what it is said to print."""
    for match in BLOCK.finditer(text):
        body = re.sub("^   ", "", match[1], flags=re.M).rstrip() + "\n"
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, re.M)


def furnish(folder: Path) -> None:
    """Put there what the page takes for granted: a song, an album, and the command itself."""
    rng = np.random.default_rng(7)
    song = rng.uniform(-0.3, 0.3, (3 * 44100, 2)).astype("float32")
    ps.write(folder / "song.flac", song, 44100, tags={"title": "Three seconds"})
    (folder / "album").mkdir()
    for name in ("one", "two"):
        ps.write(folder / "album" / f"{name}.flac", song[:44100], 44100)
    (folder / "bin").mkdir()
    command = folder / "bin" / "pastream"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pastream_ng.cli "$@"\n')
    command.chmod(0o755)


def in_a_shell(command: str, folder: Path) -> str:
    """Return what a command line prints, all of it."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout


def in_this_process(command: str) -> str:
    """Return the same of a line that is nothing but the command; it starts quicker."""
    result = CliRunner().invoke(pastream, shlex.split(command)[1:])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_page_shows_what_the_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    monkeypatch.setenv("COLUMNS", "80")
    checker = doctest.OutputChecker()
    shown = list(sessions(PAGE.read_text(encoding="utf-8")))
    assert shown
    for command, expected in shown:
        if command.startswith("pastream ") and not set("|<>&;") & set(command):
            output = in_this_process(command)
        else:
            output = in_a_shell(command, tmp_path)
        right = checker.check_output(expected, output, doctest.ELLIPSIS)
        assert right, f"$ {command}\n{output}"
