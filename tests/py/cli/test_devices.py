# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream devices``."""

from collections.abc import Callable
from typing import Any

from click.testing import Result

import pastream_ng as ps


def test_table_is_that_of_the_library(invoke: Callable[..., Result]) -> None:
    result = invoke("devices")
    assert result.exit_code == 0
    assert result.output.rstrip() == str(ps.query_devices()).rstrip()
    assert "loopback" in result.output
    assert "null" in result.output


def test_json_has_every_device(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("devices")
    devices = ps.query_devices()
    assert [device["name"] for device in document["devices"]] == [d.name for d in devices]
    assert [device["uid"] for device in document["devices"]] == [d.uid for d in devices]
    assert [api["name"] for api in document["hostapis"]] == [
        api.name for api in ps.query_hostapis()
    ]
    (loopback,) = (device for device in document["devices"] if device["is_loopback"])
    assert loopback["is_virtual"]
    assert loopback["max_input_channels"] > 0
    assert loopback["max_output_channels"] > 0
