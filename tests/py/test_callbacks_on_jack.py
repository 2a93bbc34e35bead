# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks on a real JACK server, whose client plays frame numbers."""

import numpy as np
import pytest
import servers.scenario
from servers.counting import continuity
from servers.scenario import Scenario

RATE = 48000


def test_pain_1_a_callback_gets_all_input_while_the_gil_is_held(jack, jack_counter):
    report = servers.scenario.run(
        "callbacks.py", "python_input", env=jack.env, device="counter", seconds=3, hold=1.0
    )
    assert report["longest"] >= 1.0
    assert report["breaks"] == []
    assert report["lost"] == report["doubled"] == report["told"] == 0
    assert report["n_frames"] >= 3 * RATE


@pytest.mark.parametrize(
    ("function", "more"), [("python_through", {}), ("compiled_through", {"hold": 0.5})]
)
def test_pain_1_a_callback_passes_audio_on(jack, jack_counter, jack_sink, function, more):
    with Scenario(
        "callbacks.py", function, env=jack.env, device="system", seconds=2, **more
    ) as scenario:
        scenario.wait_for("running")
        jack.connect("pastream_ng:out_0", "sink:in_1")
        jack.connect("counter:out_1", "pastream_ng:in_0")
        scenario.say("connected")
        scenario.wait_for("over")
        played = jack_sink.take()[:, 0]
        scenario.say("stop")
        report = scenario.result()
    (sounding,) = np.nonzero(played)
    # While connections are made the server may leave out a period.
    heard = continuity(played[sounding[0] + RATE // 2 :])
    assert heard.breaks == []
    assert heard.n_frames >= RATE
    if function == "python_through":
        assert report == {"missing": 0, "latency": 0.5}
    else:
        assert report["longest"] >= 0.5
        assert report["calls"] * 128 == report["frames"]
