# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Live graphs on real sound servers."""

import numpy as np
import pytest
from servers.counting import continuity
from servers.scenario import Scenario, run

RATE = 48000


@pytest.mark.parametrize(
    ("seconds", "hold"), [(5, 1.0), pytest.param(600, 3.0, marks=pytest.mark.soak)]
)
def test_a_live_graph_on_jack_has_no_gap_while_the_gil_is_held(jack, tmp_path, seconds, hold):
    sink = jack.sink(tmp_path, seconds=seconds + 60)
    with Scenario(
        "graphs.py", "live", env=jack.env, device="system", seconds=seconds, hold=hold
    ) as scenario:
        scenario.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
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
    if seconds > 60:
        # A server on a busy machine may call late. None of it is ours if no call took a cycle.
        assert report["load"] < 1.0
    assert report["played"] >= seconds
    assert report["latency"] > 0
    assert report["state"] == "closed"


def test_a_live_graph_on_pulseaudio_is_heard_as_it_is(pulse):
    for _ in range(3):  # On a busy machine the server itself may skip.
        report = run("graphs.py", "heard_by_a_monitor", env=pulse.env, sink="pst_f32", seconds=1)
        print(report)
        if report["is_equal"]:
            break
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
