# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream [OPTIONS] INPUT [OUTPUT]``: the lines that pastream's readers know; its options."""

import json
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
from pastream_ng.cli import running
from pastream_ng.cli.output import Talk
from pastream_ng.cli.pairs import CHANNELS, DEVICES, MAPPING

COMMAND = [sys.executable, "-m", "pastream_ng.cli"]
RATE = 48000


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")


@pytest.fixture
def song() -> Any:
    """input.wav: 0.1 s of steps that are all different."""
    steps = np.arange(4800, dtype="int16").reshape(-1, 2)
    ps.write("input.wav", np.tile(steps, (2, 1)), RATE)
    return ps.read("input.wav", dtype="int16")[0]


def test_the_devices(invoke: Callable[..., Result]) -> None:
    result = invoke("-l")
    assert result.exit_code == 0
    assert result.output.rstrip() == str(ps.query_devices()).rstrip()


def test_play_and_record_at_once(song: Any, invoke: Callable[..., Result]) -> None:
    result = invoke("input.wav", "output.wav", "-f=int16")
    assert result.exit_code == 0
    assert not result.stdout
    assert "played input.wav: 4800 frames, 0.100 s" in result.stderr
    assert "recorded output.wav: 4800 frames" in result.stderr
    heard, rate = ps.read("output.wav", dtype="int16")
    assert rate == RATE
    # The loopback gives back what it got, a little later.
    first = int(np.argmax(heard[:, 1] != 0))
    assert 0 < first < 4000
    assert np.array_equal(heard[first:, :2], song[: len(heard) - first])


def test_pipes_on_both_sides(song: Any) -> None:
    """As ``... | pastream - - | ...``."""
    ps.write("input.au", song, RATE)
    with open("input.au", "rb") as source, open("output.au", "wb") as target:
        line = [*COMMAND, "-", "-", "-f", "int16", "-p", "0.1", "-q"]
        done = subprocess.run(line, stdin=source, stdout=target, timeout=60, check=True)
    assert done.returncode == 0
    heard = ps.read("output.au", dtype="int16")[0]
    first = int(np.argmax(heard[:, 1] != 0))
    assert np.array_equal(heard[first : first + len(song), :2], song)


