# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The interface of PyAudio-CFFI: one stream class, devices as dicts that can be edited."""

from __future__ import annotations

from pastream_ng.classic.devices import (
    apis,
    default_api,
    default_input_device,
    default_output_device,
    devices,
    pa_version,
)
from pastream_ng.classic.results import abort_flag, complete_flag, continue_flag
from pastream_ng.classic.stream import Stream

__all__ = [
    "Stream",
    "abort_flag",
    "apis",
    "complete_flag",
    "continue_flag",
    "default_api",
    "default_input_device",
    "default_output_device",
    "devices",
    "pa_version",
]
