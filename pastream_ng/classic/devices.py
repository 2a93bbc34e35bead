# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices and host APIs as dicts. The dict of a device is also how a stream on it is configured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pastream_ng._checks import shown
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError, DeviceNotFoundError
from pastream_ng.formats import sample_format
from pastream_ng.hosts import DeviceInfo, HostApiInfo
from pastream_ng.hosts.query import portaudio_version, query_devices, query_hostapis
from pastream_ng.hosts.select import select_device

__all__ = [
    "Half",
    "apis",
    "default_api",
    "default_input_device",
    "default_output_device",
    "devices",
    "half_of",
    "pa_version",
]

# PortAudio's numbers for the formats that arrays can have.
_FORMATS = {1: "float32", 2: "int32", 8: "int16", 16: "int8", 32: "uint8"}


class Half(NamedTuple):
    """One side of a stream, as `pastream_ng` wants it."""

    device: Any
    channels: int
    dtype: str
    latency: float


def _api(info: HostApiInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "api_idx": info.index,
        "device_count": len(info.devices),
        "default_input_device_index": info.default_input_device,
        "default_output_device_index": info.default_output_device,
    }


def _device(info: DeviceInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "device_index": info.index,
        "host_api_index": info.hostapi_index,
        "max_input_channels": info.max_input_channels,
        "max_output_channels": info.max_output_channels,
        "default_low_input_latency": info.default_low_input_latency,
        "default_low_output_latency": info.default_low_output_latency,
        "default_high_input_latency": info.default_high_input_latency,
        "default_high_output_latency": info.default_high_output_latency,
        "default_sample_rate": info.default_samplerate,
        # What may be edited:
        "input_channels": min(2, info.max_input_channels),
        "output_channels": min(2, info.max_output_channels),
        "input_latency": info.default_low_input_latency,
        "output_latency": info.default_low_output_latency,
        "sample_format": "float32",
        "interleaved_data": True,
    }


def apis() -> Iterator[dict[str, Any]]:
    """Yield every host API as a dict.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> [api["name"] for api in ps.apis()][-1]
    'Virtual'
    """
    for info in query_hostapis():
        yield _api(info)


def devices() -> Iterator[dict[str, Any]]:
    """Yield every device as a dict, to be given to `Stream`.

    Its items ``input_channels`` and ``output_channels`` (2 at most until they are edited),
    ``input_latency`` and ``output_latency`` (seconds), and ``sample_format`` (a dtype, or
    PortAudio's number) are what a stream is opened with.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = [device for device in ps.devices() if device["name"] == "loopback"][0]
    >>> device["input_channels"], device["sample_format"] = 1, "int16"
    >>> stream = ps.Stream(input_device=device, output_device=None)
    >>> stream.start()
    >>> stream.read(10).dtype
    dtype('int16')
    >>> stream.close()
    """
    for info in query_devices():
        yield _device(info)


def default_input_device() -> dict[str, Any]:
    """Return the default input device: what ``PASTREAM_DEVICE`` names, else the host's.

    Raises
    ------
    DeviceNotFoundError
        There is none.
    """
    return _device(select_device(None, Direction.INPUT))


def default_output_device() -> dict[str, Any]:
    """Return the default output device; as `default_input_device`."""
    return _device(select_device(None, Direction.OUTPUT))


def default_api() -> dict[str, Any]:
    """Return the host API of the default output device, else of the default input device.

    Raises
    ------
    DeviceNotFoundError
        There is neither.
    """
    try:
        index = default_output_device()["host_api_index"]
    except DeviceNotFoundError:
        index = default_input_device()["host_api_index"]
    return _api(query_hostapis(index))


def pa_version() -> tuple[int, str]:
    """Return PortAudio's version as a number, 8 bits for each part, and as a text.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> number, text = ps.pa_version()
    >>> number >> 16
    19
    """
    text = portaudio_version()
    match = re.search(r"V(\d+)\.(\d+)\.(\d+)", text)
    major, minor, patch = (int(part) for part in match.groups()) if match else (0, 0, 0)
    return major << 16 | minor << 8 | patch, text


def half_of(name: str, value: Any, direction: Direction) -> Half | None:
    """Return what an ``input_device`` or ``output_device`` argument asks for, None for no side."""
    if value is None or value is False:
        return None
    device = None if value is True else value
    if not isinstance(value, dict):
        value = _device(select_device(device, direction))
    elif "device_index" not in value:
        raise ArgumentError(
            f"{name} has no item device_index; it must be a dict as devices() yields it"
        )
    else:
        device = value["device_index"]
    if not value.get("interleaved_data", True):
        raise ArgumentError(
            f"{name} has interleaved_data=False; arrays are always (frames, channels) here"
        )
    side = direction.name.lower()
    missing = [key for key in (f"{side}_channels", f"{side}_latency") if key not in value]
    if missing:
        raise ArgumentError(f"{name} has no item {missing[0]}; take the dicts of devices()")
    return Half(
        device,
        value[f"{side}_channels"],
        _dtype(name, value.get("sample_format", "float32")),
        value[f"{side}_latency"],
    )


def _dtype(name: str, value: Any) -> str:
    argument = f"{name}['sample_format']"
    if isinstance(value, int) and not isinstance(value, bool):
        if value not in _FORMATS:
            known = ", ".join(f"{number} ({dtype})" for number, dtype in _FORMATS.items())
            raise ArgumentError(f"{argument} is {value}; it must be a dtype or one of {known}")
        return _FORMATS[value]
    if value is None:
        raise ArgumentTypeError(f"{argument} is {shown(value)}; it must be a dtype")
    return sample_format(value, argument).name
