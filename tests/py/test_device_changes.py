# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices that come and go while streams run: the list is read again, streams go on."""

from servers.scenario import Scenario

# ---- Row 45: the list is read again while streams run -------------------------------------------


def refresh_often(server, device):
    with Scenario("device.py", "refreshes", env=server.env, device=device, rounds=6) as scenario:
        report = scenario.result()
    print(report)
    assert all(report["refreshed"])
    assert report["before"] == report["after"]
    assert report["device"] == report["still"]
    assert report["device"] in report["after"]
    assert report["second"] == 4800
    files, threads = zip(*report["resources"], strict=True)
    assert files[-1] <= max(files[:2])
    assert threads[-1] <= max(threads[:2])
    return report


def test_row45_refreshing_does_not_disturb_a_jack_stream(jack):
    counter = jack.counter()
    try:
        report = refresh_often(jack, "counter")
    finally:
        counter.stop()
    # The ports of our own streams are no devices.
    assert not any("pastream_ng" in uid for uid in report["after"])
    assert report["counter"]["breaks"] == []
    assert report["lost_frames"] == report["dropped_frames"] == 0


def test_row45_refreshing_does_not_disturb_a_pulse_stream(pulse):
    report = refresh_often(pulse, "pst_s16_monitor")
    assert report["lost_frames"] == report["dropped_frames"] == 0
    assert report["captured_frames"] == report["frames"]
