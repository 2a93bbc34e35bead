# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream generate`` and ``pastream resample``: what is in the files."""

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
from pastream_ng.cli.sounds import BLOCK, KINDS, Sound, blocks

RATE = 48000
COMMAND = [sys.executable, "-m", "pastream_ng.cli"]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(kind: str, **more: Any) -> Any:
    given = {"rate": RATE, "channels": 1, "frames": RATE, "level": 1.0, **more}
    return np.concatenate(list(blocks(Sound(kind, **given))))


def spectrum(sound: Any) -> Any:
    """Return the amplitude of each whole Hz of one second."""
    return np.abs(np.fft.rfft(sound[:, 0])) / (len(sound) / 2)


def test_a_sine_is_one() -> None:
    expected = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(made("sine")[:, 0] - expected).max() < 1e-9


def test_a_tone_keeps_its_phase_for_hours() -> None:
    frames = 3 * BLOCK
    late = list(blocks(Sound("sine", RATE, 1, frames, 0.5, frequency=0.5)))
    whole = np.concatenate(late)[:, 0]
    expected = 0.5 * np.sin(2 * np.pi * 0.5 * np.arange(frames) / RATE)
    assert np.abs(whole - expected).max() < 1e-9


@pytest.mark.parametrize(
    ("kind", "harmonic"),
    [
        ("square", lambda k: k % 2 / k),
        ("sawtooth", lambda k: 1 / k),
        ("triangle", lambda k: k % 2 / k**2),
    ],
)
def test_waves_have_their_harmonics_and_nothing_else(
    kind: str, harmonic: Callable[[int], float]
) -> None:
    found = spectrum(made(kind, frequency=1000.0))
    assert found[1000] > 0.5
    for k in range(1, 24):
        assert found[1000 * k] / found[1000] == pytest.approx(harmonic(k), abs=1e-9)
    found[::1000] = 0
    assert found.max() < 1e-9, "nothing is folded back"


@pytest.mark.parametrize("kind", ["square", "sawtooth", "triangle", "sine", "clicks"])
def test_the_level_of_tones_is_their_peak(kind: str) -> None:
    assert np.abs(made(kind, frequency=100.0, level=0.25)).max() == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(("kind", "half"), [("sweep", 632.5), ("chirp", 10010.0)])
def test_sweeps_go_from_and_to(kind: str, half: float) -> None:
    sound = made(kind, frequency=20.0, to=20000.0, frames=2 * RATE)[:, 0]

    def crossings(first: int, n: int) -> float:
        """Return the frequency in a part."""
        part = np.signbit(sound[first : first + n])
        return float(np.count_nonzero(part[1:] != part[:-1])) * RATE / (2 * n)

    assert crossings(2 * RATE - 480, 480) == pytest.approx(20000, rel=0.06)
    assert crossings(RATE - 2400, 4800) == pytest.approx(half, rel=0.06)
    assert crossings(0, 2400) < (100 if kind == "sweep" else 600)
    assert np.abs(np.diff(sound[:BLOCK])).max() < 2


def test_clicks_are_where_periods_begin() -> None:
    assert np.flatnonzero(made("clicks", frequency=4.0)[:, 0]).tolist() == [0, 12000, 24000, 36000]
    times = np.flatnonzero(made("clicks", frequency=7.0)[:, 0])
    assert times.tolist() == [int(np.ceil(RATE * k / 7)) for k in range(7)]


