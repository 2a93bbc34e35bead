# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode INPUT OUTPUT``: what it makes, what it refuses, and how it is broken off."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import pastream_ng as ps
from pastream_ng.cli.conversion import NAMES, in_words

from .terminal import Terminal
from .test_exits import wait_until_read

COMMAND = [sys.executable, "-m", "pastream_ng.cli", "transcode"]
RATE = 48000


@pytest.fixture(autouse=True)
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """in.wav: half a second of noise, whose right half is silent."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    noise = rng.integers(-8000, 8000, (RATE // 2, 2), dtype="int16")
    noise[:, 1] = 0
    ps.write("in.wav", noise, RATE, tags={"title": "Noise", "artist": "Nobody"})
    return noise


def test_a_file_of_another_kind(song: Any, invoke: Callable[..., Result]) -> None:
    result = invoke("transcode", "in.wav", "out.flac")
    assert result.exit_code == 0
    assert not result.stdout
    assert result.stderr.startswith("out.flac: FLAC PCM_16, 48000 Hz, 2 channels, 0:00, ")
    assert np.array_equal(ps.read("out.flac", dtype="int16")[0], song)
    assert ps.info("out.flac").tags["title"] == "Noise"


def test_json_is_what_the_library_tells(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("convert", "in.wav", "out.opus", "-b", "64k")
    assert (document["input"], document["output"]) == ("in.wav", "out.opus")
    assert document["frames_decoded"] == document["frames_encoded"] == RATE // 2
    assert document["output_size"] == os.path.getsize("out.opus")
    assert document["output_format"]["codec"] == "OPUS"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["-r", "44.1k"], {"samplerate": 44100, "frames": 22050}),
        (["--start", "100ms", "-d", "0.2"], {"frames": 9600}),
        (["-c", "1"], {"channels": 1}),
        (["-t", "au"], {"format": "AU"}),
        (["--sample-format", "int24", "--dither", "none"], {"subtype": "PCM_24"}),
        (["--codec", "pcm_f32le"], {"subtype": "FLOAT"}),
        (["--threads", "2", "--resample-quality", "fast", "-r", "96k"], {"frames": RATE}),
    ],
)
def test_options(options: list[str], wanted: dict[str, Any], invoke: Callable[..., Result]) -> None:
    assert invoke("transcode", "in.wav", "out.wav", *options).exit_code == 0
    found = ps.info("out.wav")
    assert {name: getattr(found, name) for name in wanted} == wanted


def test_tags_are_kept_changed_or_left_out(invoke: Callable[..., Result]) -> None:
    options = ["--tag", "title=Other", "--tag", "genre=A", "--tag", "genre=B"]
    assert invoke("transcode", "in.wav", "a.flac", *options).exit_code == 0
    tags = ps.info("a.flac").tags
    assert (tags["title"], tags["artist"], tags.all("genre")) == ("Other", "Nobody", ("A", "B"))
    assert invoke("transcode", "in.wav", "b.flac", "--no-tags").exit_code == 0
    assert not ps.info("b.flac").tags


@pytest.mark.parametrize("mapping", ["2,1", "1:2,2:1"])
def test_channels_are_mapped(mapping: str, song: Any, invoke: Callable[..., Result]) -> None:
    assert invoke("transcode", "in.wav", "out.wav", "-m", mapping).exit_code == 0
    assert np.array_equal(ps.read("out.wav", dtype="int16")[0], song[:, ::-1])


def test_one_channel_to_several(song: Any, invoke: Callable[..., Result]) -> None:
    options = ["-m", "1:1,1:3", "-c", "3"]
    assert invoke("transcode", "in.wav", "out.wav", *options).exit_code == 0
    expected = np.stack([song[:, 0], song[:, 1], song[:, 0]], 1)
    assert np.array_equal(ps.read("out.wav", dtype="int16")[0], expected)


def test_samples_without_a_header(song: Any, invoke: Callable[..., Result]) -> None:
    Path("in.pcm").write_bytes(song.tobytes())
    assert invoke("transcode", "in.pcm", "out.wav", "--raw", "48k:2:int16").exit_code == 0
    assert np.array_equal(ps.read("out.wav", dtype="int16")[0], song)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["in.wav"], 2, "1 file named; name the input and the output, or give --many"),
        (["in.wav", "out.flac", "--to", "flac"], 2, "--to is for --many"),
        (["in.wav", "out.flac", "--not-recursive"], 2, "--not-recursive is for --many"),
        (["no.wav", "out.wav"], 1, "no.wav: No such file"),
        (["in.wav", "no/out.wav"], 1, "no/out.wav: No such file"),
        (["in.wav", "in.wav", "-y"], 1, "the same file"),
        (["in.wav", "out.xyz"], 1, "--format is not given"),
        (["in.wav", "out.mp3", "-b", "96"], 2, "96k?"),
        (["in.wav", "out.flac", "-b", "96k"], 1, "--bitrate is 96000; FLAC"),
        (["in.wav", "out.opus", "-b", "5M"], 1, "--bitrate is 5000000"),
        (["in.wav", "out.wav", "--start", "1:00"], 1, "--start is 60"),
        (["in.wav", "out.wav", "--codec", "h264"], 1, "--codec is 'h264'"),
        (["in.wav", "out.wav", "--raw", "48k:2"], 2, "write it as 48k:2:int16"),
        (["in.wav", "out.wav", "--raw", "48k:2:int99"], 2, "must be one of"),
        (
            ["in.wav", "out.wav", "-m", "1:3", "-c", "2"],
            2,
            "--map has 1:3; the output's channels are from 1 to 2",
        ),
        (["in.wav", "out.wav", "-m", "1:1,2:1"], 2, "--map sends two channels to 1"),
        (["in.wav", "out.wav", "--max-size", "1k"], 1, "--max-size"),
        (["in.wav", "-", "--json", "-t", "wav"], 2, "--json prints to standard output"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke("transcode", *words)
    assert result.exit_code == code
    assert not result.stdout
    (line,) = result.stderr.splitlines()
    assert told in line
    assert os.listdir() == ["in.wav"]


def test_what_is_there_stays_unless_told_otherwise(invoke: Callable[..., Result]) -> None:
    Path("out.wav").write_bytes(b"precious")
    result = invoke("transcode", "in.wav", "out.wav")
    assert result.exit_code == 1
    assert result.stderr.endswith("out.wav: File exists; --overwrite replaces it\n")
    assert Path("out.wav").read_bytes() == b"precious"
    assert invoke("transcode", "in.wav", "out.wav", "-y").exit_code == 0
    assert ps.info("out.wav").frames == RATE // 2


def test_messages_name_options() -> None:
    def told(text: str) -> str:
        return in_words(text, NAMES)

    assert told("audio_bitrate is 5; give quality or sample_rate") == (
        "--bitrate is 5; give --quality or --rate"
    )
    assert told("format is None, and give format as one of") == (
        "--format is not given, and give --format as one of"
    )
    assert told("the format of tags") == "the format of tags"


def test_pipes_on_both_sides(song: Any) -> None:
    """As ``cat in.wav | pastream transcode - - --format flac | flac -t -``."""
    with open("in.wav", "rb") as source, open("out.flac", "wb") as target:
        done = subprocess.run(
            [*COMMAND, "-", "-", "--format", "flac", "-q"],
            stdin=source,
            stdout=target,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert np.array_equal(ps.read("out.flac", dtype="int16")[0], song)


def test_a_reader_that_goes_away_ends_it() -> None:
    """As ``pastream transcode in.wav - --format mp3 | head -c 1000``."""
    ps.write("long.wav", np.zeros((RATE * 60, 2), "int16"), RATE)
    running = subprocess.Popen(
        [*COMMAND, "long.wav", "-", "--format", "wav"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    with running:
        assert running.stdout.read(1000)[:4] in (b"RIFF", b"RF64")
        running.stdout.close()
        told = running.stderr.read()
    assert running.returncode == 141
    assert told == b""


# ---- In a terminal -------------------------------------------------------------------------------


def test_a_bar_is_drawn_in_a_terminal() -> None:
    terminal = Terminal("transcode", "in.wav", "out.wav")
    assert terminal.end() == 0
    assert b"out.wav" in terminal.seen
    assert "━".encode() in terminal.seen
    assert b"\x1b[?25h" in terminal.seen, "the cursor is back"
    assert b"out.wav: WAV" in terminal.seen.splitlines()[-1]


def test_ctrl_c_leaves_nothing_behind() -> None:
    """The input is a pipe that stalls, so that there is something to break off."""
    terminal = Terminal("transcode", "-", "out.flac")
    terminal.stdin.write(Path("in.wav").read_bytes()[:20000])
    terminal.stdin.flush()
    wait_until_read(terminal.stdin)
    terminal.read_until("━".encode())
    os.write(terminal.master, b"\x03")
    assert terminal.end() == 130
    assert b"interrupted" in terminal.seen.splitlines()[-1]
    assert b"Traceback" not in terminal.seen
    assert os.listdir() == ["in.wav"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_nothing_behind(number: signal.Signals) -> None:
    line = [*COMMAND, "-", "out.flac", "-q"]
    running = subprocess.Popen(line, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdin is not None
    assert running.stderr is not None
    with running:
        running.stdin.write(Path("in.wav").read_bytes()[:20000])
        running.stdin.flush()
        wait_until_read(running.stdin)
        running.send_signal(number)
        running.stderr.read()
    assert running.returncode in (143, -9)
    assert os.listdir() == ["in.wav"]
