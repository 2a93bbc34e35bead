# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Players in processes that end, are interrupted or forked."""

import os

import numpy as np
import pytest
from servers.scenario import Scenario, run

import pastream_ng as ps


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "a.wav"
    with ps.SoundFile(made, "w", 48000, 1) as file:
        file.write(np.zeros(24_000))
    return str(made)


@pytest.mark.parametrize("how", ["exit", "end", "paused", "cycle"])
def test_P3_the_end_of_the_program_ends_the_player(path, how):
    with Scenario("recorders.py", "player_ends", path=path, how=how) as scenario:
        assert scenario.program.finish(30) == 0, scenario.output
        told = [line for line in scenario.output.splitlines() if "unclosed" not in line]
        assert not any("rror" in line for line in told), told


def test_P6_interrupts_at_any_time(path):
    report = run("recorders.py", "player_interrupted", path=path, rounds=40)
    assert report["interrupts"] >= 20
    assert 0.05 <= report["position"] < 0.45
    assert report["state"] == "playing"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_P1_a_fork_leaves_the_player_to_the_parent(path):
    report = run("recorders.py", "player_forked", path=path)
    assert report == {"refused": 4, "missing": 0}
