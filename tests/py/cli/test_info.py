# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream info``."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import pastream_ng as ps


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.flac"
    sound = np.zeros((24000, 2), "float32")
    ps.write(path, sound, 48000, subtype="PCM_24", tags={"title": "Nothing"})
    return path


def test_it_says_what_the_library_says(song: Path, invoke: Callable[..., Result]) -> None:
    result = invoke("info", str(song))
    assert result.exit_code == 0
    assert result.stdout == f"{ps.info(song)}\n"
    assert "48000 Hz" in result.stdout
    assert "Nothing" in result.stdout


def test_json_has_every_fact(song: Path, invoke_json: Callable[..., Any]) -> None:
    (found,) = invoke_json("info", str(song))["files"]
    assert found == json.loads(json.dumps(ps.info(song).to_dict()))


def test_one_bad_file_does_not_hide_the_others(song: Path, invoke: Callable[..., Result]) -> None:
    text = song.with_name("text.wav")
    text.write_text("no sound" * 100)
    files = [str(song.with_name("missing.wav")), str(text), str(song)]
    result = invoke("info", *files)
    assert result.exit_code == 1
    assert f"{song}\n" in result.stdout
    missing, unknown = result.stderr.splitlines()
    assert "missing.wav: No such file" in missing
    assert "text.wav" in unknown
    result = invoke("info", "--json", *files)
    assert result.exit_code == 1
    found = json.loads(result.stdout)["files"]
    assert [row["name"] for row in found] == files
    assert ["error" in row for row in found] == [True, True, False]


def test_scan_finds_damage(song: Path, invoke_json: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    ps.write(song, rng.uniform(-0.5, 0.5, 48000).astype("float32"), 48000)
    data = bytearray(song.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    song.write_bytes(data)
    (quick,) = invoke_json("info", str(song), "-q")["files"]
    (whole,) = invoke_json("info", str(song), "--scan", "-q")["files"]
    assert not quick["damage"]["flags"]
    assert whole["damage"]["flags"]
    assert whole["damage"]["lost_frames"] > 0


def test_standard_input(song: Path) -> None:
    command = [sys.executable, "-m", "pastream_ng.cli", "info", "-"]
    done = subprocess.run(command, input=song.read_bytes(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"FLAC, PCM_24" in done.stdout
