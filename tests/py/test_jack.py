# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a real JACK server: a client plays frame numbers, so each lost frame shows."""

import numpy as np
import pytest
import servers.scenario
from servers.counting import continuity
from servers.scenario import Scenario

HOLD = 3.0


def run(jack, function, **arguments):
    """Run a scenario; what the server and the scenario said is shown if the test fails."""
    before = len(jack.program.output)
    report = servers.scenario.run("jack.py", function, env=jack.env, **arguments)
    print(report)
    print(jack.program.output[before:])
    return report


def assert_unbroken(report, seconds):
    assert report["breaks"] == []
    assert report["lost"] == report["doubled"] == 0
    assert report["n_frames"] >= (seconds - 1) * 48000


@pytest.fixture
def counter(jack):
    client = jack.counter()
    yield client
    client.stop()


@pytest.fixture
def sink(jack, tmp_path):
    client = jack.sink(tmp_path)
    yield client
    client.stop()


def assert_all_accounted_for(stats):
    assert stats["lost_frames"] == stats["dropped_frames"] == stats["inserted_frames"] == 0
    assert stats["captured_frames"] == stats["frames"]


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.soak)])
def test_R1_chunks_lose_nothing_while_the_gil_is_held(jack, counter, seconds):
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


def test_R1_a_loop_with_nothing_but_defaults_loses_nothing(jack, counter):
    report = run(jack, "default_loop_while_held", device="counter", seconds=6, hold=2.0)
    assert report["longest"] >= 2.0
    assert_unbroken(report, 6)


def test_R1_rec_loses_nothing_while_the_gil_is_held(jack, counter):
    report = run(jack, "rec_while_held", device="counter", seconds=5, hold=2.0)
    assert report["longest"] >= 2.0
    assert_unbroken(report, 5)
    assert_all_accounted_for(report["stats"])


def test_R1_recordings_lose_nothing_while_the_gil_is_held(jack, counter):
    report = run(jack, "recordings_while_held", device="counter", seconds=3, hold=1.0)
    assert report["longest"] >= 1.0
    assert_all_accounted_for(report["stats"])
    assert report["lost"] == 0
    assert report["breaks"] == report["second"]["breaks"] == []
    assert report["n_frames"] == report["stats"]["frames"] >= 2 * 48000
    assert report["second"]["n_frames"] == report["n_frames"] - 48000


def test_R1_duplex_loses_nothing_either_way_while_the_gil_is_held(jack, counter, sink):
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
    played = sink.take()[:, 0]
    start = int(played.argmax()) - (seconds * 48000 - 1)
    heard = continuity(played[start : start + seconds * 48000])
    assert (heard.first, heard.n_frames, heard.breaks) == (1, seconds * 48000, [])


def test_pain_17_channels_of_a_real_server_are_chosen(jack):
    with Scenario("jack.py", "mapped", env=jack.env, device="system") as scenario:
        scenario.wait_for("running")
        for number in (0, 1):
            jack.connect(f"pastream_ng:out_{number}", f"pastream_ng:in_{number}")
        scenario.say("connected")
        report = scenario.result()
    assert report == {"heard": True, "other": 0, "channels": [2, 1]}


def test_readers_and_blocking_reads_get_every_frame(jack, counter):
    report = run(jack, "readers_and_reads", device="counter")
    assert report["ends"] == ["FINISHED", "FINISHED", "STOPPED"]
    for part, frames in ((report["runs"][0], 24000), (report["runs"][1], 24000), (report, 20000)):
        assert part["n_frames"] == frames
        assert part["breaks"] == []
        assert part["lost"] == part["doubled"] == 0


@pytest.mark.parametrize("blocksize", [2, 16, 100, 1000, None])
def test_R8_any_block_size_through_the_hosts_adapter(jack, counter, blocksize):
    report = run(
        jack,
        "chunks_while_held",
        device="counter",
        seconds=1.5,
        hold=0.3,
        blocksize=blocksize,
    )
    assert_unbroken(report, 1.5)
    assert_all_accounted_for(report["stats"])
    largest = 128 if blocksize is None else blocksize
    assert report["stats"]["max_block"] == report["stats"]["min_block"] == largest


def test_R8_a_server_with_very_short_periods(short_jack):
    short_jack.counter(latency=16)
    report = run(
        short_jack, "chunks_while_held", device="counter", seconds=1, hold=0.3, blocksize=None
    )
    assert_unbroken(report, 1)
    assert_all_accounted_for(report["stats"])
    assert report["stats"]["max_block"] == 16


@pytest.mark.parametrize("latency", [None, 0, 4096])
def test_a_latency_that_the_host_reports_is_not_believed(jack, latency):
    client = jack.counter(latency=latency)
    try:
        report = run(
            jack,
            "chunks_while_held",
            device="counter",
            seconds=1,
            hold=0.1,
            blocksize=128,
        )
    finally:
        client.stop()
    assert_unbroken(report, 1)
    assert 0 <= report["latency"] < 10


def test_losses_of_an_impatient_server_are_told_to_the_frame(strict_jack):
    client = strict_jack.counter()
    try:
        with Scenario(
            "jack.py", "count_losses", env=strict_jack.env, device="counter", seconds=5
        ) as scenario:
            scenario.wait_for("running")
            report = scenario.result()
    finally:
        client.stop()
    assert report["stats"]["lost_frames"] == report["lost"] - report["doubled"], report


@pytest.mark.parametrize("keep", [False, True])
def test_R13_the_server_gets_no_nan_unless_somebody_wants_that(jack, sink, keep):
    with Scenario("jack.py", "play_odd_numbers", env=jack.env, keep_nonfinite=keep) as scenario:
        scenario.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
        scenario.say("connected")
        counted = scenario.result()
    heard = sink.take()[:, 0]
    start = int(np.flatnonzero(heard == 0.5)[0])
    odd = heard[start : start + 5]
    if keep:
        assert np.array_equal(odd, [0.5, np.nan, np.inf, -np.inf, 0.25], equal_nan=True)
    else:
        assert np.array_equal(odd, [0.5, 0, 0, 0, 0.25])
    assert counted == (0 if keep else 3)


def test_a_rate_that_the_server_does_not_have(jack, counter):
    report = run(jack, "other_rate", device="counter", rate=44100)
    assert "44100" in report["refusal"]
    assert "48000" in report["refusal"]
    assert report["rate"] == 44100
    assert report["captured"] == 44100


def test_the_server_shows_the_name_of_the_program(jack, counter):
    with servers.scenario.Scenario(
        "jack.py", "named", env=jack.env, device="counter", name="Night recorder"
    ) as scenario:
        scenario.wait_for("running")
        assert any(port.startswith("Night recorder") for port in jack.ports())
        scenario.say("enough")
        scenario.result()


def test_sounds_start_at_their_frames_while_the_gil_is_held(jack, sink):
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
    heard = np.flatnonzero(sink.take()[:, 0] == 0.5)
    assert len(heard) == 10 * beats
    assert np.array_equal(heard[::10] - heard[0], distance * np.arange(beats))
