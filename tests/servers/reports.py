# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What scenarios on a JACK server report, and what has to be true of it."""

from __future__ import annotations

from typing import Any

from . import scenario
from .jack import JackServer


def run(jack: JackServer, function: str, **arguments: Any) -> Any:
    """Run a scenario; what the server and the scenario said is shown if the test fails."""
    before = len(jack.program.output)
    report = scenario.run("jack.py", function, env=jack.env, **arguments)
    print(report)
    print(jack.program.output[before:])
    return report


def assert_unbroken(report: Any, seconds: float) -> None:
    """Check that each of the counter's frames came, once and in order."""
    assert report["breaks"] == []
    assert report["lost"] == report["doubled"] == 0
    assert report["n_frames"] >= (seconds - 1) * 48000


def assert_all_accounted_for(stats: Any) -> None:
    """Check that a stream knows of no frame that was left out."""
    assert stats["lost_frames"] == stats["dropped_frames"] == stats["inserted_frames"] == 0
    assert stats["captured_frames"] == stats["frames"]
