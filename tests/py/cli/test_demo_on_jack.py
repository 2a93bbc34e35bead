# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The commands on a real server: JACK with its dummy driver."""

import json
from collections.abc import Callable
from typing import Any


def test_demo_takes_the_real_device_and_loses_nothing(run: Callable[..., Any], jack: Any) -> None:
    done = run("demo", "--seconds", "1.5", "--hold", "0.6", "--json", **jack.env)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["is_virtual"] is False
    assert document["faults"] == {"lost_by_host": 0, "output_missing": 0, "differing": None}
    ours, theirs = document["runs"]
    assert ours["captured"] == ours["expected"] > 71000
    assert ours["longest_hold_s"] >= 0.6
    assert theirs["lost"] > 0


def test_devices_and_doctor_find_the_server(run: Callable[..., Any], jack: Any) -> None:
    table = run("devices", **jack.env)
    assert "JACK" in table.stdout, table.stdout + table.stderr
    report = json.loads(run("doctor", "--json", **jack.env).stdout)
    assert any("JACK" in name for name in report["hostapis"])
    assert report["n_devices"] > 0
    assert report["default_input"]
    assert not any("JACK" in hint for hint in report["hints"])
