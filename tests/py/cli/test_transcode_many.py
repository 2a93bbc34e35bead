# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode --many``."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import pastream_ng as ps

from .terminal import Terminal

RATE = 48000
NAMES = ["a.wav", "b.wav", "sub/c.wav"]


@pytest.fixture(autouse=True)
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files of a tenth of a second."""
    monkeypatch.chdir(tmp_path)
    os.makedirs("album/sub")
    os.makedirs("album/empty")
    rng = np.random.default_rng(3)
    for name in NAMES:
        noise = rng.integers(-8000, 8000, (4800, 2), dtype="int16")
        ps.write(f"album/{name}", noise, RATE)


def files(folder: str) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.*"))


def test_a_folder_into_another(invoke: Callable[..., Result]) -> None:
    result = invoke("transcode", "--many", "album", "--to", "flac", "--into", "out")
    assert result.exit_code == 0
    assert not result.stdout
    assert result.stderr.startswith("3 of 3 files done; 0:00 of sound, ")
    assert files("out") == ["a.flac", "b.flac", "sub/c.flac"]
    for name in NAMES:
        sound = ps.read(f"out/{name[:-4]}.flac", dtype="int16")[0]
        assert np.array_equal(sound, ps.read(f"album/{name}", dtype="int16")[0])


def test_several_paths_beside_their_inputs(invoke: Callable[..., Result]) -> None:
    words = ["album/a.wav", "album/sub", "--to", "opus", "-b", "64k", "--workers", "2"]
    assert invoke("convert", "--many", *words).exit_code == 0
    assert files("album") == ["a.opus", "a.wav", "b.wav", "sub/c.opus", "sub/c.wav"]


def test_what_is_there_is_done(invoke: Callable[..., Result]) -> None:
    words = ["transcode", "--many", "album", "--to", "flac", "--into", "out"]
    assert invoke(*words).exit_code == 0
    Path("out/a.flac").write_bytes(b"mine")
    result = invoke(*words)
    assert (result.exit_code, result.stderr) == (0, "0 of 3 files done, 3 there already\n")
    assert Path("out/a.flac").read_bytes() == b"mine"
    result = invoke(*words, "--existing", "error")
    assert result.exit_code == 1
    assert "; --overwrite replaces it" in result.stderr
    assert invoke(*words, "-y").exit_code == 0
    assert ps.info("out/a.flac").frames == 4800


def test_some_files_of_a_folder(invoke: Callable[..., Result]) -> None:
    words = ["--to", "flac", "--into", "out", "--pattern", "a.*", "--pattern", "c.*"]
    assert invoke("transcode", "--many", "album", "--not-recursive", *words).exit_code == 0
    assert files("out") == ["a.flac"]


def test_one_bad_file_does_not_stop_the_others(invoke: Callable[..., Result]) -> None:
    Path("album/bad.wav").write_bytes(b"no sound" * 100)
    words = ["transcode", "--many", "album", "--to", "flac", "--into", "out"]
    result = invoke(*words)
    assert result.exit_code == 1
    failure, summary = result.stderr.splitlines()
    assert failure.startswith("pastream transcode: 'album/bad.wav': ")
    assert summary.startswith("3 of 4 files done, 1 failed; ")
    assert files("out") == ["a.flac", "b.flac", "sub/c.flac"]
    result = invoke(*words, "-q")
    assert result.stderr.splitlines() == [failure]


def test_json_has_every_file(invoke: Callable[..., Result]) -> None:
    Path("album/bad.wav").write_bytes(b"no sound" * 100)
    words = ["transcode", "--many", "album", "--to", "flac", "--into", "out", "--json"]
    result = invoke(*words)
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    rows = {row["input"]: row for row in document["results"]}
    assert sorted(rows) == ["album/a.wav", "album/b.wav", "album/bad.wav", "album/sub/c.wav"]
    assert rows["album/a.wav"]["stats"]["frames_encoded"] == 4800
    assert rows["album/bad.wav"]["stats"] is None
    assert "FileFormatError" in rows["album/bad.wav"]["error"]
    assert document["progress"]["done"] == 3
    assert document["progress"]["failed"] == 1


def test_verbose_tells_of_each_file(invoke: Callable[..., Result]) -> None:
    words = ["transcode", "--many", "album", "--to", "flac", "--into", "out", "-v"]
    lines = invoke(*words).stderr.splitlines()
    told = [line for line in lines if line.startswith("out/")]
    assert len(told) == 3
    assert all("FLAC PCM_16, 48000 Hz, 2 channels" in line for line in told)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["album", "--to", "jpg"], 1, "--to is 'jpg'"),
        (["album"], 1, "give --into, another folder, or --to, another kind of file"),
        (["nowhere", "--to", "flac"], 1, "nowhere"),
        (["album/empty", "--to", "flac"], 1, "there are no sound files in album/empty"),
        (["album", "-", "--to", "flac"], 2, "'-' is one file"),
        (["album", "--to", "flac", "-y", "--existing", "skip"], 2, "contradict each other"),
        (["album", "--to", "flac", "-b", "96k"], 1, "--bitrate is 96000; FLAC"),
        (["album", "--to", "flac", "--workers", "0"], 1, "--workers is 0"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    before = files("album")
    result = invoke("transcode", "--many", *words)
    assert result.exit_code == code
    assert not result.stdout
    assert told in result.stderr.splitlines()[0]
    assert files("album") == before


def test_a_bar_is_drawn_in_a_terminal() -> None:
    Path("album/bad.wav").write_bytes(b"no sound" * 100)
    terminal = Terminal("transcode", "--many", "album", "--to", "flac", "--into", "out")
    assert terminal.end() == 1
    assert "━".encode() in terminal.seen
    assert b"pastream transcode: 'album/bad.wav'" in terminal.seen
    assert b"3 of 4 files done, 1 failed; " in terminal.seen.splitlines()[-1]


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_keeps_what_is_done_and_leaves_nothing_half(as_json: bool) -> None:
    """One input is a pipe that nobody writes to, so there is something to break off."""
    os.mkfifo("stalled.wav")
    stalled = os.open("stalled.wav", os.O_RDWR)
    words = ["transcode", "--many", "album", "stalled.wav", "--to", "flac", "--into", "out"]
    running = subprocess.Popen(
        [sys.executable, "-m", "pastream_ng.cli", *words, *["--json"][: int(as_json)], "-v"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    if not as_json:
        for _ in NAMES:
            while not running.stderr.readline().startswith("out/"):
                pass
    else:
        while not Path("out").exists() or len(files("out")) < 3:
            assert running.poll() is None
            time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    os.close(stalled)
    assert running.returncode == 130, err
    assert files("out") == ["a.flac", "b.flac", "sub/c.flac"]
    assert "Traceback" not in err
    if as_json:
        document = json.loads(out)
        assert len(document["results"]) == 4
        assert sum(row["cancelled"] for row in document["results"]) == 1
    else:
        assert err.splitlines()[-1].startswith("3 of 4 files done, 1 not; ")
