# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Live graphs on real sound servers."""

import numpy as np
import pytest
from servers.counting import continuity
from servers.scenario import Scenario, run

RATE = 48000


def listen(server, folder, seconds, hold):
    """Return what a live graph tells of itself, once all that a sink heard of it was right."""
    sink = server.sink(folder, seconds=seconds + 60)
    with Scenario(
        "graphs.py", "live", env=server.env, device="system", seconds=seconds, hold=hold
    ) as scenario:
        scenario.wait_for("running")
        server.connect("pastream_ng:out_0", "sink:in_1")
        scenario.say("connected")
        scenario.wait_for("over", seconds + 60)
        played = sink.take()[:, 0]
        scenario.say("stop")
        report = scenario.result()
    print(report)
    (sounding,) = np.nonzero(played)
    # While connections are made the server may leave out a period.
    heard = continuity(played[sounding[0] + RATE // 2 :])
    assert heard.breaks == []
    assert heard.n_frames >= (seconds - 1) * RATE
    assert report["longest"] >= hold
    assert report["notes"] >= 20
    assert report["lost"] == 0
    assert report["played"] >= seconds
    assert report["latency"] > 0
    assert report["state"] == "closed"
    return report


def test_a_live_graph_on_jack_has_no_gap_while_the_gil_is_held(jack, tmp_path):
    listen(jack, tmp_path, seconds=5, hold=1.0)


def has_no_xrun_in_ten_minutes(server, folder):
    """Check that there are none but those of the machine: none at all, if it is made for sound."""
    if not server.is_realtime:
        pytest.skip("without realtime scheduling a server is late whenever others work")
    watch = server.watch()
    report = listen(server, folder, seconds=600, hold=3.0)
    stalls = watch.finish()
    print(stalls)
    assert report["load"] < 1.0
    assert report["xruns"] <= stalls["late"]


@pytest.mark.soak
def test_a_live_graph_on_jack_has_no_xrun_in_ten_minutes(jack, tmp_path):
    has_no_xrun_in_ten_minutes(jack, tmp_path)


@pytest.mark.soak
def test_a_live_graph_on_slow_jack_has_no_xrun_in_ten_minutes(long_jack, tmp_path):
    has_no_xrun_in_ten_minutes(long_jack, tmp_path)


def test_a_live_graph_on_pulseaudio_is_heard_as_it_is(pulse):
    report = run("graphs.py", "heard_by_a_monitor", env=pulse.env, sink="pst_f32", seconds=1)
    print(report)
    assert report["is_equal"]


def test_a_live_graph_outlives_its_server(mortal_jack):
    server = mortal_jack
    with Scenario("graphs.py", "outlives_its_server", env=server.env, device="system") as scenario:
        scenario.wait_for("running")
        server.kill()
        scenario.wait_for("lost")
        server.restart()
        scenario.say("back")
        scenario.wait_for("suspended")
        server.kill()
        server.restart()
        scenario.say("back again")
        report = scenario.result()
    print(report)
    assert "gone" in report["lost"]
    assert report["gone_on"] >= 0.1
    states = ["interrupted", "running", "suspended", "running", "closed"]
    assert report["states"] == ["running", *states] or report["states"] == states
