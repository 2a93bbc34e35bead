# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a real JACK server: a client plays frame numbers, so each lost frame shows."""

import numpy as np
import pytest
from servers.reports import assert_all_accounted_for, assert_unbroken, run
from servers.scenario import Scenario


def test_pain_17_channels_of_a_real_server_are_chosen(jack):
    with Scenario("jack.py", "mapped", env=jack.env, device="system") as scenario:
        scenario.wait_for("running")
        for number in (0, 1):
            jack.connect(f"pastream_ng:out_{number}", f"pastream_ng:in_{number}")
        scenario.say("connected")
        report = scenario.result()
    assert report == {"heard": True, "other": 0, "channels": [2, 1]}


def test_readers_and_blocking_reads_get_every_frame(jack, jack_counter):
    report = run(jack, "readers_and_reads", device="counter")
    assert report["ends"] == ["FINISHED", "FINISHED", "STOPPED"]
    for part, frames in ((report["runs"][0], 24000), (report["runs"][1], 24000), (report, 20000)):
        assert part["n_frames"] == frames
        assert part["breaks"] == []
        assert part["lost"] == part["doubled"] == 0


@pytest.mark.parametrize("blocksize", [2, 16, 100, 1000, None])
def test_R8_any_block_size_through_the_hosts_adapter(jack, jack_counter, blocksize):
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
def test_R13_the_server_gets_no_nan_unless_somebody_wants_that(jack, jack_sink, keep):
    with Scenario("jack.py", "play_odd_numbers", env=jack.env, keep_nonfinite=keep) as scenario:
        scenario.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
        scenario.say("connected")
        counted = scenario.result()
    heard = jack_sink.take()[:, 0]
    start = int(np.flatnonzero(heard == 0.5)[0])
    odd = heard[start : start + 5]
    if keep:
        assert np.array_equal(odd, [0.5, np.nan, np.inf, -np.inf, 0.25], equal_nan=True)
    else:
        assert np.array_equal(odd, [0.5, 0, 0, 0, 0.25])
    assert counted == (0 if keep else 3)


def test_a_rate_that_the_server_does_not_have(jack, jack_counter):
    report = run(jack, "other_rate", device="counter", rate=44100)
    assert "44100" in report["refusal"]
    assert "48000" in report["refusal"]
    assert report["rate"] == 44100
    assert report["captured"] == 44100


def test_the_server_shows_the_name_of_the_program(jack, jack_counter):
    with Scenario(
        "jack.py", "named", env=jack.env, device="counter", name="Night recorder"
    ) as scenario:
        scenario.wait_for("running")
        assert any(port.startswith("Night recorder") for port in jack.ports())
        scenario.say("enough")
        scenario.result()
