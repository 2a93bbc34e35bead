# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream demo``: short runs on the loopback, and its parts by themselves."""

import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from rich.console import Console

from pastream_ng.cli import spectrum
from pastream_ng.cli.demo import capture, display, report
from pastream_ng.cli.demo.gilhog import GilHog
from pastream_ng.cli.demo.measure import Faults, Outcome, Quantiles, WakeUps
from pastream_ng.cli.demo.melody import PEAK, melody

RUN_FIELDS = {
    "name",
    "how",
    "expected",
    "captured",
    "lost",
    "xruns",
    "longest_hold_s",
    "wakeups",
}


def test_json_of_a_run_that_lost_nothing(run: Callable[..., Any]) -> None:
    done = run("demo", "--device", "loopback", "--seconds", "1.5", "--hold", "0.6", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["ok"] is True
    assert document["is_virtual"] is True
    assert document["faults"] == {"lost_by_host": 0, "output_missing": 0, "differing": 0}
    ours, theirs = document["runs"]
    assert set(ours) == set(theirs) == RUN_FIELDS
    assert ours["expected"] == ours["captured"] == theirs["expected"] > 70000
    assert ours["lost"] == 0
    assert ours["longest_hold_s"] >= 0.6
    assert theirs["lost"] > 0, "a Python callback cannot run while the GIL is held"
    assert theirs["captured"] + theirs["lost"] == theirs["expected"]
    assert "simulated" in theirs["how"]


def test_lines_and_table(run: Callable[..., Any]) -> None:
    done = run("demo", "--seconds", "1", "--hold", "0.2", PASTREAM_DEVICE="loopback")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    for words in (
        "loopback",
        "frames expected",
        "frames captured",
        "frames lost",
        "xruns",
        "longest GIL hold",
        "wake-up p50 / p99",
        "simulated host,",
        "PASTREAM_DEVICE",
        "bit for bit",
    ):
        assert words in " ".join(done.stdout.split()), words


def test_without_a_hog(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("demo", "--device", "loopback", "--seconds", "0.5", "--hold", "0")
    ours, _ = document["runs"]
    assert ours["lost"] == 0
    assert ours["longest_hold_s"] == 0
    assert ours["wakeups"]["count"] > 0
    assert 0 < ours["wakeups"]["p50_s"] <= ours["wakeups"]["p99_s"]


def test_device_by_index(invoke_json: Callable[..., Any]) -> None:
    (index,) = (d["index"] for d in invoke_json("devices")["devices"] if d["is_loopback"])
    document = invoke_json("demo", "--device", str(index), "--seconds", "0.3", "--hold", "0")
    assert "loopback" in document["device"]["input"]


@pytest.mark.parametrize(
    "arguments", [["--seconds", "0"], ["--seconds", "nan"], ["--hold", "-1"], ["--hold", "nan"]]
)
def test_nonsense_is_refused(arguments: list[str], invoke: Callable[..., Result]) -> None:
    assert invoke("demo", *arguments).exit_code == 2


def test_unknown_device_is_an_error_that_names_it(invoke: Callable[..., Result]) -> None:
    result = invoke("demo", "--device", "no such device")
    assert result.exit_code == 1
    assert "no such device" in result.output


# ---- Parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_melody(channels: int) -> None:
    tune = melody(700_000, 48000, channels)
    assert tune.shape == (700_000, channels)
    assert tune.dtype == np.float32
    assert np.abs(tune).max() == pytest.approx(PEAK, rel=1e-3)
    assert np.abs(np.diff(tune, axis=0)).max() < 0.2, "no clicks"
    assert all(tune[start : start + 48000].any() for start in range(0, 650_000, 48000))


def test_hog_really_holds_the_gil() -> None:
    gaps = []
    stop = threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    watcher = threading.Thread(target=watch)
    with GilHog(hold_s=0.3, rest_s=0.05) as hog:
        watcher.start()
        while not hog.holds:
            time.sleep(0.01)
    stop.set()
    watcher.join()
    assert hog.longest_s >= 0.3
    assert max(gaps) >= 0.25, "no other Python thread ran meanwhile"


def test_wakeups_leave_out_what_waited_for_something_else() -> None:
    wakeups = WakeUps()
    wakeups.add(asked=0.0, ready=1.0, woke=1.001)
    wakeups.add(asked=1.0, ready=2.0, woke=2.003)
    wakeups.add(asked=3.5, ready=3.0, woke=3.6)  # There before it was asked for.
    wakeups.add(asked=3.6, ready=4.0, woke=4.8)  # The GIL was held.
    assert wakeups.quantiles([(3.9, 4.7), (9.0, 9.5)]) == Quantiles(
        2, pytest.approx(0.002), pytest.approx(0.00298)
    )
    assert wakeups.quantiles([(0.0, 10.0)]) == Quantiles(0, None, None)
    assert WakeUps().quantiles([]) == Quantiles(0, None, None)


def test_spectrum_shows_a_tone_where_it_is() -> None:
    time_s = np.arange(1024) / 48000
    tone = (0.5 * np.sin(2 * np.pi * 1000 * time_s)).astype(np.float32)[:, np.newaxis]
    bands = spectrum.bands(tone, 48000)
    edges = np.geomspace(spectrum.LOW_HZ, spectrum.HIGH_HZ, spectrum.N_BANDS + 1)
    assert edges[bands.argmax()] == pytest.approx(1000, rel=0.15)
    assert spectrum.level_db(tone)[0] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    silence = np.zeros((1024, 2), np.float32)
    assert not spectrum.bands(silence, 48000).any()
    assert spectrum.level_db(silence) == [pytest.approx(spectrum.FLOOR_DB)] * 2


def test_differences_are_counted_in_frames() -> None:
    played = melody(4800, 48000, 2)
    heard = np.zeros_like(played)
    heard[100:] = played[:-100]
    assert capture.differences(played, heard) == 0
    heard[300:310] += 0.1
    assert capture.differences(played, heard) == 10
    assert capture.differences(played, np.zeros_like(played)) == len(played)


def outcome(lost: int = 0) -> Outcome:
    return Outcome("a", "b", 1000, 1000 - lost, lost, 0, 0.5, Quantiles(3, 0.0001, 0.0002))


@pytest.mark.parametrize(
    ("lost", "faults", "good", "words"),
    [
        (0, Faults(0, 0, 0), True, "bit for bit"),
        (0, Faults(0, 0, None), True, "All 1000 frames"),
        (7, Faults(0, 0, 0), False, "7 captured frames"),
        (7, Faults(7, 0, 0), False, "fault: 7 frames were lost by the device or its host."),
        (0, Faults(0, 5, 0), False, "5 frames came too late"),
        (0, Faults(0, 0, 3), False, "3 frames came back changed"),
    ],
)
def test_verdict(lost: int, faults: Faults, good: bool, words: str) -> None:
    verdict, sentence = report.verdict(outcome(lost), faults)
    assert verdict is good
    assert words in sentence


def test_picture_and_table_are_drawn() -> None:
    console = Console(force_terminal=True, width=100, record=True, file=io.StringIO())
    view = display.View(
        elapsed_s=1.0,
        captured=48000,
        lost=0,
        xruns=0,
        levels_db=[-10.0, -72.0],
        bands=np.linspace(0, 1, spectrum.N_BANDS),
        longest_hold_s=0.5,
    )
    with display.picture(console) as live:
        assert live.is_due(1.0)
        assert not live.is_due(1.01)
        live.show(view)
    report.show(console, [outcome(), outcome(lost=10)])
    text = console.export_text()
    assert "captured 48000" in text
    assert "-10.0 dB" in text
    assert "0.100 ms / 0.200 ms" in text
    assert "990 (99.00 %)" in text
