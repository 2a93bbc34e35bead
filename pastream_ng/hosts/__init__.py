# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices: what there is, how to name it, what it can do, and virtual ones for tests."""

from __future__ import annotations

from pastream_ng.hosts.info import DeviceInfo, DeviceList, HostApiInfo
from pastream_ng.hosts.query import (
    default_device,
    portaudio_version,
    query_devices,
    query_hostapis,
    refresh,
)
from pastream_ng.hosts.settings import (
    check_input_settings,
    check_output_settings,
    supported_samplerates,
)
from pastream_ng.hosts.virtual import Fault, VirtualDevice

__all__ = [
    "DeviceInfo",
    "DeviceList",
    "Fault",
    "HostApiInfo",
    "VirtualDevice",
    "check_input_settings",
    "check_output_settings",
    "default_device",
    "portaudio_version",
    "query_devices",
    "query_hostapis",
    "refresh",
    "supported_samplerates",
]
