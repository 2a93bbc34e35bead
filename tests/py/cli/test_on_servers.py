# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The commands that play and record, on real servers: JACK and PulseAudio."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000


@pytest.fixture(autouse=True)
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """song.wav: half a second, the first half of it silent: a server is slow to wake."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(9)
    noise = rng.uniform(-0.5, 0.5, (RATE // 4, 2)).astype("float32")
    ps.write("song.wav", np.vstack([np.zeros_like(noise), noise]), RATE, subtype="FLOAT")
    return noise


def test_the_old_line_and_the_others_on_jack(run: Callable[..., Any], jack: Any) -> None:
    done = run("song.wav", "take.wav", "--json", **jack.env)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["played_frames"] == RATE // 2
    assert document["recorded_frames"] == ps.info("take.wav").frames
    assert 0 <= document["recorded_frames"] - RATE // 2 < 2 * jack.period, "up to whole cycles"
    assert document["lost_frames"] == document["missing_frames"] == 0
    played = run("play", "song.wav", **jack.env)
    assert played.returncode == 0
    assert played.stderr.startswith("played 0.500 s; ")
    heard = run("monitor", "-d", "0.2", "-c", "1", "--json", **jack.env)
    assert heard.returncode == 0, heard.stderr
    assert json.loads(heard.stdout.splitlines()[-1])["seconds"] >= 0.2


def test_what_pulseaudio_plays_is_recorded(run: Callable[..., Any], pulse: Any, song: Any) -> None:
    """A null sink's monitor hears what the sink plays."""
    options = ["-D", "pst_f32_play,pst_f32_monitor", "-c", "2", "--pad", "0.7", "--json"]
    done = run("song.wav", "take.wav", *options, **pulse.env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["played_frames"] == RATE // 2
    take, rate = ps.read("take.wav", dtype="float32")
    assert rate == RATE
    first = int(np.argmax(take.any(axis=1)))
    # That all of it arrives when the machine is not busy is shown by the library's own tests.
    assert np.array_equal(take[first : first + 480], song[:480])
