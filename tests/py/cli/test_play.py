# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream play``."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import pastream_ng as ps
from pastream_ng.cli.output import Talk
from pastream_ng.cli.play import watch

from .terminal import Terminal

COMMAND = [sys.executable, "-m", "pastream_ng.cli", "play"]


@pytest.fixture(autouse=True)
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASTREAM_DEVICE", "null")
    ps.write("a.wav", np.zeros((4800, 2)), 48000)
    ps.write("b.flac", np.zeros((2205, 1)), 44100)


def test_files_follow_each_other(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("play", "a.wav", "b.flac")
    assert document["files"] == ["a.wav", "b.flac"]
    assert document["state"] == "finished"
    assert document["played_frames"] == 4800 + 2400
    assert document["seconds"] == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        (["--start", "60ms"], 1920),
        (["--end", "0.02"], 960),
        (["--times", "2"], 9600),
        (["-r", "24k", "-c", "1"], 2400),
        (["-D", "loopback", "-m", "2,1", "--gain", "0.5", "-b", "128"], 4800),
    ],
)
def test_options(options: list[str], frames: int, invoke_json: Callable[..., Any]) -> None:
    assert invoke_json("play", "a.wav", *options)["played_frames"] == frames


def test_a_pipe_is_played() -> None:
    with open("b.flac", "rb") as song:
        done = subprocess.run([*COMMAND, "-"], stdin=song, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == b"played 0.050 s; 0 xruns\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nothing.wav"], 1, "nothing.wav: No such file"),
        (["a.wav", "--start", "9"], 1, "start is 9"),
        (["a.wav", "--loop", "--times", "2"], 2, "--loop has no end"),
        (["a.wav", "--start", "soon"], 2, "'soon' is no time"),
        (["a.wav", "-D", "nobody"], 1, "'pastream devices' lists them"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke("play", *words)
    assert result.exit_code == code
    (line,) = result.stderr.splitlines()
    assert told in line


def test_ctrl_c_ends_a_loop() -> None:
    terminal = Terminal("play", "a.wav", "--loop")
    terminal.read_until("━".encode())
    os.write(terminal.master, b"\x03")
    assert terminal.end() == 130
    assert b"played " in terminal.seen.splitlines()[-1]


def test_an_xrun_is_fatal_if_that_is_asked_for() -> None:
    device = ps.VirtualDevice("null", faults=[ps.Fault("xrun", at=480)])
    with ps.Player("a.wav", device=device, loop=True) as player:
        code, stats = watch(player, ("a.wav",), Talk(quiet=True), fatal_xruns=True)
    assert code == 3
    assert stats.xruns > 0
