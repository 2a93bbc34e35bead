# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream monitor`` and ``pastream latency``."""

import io
import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from rich.console import Console, Group

import pastream_ng as ps
from pastream_ng.cli.monitor import Moment, draw, moments
from pastream_ng.cli.spectrum import N_BANDS

from .terminal import Terminal

DOCS = Path(__file__).resolve().parents[3] / "docs"


def sine_heard(faults: list[ps.Fault] | None = None) -> list[Moment]:
    device = ps.VirtualDevice(clock="free", input="sine", faults=faults or [])
    with ps.InputStream(device, 48000, channels=2, overflow="drop-oldest") as stream:
        return list(moments(stream, 48000, 0.0))


def test_moments_tell_what_is_heard() -> None:
    heard = sine_heard()
    assert heard
    last = heard[-1]
    assert last.seconds == pytest.approx(1.0)
    assert last.peak_db == pytest.approx([20 * np.log10(0.5)] * 2, abs=0.1)
    assert last.rms_db == pytest.approx([20 * np.log10(0.5 / 2**0.5)] * 2, abs=0.1)
    assert last.max_peak_db == pytest.approx(last.peak_db, abs=0.1)
    assert last.clipped == [0, 0]
    assert (last.xruns, last.lost_frames) == (0, 0)
    assert last.bands.max() > 0.8
    assert np.median(last.bands) < 0.5


def test_moments_tell_what_was_lost() -> None:
    last = sine_heard([ps.Fault("stall", at=9600, amount=480), ps.Fault("xrun", at=4800)])[-1]
    assert last.lost_frames >= 480
    assert last.xruns >= 2


def test_the_picture_shows_it_all() -> None:
    moment = Moment(
        seconds=65.2,
        rms_db=[-20.0, -np.inf],
        peak_db=[-10.0, -np.inf],
        max_peak_db=[0.0, -np.inf],
        clipped=[3, 0],
        xruns=1,
        lost_frames=7,
        cpu_load=0.02,
        bands=np.linspace(0, 1, N_BANDS),
    )
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(Group(*draw(moment)))
    head, first, second, *rows, axis = console.export_text().splitlines()
    assert head.rstrip() == "1:05   1 xrun, 7 lost, 3 clipped   load 2%"
    assert first.startswith("channel 1  " + "█" * 29)
    assert "│" in first
    assert " -20.0 dB   peak    0.0 dB" in first
    assert second.startswith("channel 2  " + "░" * 40)
    assert "-72.0 dB   peak  -72.0 dB" in second
    assert len(rows) == 8
    assert rows[-1].rstrip().endswith("█")
    assert "12 kHz" in axis


def test_lines(invoke: Callable[..., Result]) -> None:
    result = invoke("monitor", "-D", "null", "-d", "0.2", "-c", "1", "--interval", "50ms")
    assert result.exit_code == 0
    assert not result.stderr
    lines = result.stdout.splitlines()
    assert 2 <= len(lines) <= 6
    assert all(line == "0:00  dB  -72.0 (-72.0)  0 xruns, 0 lost" for line in lines)


def test_json_lines(invoke: Callable[..., Result]) -> None:
    result = invoke("monitor", "-D", "null", "-d", "0.2", "-c", "2", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows[-1]["seconds"] == pytest.approx(0.2)
    assert rows[-1]["rms_db"] == [None, None], "silence has no level"
    assert rows[-1]["xruns"] == 0


def test_ctrl_c_ends_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal("monitor", "-D", "loopback", "-c", "2")
    terminal.read_until(b"channel 2")
    terminal.read_until(b"12 kHz")
    os.write(terminal.master, b"\x03")
    assert terminal.end() == 130
    assert b"\x1b[?25h" in terminal.seen, "the cursor is back"
    assert b"Traceback" not in terminal.seen


def test_the_picture_of_the_docs_is_made_by_its_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "monitor.svg"
    monkeypatch.setattr(sys, "argv", ["monitor_picture.py", str(made)])
    runpy.run_path(str(DOCS / "reference" / "monitor_picture.py"), run_name="__main__")
    text = made.read_text(encoding="utf-8")
    for words in ("pastream&#160;monitor", "channel&#160;2", "0&#160;xruns", "12&#160;kHz", "█"):
        assert words in text or words.replace("&#160;", " ") in text
    assert (DOCS / "reference" / "monitor.svg").exists()


# ---- latency -------------------------------------------------------------------------------------


def test_the_loop_is_measured(invoke: Callable[..., Result]) -> None:
    options = ["-D", "loopback", "-r", "48k", "-b", "240", "--repeats", "2", "--longest", "50ms"]
    result = invoke("latency", *options)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "round trip  240 frames, 5.000 ms"
    assert "found       2 of 2 bursts" in result.stdout
    assert not result.stderr


def test_the_loop_in_json(invoke_json: Callable[..., Any]) -> None:
    options = ["-D", "loopback,loopback", "-b", "480", "--repeats", "1", "--longest", "50ms"]
    document = invoke_json("latency", *options)
    assert document["frames"] == 480
    assert document["spread"] == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-D", "null", "--repeats", "1", "--longest", "50ms"], 1, "0 of 1 bursts came back"),
        (["-D", "loopback", "--repeats", "0"], 1, "--repeats is 0"),
        (["-D", "loopback", "--longest", "60"], 1, "--longest is 60"),
        (["-D", "nobody"], 1, "'pastream devices' lists them"),
    ],
)
def test_what_is_wrong_is_told(
    words: list[str], code: int, told: str, invoke: Callable[..., Result]
) -> None:
    result = invoke("latency", *words)
    assert result.exit_code == code
    (line,) = result.stderr.splitlines()
    assert line.startswith("pastream latency: ")
    assert told in line