def test_a_pipe_is_played() -> None:
    """As ``sox -n -t au - synth sine 440 | pastream - output.wav``."""
    ps.write("tone.au", np.full((4800, 1), 0.25, "float32"), RATE)
    with open("tone.au", "rb") as tone:
        done = subprocess.run(
            [*COMMAND, "-", "output.wav"], stdin=tone, capture_output=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    found = ps.info("output.wav")
    assert (found.samplerate, found.frames) == (RATE, 4800)


def test_a_raw_file(invoke: Callable[..., Result]) -> None:
    Path("output.raw").write_bytes(np.arange(2400, dtype="<i2").tobytes())
    result = invoke("-c1", "-r48k", "-e=pcm_16", "-o", "output.raw")
    assert result.exit_code == 0, result.stderr
    assert "played output.raw: 2400 frames, 0.050 s" in result.stderr


def test_record_so_many_frames(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("null", "output.wav", "-r48k", "-n=4.8k")
    assert document["input"] is None
    assert document["recorded_frames"] == 4800
    assert document["played_frames"] == document["xruns"] == 0
    assert ps.info("output.wav").frames == 4800


def test_record_into_a_pipe() -> None:
    """AU if nothing else is said, since its header needs no length."""
    line = [*COMMAND, "^", "-", "-c", "2", "-r", "8k", "-d", "800s", "-e", "pcm_16"]
    done = subprocess.run(line, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    Path("out.au").write_bytes(done.stdout)
    found = ps.info("out.au", scan=True)
    assert (found.format, found.subtype, found.frames) == ("AU", "PCM_16", 800)
    assert b"recorded -: 800 frames" in done.stderr


@pytest.mark.parametrize(
    ("options", "played", "recorded"),
    [
        (["-d", "0.05"], 2400, 2400),
        (["-n", "100"], 100, 100),
        (["-d", "0:10"], 4800, 4800),  # No longer than the file.
        (["-d", "0.15", "-p"], 4800, 7200),
        (["--pad", "480s"], 4800, 5280),
        (["--loop", "-d", "0.2"], 9600, 9600),
        (["--offset", "0.01"], 4800, 4320),
        (["-r", "24k"], 2400, 2400),
    ],
)
def test_lengths(
    options: list[str], played: int, recorded: int, song: Any, invoke_json: Callable[..., Any]
) -> None:
    document = invoke_json("input.wav", "output.wav", *options)
    assert document["recorded_frames"] == recorded == ps.info("output.wav").frames
    assert document["played_frames"] == played


def test_sides_may_differ(song: Any, invoke: Callable[..., Result]) -> None:
    options = ["-c", "2,1", "-D", "loopback,0", "-t", "null,FLAC", "-e", "^,pcm_24"]
    result = invoke("input.wav", "out", *options, "--buffersize", "4K", "-b", "256")
    assert result.exit_code == 0, result.stderr
    found = ps.info("out")
    assert (found.format, found.subtype, found.channels) == ("FLAC", "PCM_24", 1)


def test_channels_are_mapped(song: Any, invoke: Callable[..., Result]) -> None:
    """The file's first channel goes to the device's third, and comes from there."""
    result = invoke("input.wav", "out.wav", "-m", "1:3,2:4", "-m", "3", "-f", "int16")
    assert result.exit_code == 0, result.stderr
    heard, _ = ps.read("out.wav", dtype="int16")
    first = int(np.argmax(heard != 0)) - 1  # The song begins with a zero.
    assert np.array_equal(heard[first:], song[: len(heard) - first, 0])


def test_what_pairs_mean() -> None:
    def parsed(kind: Any, word: str) -> Any:
        return kind.convert(word, None, None)

    assert parsed(CHANNELS, "2") == (2, 2)
    assert parsed(CHANNELS, "=2,1") == (2, 1)
    assert parsed(CHANNELS, "null,1") == (None, 1)
    assert parsed(DEVICES, "0,loop") == (0, "loop")
    assert parsed(DEVICES, "null,^") == ("null", None)
    assert parsed(DEVICES, "null, Virtual") == ("null, Virtual", "null, Virtual")
    assert parsed(MAPPING, "3,4") == [3, 4]
    assert parsed(MAPPING, "1:2,2:1,1:3") == {1: [2, 3], 2: [1]}
    assert parsed(MAPPING, "^") is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-q"], "name a file to play"),
        (["null", "^"], "name a file to play"),
        (["-o", "a.wav", "b.wav", "c.wav"], "-o is the file to play"),
        (["null", "a.wav", "-d", "1", "-n", "5"], "--duration and --frames"),
        (["null", "a.wav", "-d", "1:75"], "'1:75' is no length; write it as 90, 1:30"),
        (["null", "a.wav", "-c", "two"], "write it as 2 or as 2,1"),
        (["null", "a.wav", "-c", "1,2,3"], "write PLAYBACK,RECORDING"),
        (["null", "a.wav", "-m", "1:2,3"], "write it as 3,4 or as 1:3,2:4"),
        (["null", "a.wav", "-m", "1", "-m", "2", "-m", "1"], "a second time, for the recording"),
        (["-v", "info"], "options come after the command: pastream info"),
    ],
)
def test_misuse_is_told(words: list[str], told: str, invoke: Callable[..., Result]) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert told in line
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.wav", "a.wav"], "nothing.wav: No such file"),
        (["null", "a.xyz"], "format is None"),
        (["null", "a.wav", "-D", "no such"], "no device fits; 'pastream devices' lists them"),
        (["null", "no/folder/a.wav"], "No such file or directory"),
        (["null", "a.wav", "-e", "pcm_99"], "subtype"),
    ],
)
def test_what_cannot_be_done_is_told(
    words: list[str], told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke(*words)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("pastream")
    assert told in line
    assert not list(Path().iterdir())


def test_an_xrun_is_fatal_if_that_is_asked_for() -> None:
    device = ps.VirtualDevice("loopback", faults=[ps.Fault("xrun", at=480)])
    options: dict[str, Any] = {"device": (device, None), "loop": False}
    with running.open_stream(None, "out.wav", options) as stream:
        code, stats = running.run(stream, Talk(quiet=True), "x", -1, fatal_xruns=True)
    assert code == 3
    assert stats.xruns > 0
    assert ps.info("out.wav").frames > 0


def test_a_signal_completes_the_file() -> None:
    line = [*COMMAND, "null", "out.flac", "-c1", "--json"]
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not os.path.exists("out.flac") or os.path.getsize("out.flac") < 100:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 143, err
    assert not err
    document = json.loads(out)
    assert document["recorded_frames"] == ps.info("out.flac", scan=True).frames > 0
