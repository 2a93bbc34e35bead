# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders on a JACK server: files of all kinds, while the GIL is held."""

import numpy as np
from servers.scenario import run

import pastream_ng as ps

SECONDS, HOLD = 10, 3.0


def test_R1_files_of_all_kinds_lose_nothing_while_the_gil_is_held(jack, jack_counter, tmp_path):
    report = run(
        "recorders.py",
        "all_kinds_while_held",
        timeout=SECONDS + 60,
        env=jack.env,
        device="counter",
        folder=str(tmp_path),
        seconds=SECONDS,
        hold=HOLD,
    )
    stats = report["stats"]
    assert report["longest"] >= HOLD
    assert report["holds"] >= SECONDS // HOLD - 1
    assert stats["frames"] == stats["captured_frames"] + stats["lost_frames"]
    assert stats["dropped_frames"] == 0
    assert {"a.wav", "a.rf64", "a.aiff", "a.au", "a.caf", "a.w64"} <= set(report["files"])
    for name, told in report["files"].items():
        assert told["frames"] == told["in_file"], name
        assert told["lost"] == stats["lost_frames"], name
        assert told["frames"] == stats["frames"] >= (SECONDS - 1) * 48000, name
        if told["counter"] is not None and stats["lost_frames"] == 0:
            assert told["counter"]["breaks"] == [], name
        assert told["rounded"] is None or told["rounded"] <= 1, name


def test_R1_a_player_of_another_rate_misses_nothing_while_the_gil_is_held(jack, tmp_path):
    path = tmp_path / "a.wav"
    with ps.SoundFile(path, "w", 44100, 2) as file:
        file.write(np.zeros((66_150, 2)))
    report = run(
        "recorders.py", "player_while_held", env=jack.env, device="system", path=str(path), hold=1.0
    )
    assert report["longest"] >= 1.0
    assert report["rate"] == 44100  # JACK has 48 kHz.
    assert report["played"] == 2 * 66_150
    assert (report["missing"], report["state"]) == (0, "finished")
