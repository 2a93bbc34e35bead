# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Round trips through real servers: a loop on JACK, a monitor on PulseAudio."""

import time

from servers.scenario import Scenario, run


def test_a_loop_on_jack_is_measured_and_taken_out(jack):
    delay = 3000
    client = jack.loop(delay)
    try:
        report = run("latency.py", "round_trip", env=jack.env, device="loop", blocksize=jack.period)
    finally:
        client.stop()
    print(report)
    for found in (report["first"], report["second"]):
        # JACK delays each way of a circle by a cycle at most.
        assert 0 <= found["frames"] - delay <= 2 * jack.period
        assert found["snr_db"] > 25
        assert found["spread"] == 0
    assert report["first"]["frames"] == report["second"]["frames"]
    if not report["xruns"]:
        assert report["shift"] == 0
        assert report["equal"] == report["frames"]


def test_R14_devices_of_two_hosts_are_not_joined(jack):
    refusals = run("latency.py", "joined_with_a_virtual_device", env=jack.env, device="system")
    assert len(refusals) == 2
    assert all("open a stream for each" in text for text in refusals)


def test_R16_the_latency_that_is_told_is_the_measured_one_also_after_an_xrun(strict_jack):
    delay, period = 1000, strict_jack.period
    client = strict_jack.loop(delay)
    try:
        with Scenario(
            "latency.py", "over_a_stop", env=strict_jack.env, device="loop", blocksize=period
        ) as scenario:
            scenario.wait_for("running")
            scenario.program.pause()
            time.sleep(0.3)
            scenario.program.resume()
            scenario.say("on")
            report = scenario.result(60)
    finally:
        client.stop()
    print(report)
    assert report["lost"] >= 0.2 * 48000
    # The time stamps of a busy machine are off by some frames: allow two milliseconds.
    most = period + 96
    for found in (report["before"], report["after"]):
        assert abs(found["frames"] - found["reported"]) <= most
    for told in ("told_before", "told_after"):
        assert abs(report["after"]["frames"] - report[told]) <= most


def test_a_sink_and_its_monitor_on_pulseaudio_are_measured(pulse):
    report = run(
        "latency.py", "through_a_sink", env=pulse.env, sink="pst_f32", longest=3.0, repeats=3
    )
    print(report)
    # The server lets what it buffers swing, so nothing more can be said about the number.
    assert 0 < report["frames"] < 3 * 48000
    assert len(report["delays"]) >= 2
    assert report["snr_db"] > 20
