# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a real JACK server while Python stands still: nothing is lost, nothing is late."""

import numpy as np
import pytest
from servers.counting import continuity
from servers.reports import assert_all_accounted_for, assert_unbroken, run
from servers.scenario import Scenario

HOLD = 3.0


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.soak)])
def test_R1_chunks_lose_nothing_while_the_gil_is_held(jack, jack_counter, seconds):
    report = run(
        jack,
        "chunks_while_held",
        timeout=seconds + 60,
        device="counter",
        seconds=seconds,
        hold=HOLD,
        blocksize=128,
    )
    assert report["longest"] >= HOLD
    assert report["holds"] >= seconds // HOLD - 1
    assert_unbroken(report, seconds)
    assert_all_accounted_for(report["stats"])
    assert report["frames_between_chunks"] == [128]
    assert report["lost_by_chunks"] == 0


def test_R1_a_loop_with_nothing_but_defaults_loses_nothing(jack, jack_counter):
    report = run(jack, "default_loop_while_held", device="counter", seconds=6, hold=2.0)
    assert report["longest"] >= 2.0
    assert_unbroken(report, 6)


def test_R1_rec_loses_nothing_while_the_gil_is_held(jack, jack_counter):
    report = run(jack, "rec_while_held", device="counter", seconds=5, hold=2.0)
    assert report["longest"] >= 2.0
    assert_unbroken(report, 5)
    assert_all_accounted_for(report["stats"])


def test_R1_recordings_lose_nothing_while_the_gil_is_held(jack, jack_counter):
    report = run(jack, "recordings_while_held", device="counter", seconds=3, hold=1.0)
    assert report["longest"] >= 1.0
    assert_all_accounted_for(report["stats"])
    assert report["lost"] == 0
    assert report["breaks"] == report["second"]["breaks"] == []
    assert report["n_frames"] == report["stats"]["frames"] >= 2 * 48000
    assert report["second"]["n_frames"] == report["n_frames"] - 48000


def test_R1_duplex_loses_nothing_either_way_while_the_gil_is_held(jack, jack_counter, jack_sink):
    seconds = 5
    with Scenario(
        "jack.py",
        "duplex_while_held",
        env=jack.env,
        device="system",
        seconds=seconds,
        hold=2.0,
        blocksize=128,
    ) as scenario:
        scenario.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
        jack.connect("counter:out_1", "pastream_ng:in_0")
        scenario.say("connected")
        report = scenario.result()
    assert_unbroken(report, seconds)
    # While connections are made the server may leave out a period; but none from there on.
    stats = report["stats"]
    assert stats["captured_frames"] + stats["lost_frames"] == stats["frames"]
    assert all(frame <= report["silent_start"] + stats["lost_frames"] for frame in report["losses"])
    played = jack_sink.take()[:, 0]
    start = int(played.argmax()) - (seconds * 48000 - 1)
    heard = continuity(played[start : start + seconds * 48000])
    assert (heard.first, heard.n_frames, heard.breaks) == (1, seconds * 48000, [])


def test_sounds_start_at_their_frames_while_the_gil_is_held(jack, jack_sink):
    beats, distance, hold = 8, 3001, 1.0
    with Scenario(
        "jack.py", "rhythm", env=jack.env, beats=beats, distance=distance, hold=hold
    ) as s:
        s.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
        s.say("connected")
        report = s.result()
    assert report["longest"] >= hold
    assert report["started"] == [distance * beat for beat in range(beats)]
    assert report["late"] == report["lost"] == 0
    heard = np.flatnonzero(jack_sink.take()[:, 0] == 0.5)
    assert len(heard) == 10 * beats
    assert np.array_equal(heard[::10] - heard[0], distance * np.arange(beats))