@pytest.mark.parametrize(("kind", "slope"), [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_noises_fall_as_they_should(kind: str, slope: float) -> None:
    """By so many dB per octave, between 40 Hz and 10 kHz."""
    sound = made(kind, frames=8 * RATE, seed=5)[:, 0]
    powers = np.abs(np.fft.rfft(sound)) ** 2
    octaves = 40 * 2.0 ** np.arange(9)
    bands = [powers[int(8 * f / 2**0.5) : int(8 * f * 2**0.5)].mean() for f in octaves]
    found = np.polyfit(np.arange(9), 10 * np.log10(bands), 1)[0]
    assert found == pytest.approx(slope, abs=0.3)


@pytest.mark.parametrize("kind", ["white", "pink", "brown"])
def test_noises_have_their_level_and_seed(kind: str) -> None:
    one = made(kind, seed=1, channels=2, level=0.1, frames=4 * RATE)
    assert np.sqrt(np.mean(one**2)) == pytest.approx(0.1, rel=0.1)
    assert np.array_equal(one, made(kind, seed=1, channels=2, level=0.1, frames=4 * RATE))
    assert not np.array_equal(one[:RATE, :1], made(kind, level=0.1))
    assert abs(np.corrcoef(one.T)[0, 1]) < 0.2, "channels differ"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_goes_into_a_file(kind: str, invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("generate", kind, "a.flac", "-d", "0.1", "-c", "2", "-r", "44.1k")
    assert document == {
        "file": "a.flac",
        "format": "FLAC",
        "subtype": document["subtype"],
        "samplerate": 44100,
        "channels": 2,
        "frames": 4410,
        "seconds": pytest.approx(0.1),
    }
    sound, rate = ps.read("a.flac")
    assert (sound.shape, rate) == ((4410, 2), 44100)
    assert sound.any() == (kind != "silence")
    assert np.abs(sound).max() < 0.7


def test_a_file_holds_what_was_asked_for(invoke: Callable[..., Result]) -> None:
    result = invoke(
        "generate", "sine", "a.wav", "--level", "-6", "--frequency", "1000", "-e", "float"
    )
    assert result.exit_code == 0
    assert result.stderr == "a.wav: sine, 0:01, 192 kB\n"
    sound, _ = ps.read("a.wav")
    expected = 10 ** (-6 / 20) * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert np.abs(sound - expected).max() < 1e-6


def test_a_pipe_is_written() -> None:
    """As ``pastream generate sine - | sox -t au - out.wav``."""
    line = f"{sys.executable} -m pastream_ng.cli generate sine - -d 0.1 -q > out.au"
    assert subprocess.run(line, shell=True, timeout=60).returncode == 0
    assert ps.info("out.au", scan=True).frames == 4800


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["violin", "a.wav"], 2, "'violin' is not one of"),
        (["sine", "a.wav", "--to", "100"], 2, "--to means nothing for sine"),
        (["pink", "a.wav", "--frequency", "100"], 2, "--frequency means nothing for pink"),
        (["sine", "a.wav", "--seed", "1"], 2, "--seed means nothing for sine"),
        (["sine", "a.wav", "--frequency", "30000"], 2, "at most 24000"),
        (["sine", "a.wav", "--level", "3"], 2, "--level"),
        (["sine", "a.xyz"], 1, "--format is not given"),
        (["sine", "a.wav", "-e", "pcm_99"], 1, "--encoding is 'pcm_99'"),
        (["sine", "no/a.wav"], 1, "No such file"),
        (["sine", "-", "--json"], 2, "--json prints to standard output"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke("generate", *words)
    assert result.exit_code == code
    (line,) = result.stderr.splitlines()
    assert told in line
    assert not os.listdir()


def test_what_is_there_stays_unless_told_otherwise(invoke: Callable[..., Result]) -> None:
    Path("a.wav").write_bytes(b"precious")
    result = invoke("generate", "sine", "a.wav")
    assert result.exit_code == 1
    assert "a.wav" in result.stderr
    assert result.stderr.endswith("; --overwrite replaces it\n")
    assert Path("a.wav").read_bytes() == b"precious"
    assert invoke("generate", "sine", "a.wav", "-y").exit_code == 0
    assert ps.info("a.wav").frames == RATE


def test_ctrl_c_completes_the_file() -> None:
    line = [*COMMAND, "generate", "sine", "long.wav", "-d", "24:00:00", "-q"]
    running = subprocess.Popen(line, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not os.path.exists("long.wav") or os.path.getsize("long.wav") < 10000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (130, b"")
    found = ps.info("long.wav", scan=True)
    assert found.frames >= BLOCK // 2
    assert not found.damage


# ---- resample ------------------------------------------------------------------------------------


def test_resampling_keeps_time_and_level(invoke: Callable[..., Result]) -> None:
    t = np.arange(RATE) / RATE
    ps.write("in.wav", 0.5 * np.sin(2 * np.pi * 1000 * t), RATE, subtype="PCM_24")
    result = invoke("resample", "in.wav", "out.wav", "-r", "44.1k")
    assert result.exit_code == 0, result.stderr
    sound, rate = ps.read("out.wav")
    assert (len(sound), rate, ps.info("out.wav").subtype) == (44100, 44100, "PCM_24")
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    assert np.abs(sound - expected)[1000:-1000].max() < 1e-5


def test_resampling_can_be_quick(invoke_json: Callable[..., Any]) -> None:
    ps.write("in.wav", np.zeros(4800), RATE)
    document = invoke_json("resample", "in.wav", "out.flac", "-r", "24k", "--quality", "hold")
    assert document["frames_encoded"] == 2400


def test_resampling_needs_a_rate(invoke: Callable[..., Result]) -> None:
    result = invoke("resample", "in.wav", "out.wav")
    assert result.exit_code == 2
    assert "Missing option '-r' / '--rate'" in result.stderr
