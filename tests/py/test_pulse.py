# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a real PulseAudio server: what a null sink plays comes back from its monitor."""

import pytest
from servers.programs import compiled
from servers.scenario import Scenario, run


@pytest.mark.parametrize(("sink", "dtype"), [("pst_f32", "float32"), ("pst_s16", "int16")])
def test_play_monitor_record_is_bit_exact(pulse, sink, dtype):
    report = run("pulse.py", "loop", env=pulse.env, sink=sink, dtype=dtype, seconds=2)
    print(report)
    assert report["is_equal"]
    assert report["rest_is_silent"]
    assert report["dropped"] == report["lost"] == 0
    assert report["captured"] == report["frames"]


def test_devices_are_listed_by_name_and_nothing_is_printed(pulse):
    report = run("pulse.py", "look_around", env=pulse.env)
    assert {"pst_f32_play", "pst_f32_monitor", "pst_s16_play", "pst_s16_monitor"} <= set(
        report["names"]
    )
    assert report["printed"] == ""


def test_options_of_alsa_and_the_name_of_the_program_reach_the_server(pulse):
    pcm = "pst_s16_play"
    with Scenario("pulse.py", "other_pcm", env=pulse.env, pcm=pcm, name="Night player") as story:
        story.wait_for("running")
        # The device in the list plays to pst_f32; the option leads elsewhere.
        assert pulse.playing() == [("Night player", "pst_s16")]
        story.say("enough")
        report = story.result()
    assert report["played"] > 0
    assert report["refusal"]


def test_D9_a_suspended_sink_is_a_stall_and_no_more(pulse):
    with Scenario("pulse.py", "suspended", env=pulse.env, device="pst_f32_play") as story:
        story.wait_for("running")
        pulse.suspend("pst_f32", is_suspended=True)
        story.wait_for("stalled")
        pulse.suspend("pst_f32", is_suspended=False)
        report = story.result()
    assert report == {"states": [True, True, True], "state": "RUNNING"}


def test_D11_a_driver_that_fails_for_ever_is_a_lost_device(pulse, tmp_path):
    flag = tmp_path / "broken"
    shim = compiled("alsa_fail.c", library=True)
    env = {**pulse.env, "LD_PRELOAD": shim, "ALSA_FAIL_FLAG": str(flag)}
    with Scenario("pulse.py", "broken_driver", env=env, device="pst_f32_play") as story:
        story.wait_for("running")
        flag.touch()
        report = story.result()
    print(report)
    assert report["begun"]
    assert report["lost"]
    assert report["error"] == "DeviceLostError"
    assert report["closed"]
    # The log keeps what fits, whatever the host prints.
    assert report["n_lines"] < 500
