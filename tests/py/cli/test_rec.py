# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream rec``."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import pastream_ng as ps
from pastream_ng.cli.output import Talk
from pastream_ng.cli.rec import watch

COMMAND = [sys.executable, "-m", "pastream_ng.cli", "rec"]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")


def test_a_file_with_all_that_was_asked_for(invoke_json: Callable[..., Any]) -> None:
    options = ["-n", "2.4k", "-r", "24k", "-c", "1", "-e", "pcm_16", "--tag", "title=Take"]
    document = invoke_json("rec", "take.flac", *options, "--tag", "artist=A", "--tag", "artist=B")
    assert document["frames"] == 2400
    found = ps.info("take.flac")
    assert (found.frames, found.samplerate, found.channels) == (2400, 24000, 1)
    assert (found.format, found.subtype) == ("FLAC", "PCM_16")
    assert found.tags["title"] == "Take"
    assert found.tags.all("artist") == ("A", "B")


def test_the_end_is_told(invoke: Callable[..., Result]) -> None:
    result = invoke("rec", "take.opus", "-d", "60ms", "--bitrate", "64k")
    assert result.exit_code == 0
    assert not result.stdout
    assert result.stderr.startswith("recorded take.opus: 0.060 s, ")
    assert ps.info("take.opus").frames == 2880


def test_one_file_after_another(invoke: Callable[..., Result]) -> None:
    result = invoke("rec", "night-{index}.wav", "--rotate", "50ms", "-d", "0.12")
    assert result.exit_code == 0
    names = ["night-1.wav", "night-2.wav", "night-3.wav"]
    assert sorted(os.listdir()) == names
    assert [ps.info(name).frames for name in names] == [2400, 2400, 960]
    assert "night-1.wav, night-2.wav, night-3.wav" in result.stderr


def test_a_pipe_is_written() -> None:
    line = [*COMMAND, "-", "-n", "800", "-r", "8k", "-c", "1", "-e", "pcm_16"]
    done = subprocess.run(line, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    Path("out.au").write_bytes(done.stdout)
    assert ps.info("out.au", scan=True).frames == 800


def test_what_is_there_stays_unless_told_otherwise(invoke: Callable[..., Result]) -> None:
    Path("take.wav").write_bytes(b"precious")
    result = invoke("rec", "take.wav", "-n", "100")
    assert result.exit_code == 1
    assert "File exists; --overwrite replaces it" in result.stderr
    assert Path("take.wav").read_bytes() == b"precious"
    assert invoke("rec", "take.wav", "-n", "100", "-y").exit_code == 0
    assert ps.info("take.wav").frames == 100


def test_it_waits_for_the_trigger_and_for_silence(invoke_json: Callable[..., Any]) -> None:
    """The loopback hears what another stream plays: nothing here, so a sound is made by hand."""
    sound = np.zeros(24000, "float32")
    sound[4800:9600] = 0.5
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexStream(device, 48000, channels=1, blocksize=64) as stream:
        stream.output_ring.write(sound)
        recorder = ps.Recorder(
            "take.wav", stream=stream, trigger="-20 dB", release=480, pre_roll=240
        )
        assert watch(recorder, stream, "take.wav", None, Talk(quiet=True), False) == 0
    assert ps.info("take.wav").frames == 240 + 4800 + 480


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["a.xyz"], 1, "--format is not given"),
        (["a.wav", "-e", "pcm_99"], 1, "--encoding is 'pcm_99'"),
        (["a.wav", "--bitrate", "96k"], 1, "--bitrate is 96000; WAV has no bitrate"),
        (["a.wav", "-d", "1", "-n", "1"], 2, "--duration and --frames"),
        (["a.wav", "--silence", "1"], 2, "--silence is for --trigger"),
        (["a.wav", "--trigger", "loud"], 1, "--trigger is 'loud'"),
        (["a.wav", "--rotate", "often"], 1, "--rotate is 'often'"),
        (["a.wav", "--tag", "x"], 2, "'x' is no tag"),
        (["-", "--json"], 2, "--json prints to standard output"),
        (["no/folder.wav", "-n", "1"], 1, "No such file or directory"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke("rec", *words)
    assert result.exit_code == code
    (line,) = result.stderr.splitlines()
    assert told in line
    assert not os.listdir()


def test_ctrl_c_completes_the_file() -> None:
    running = subprocess.Popen([*COMMAND, "t.wav", "-c1"], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not os.path.exists("t.wav") or os.path.getsize("t.wav") < 10000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert err.splitlines()[-1].startswith("recorded t.wav: ")
    found = ps.info("t.wav", scan=True)
    assert found.frames > 1000
    assert not found.damage


def test_an_xrun_is_fatal_if_that_is_asked_for() -> None:
    device = ps.VirtualDevice("loopback", faults=[ps.Fault("xrun", at=480)])
    with ps.InputStream(device, 48000, channels=1) as stream:
        recorder = ps.Recorder("take.wav", stream=stream)
        assert watch(recorder, stream, "take.wav", None, Talk(quiet=True), True) == 3
    assert ps.info("take.wav").frames > 0
