# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is known about devices and host APIs, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from pastream_ng.enums import Direction

__all__ = ["DeviceInfo", "DeviceList", "HostApiInfo"]


class _Record:
    """Lets a dataclass be read like the dicts of sounddevice, too."""

    def __getitem__(self, name: str) -> Any:
        if name in self.keys():
            return getattr(self, name)
        raise KeyError(name)

    def keys(self) -> tuple[str, ...]:
        """Return the names of all fields; with it, ``dict(info)`` works."""
        return tuple(field.name for field in fields(self))  # type: ignore[arg-type]


@dataclass(frozen=True)
class DeviceInfo(_Record):
    """One device, as it was when the list was read.

    Fields can be read as attributes and, for users of sounddevice, as items: ``info["name"]``.

    Attributes
    ----------
    index : int
        Place in the list. It can change when the list is refreshed, and between runs.
    name : str
        As the host API tells it.
    uid : str
        "host API/name", the same in the next run of the program.
    hostapi : str
        Name of the host API.
    hostapi_index : int
        Its index, for `query_hostapis`.
    max_input_channels, max_output_channels : int
        0 where the device has no such side.
    default_samplerate : float
        Hz.
    default_low_input_latency, default_low_output_latency : float
        Seconds; what ``latency="low"`` means here.
    default_high_input_latency, default_high_output_latency : float
        Seconds; what ``latency="high"`` means here.
    is_virtual : bool
        Whether it exists only within this library.
    is_loopback : bool
        Whether its input is what was played.
    """

    index: int
    name: str
    uid: str
    hostapi: str
    hostapi_index: int
    max_input_channels: int
    max_output_channels: int
    default_samplerate: float
    default_low_input_latency: float
    default_low_output_latency: float
    default_high_input_latency: float
    default_high_output_latency: float
    is_virtual: bool
    is_loopback: bool

    def has(self, direction: Direction) -> bool:
        """Whether the device has channels in a direction; duplex means both."""
        return not (
            (direction & Direction.INPUT and not self.max_input_channels)
            or (direction & Direction.OUTPUT and not self.max_output_channels)
        )

    @property
    def summary(self) -> str:
        """Name, host API and channels in one line."""
        return (
            f"{self.name}, {self.hostapi} "
            f"({self.max_input_channels} in, {self.max_output_channels} out)"
        )


@dataclass(frozen=True)
class HostApiInfo(_Record):
    """One host API: a way to reach devices.

    Attributes
    ----------
    index : int
        Place in the list of host APIs.
    name : str
        For example "ALSA".
    devices : tuple of int
        Indices of its devices.
    default_input_device, default_output_device : int
        Device index, -1 if there is none.
    """

    index: int
    name: str
    devices: tuple[int, ...]
    default_input_device: int
    default_output_device: int


class DeviceList(tuple[DeviceInfo, ...]):
    """All devices; printed, it is a table.

    The marks are ``>`` for the default input, ``<`` for the default output, ``*`` for both.
    """

    #: Indices of the default input and output, -1 for none.
    defaults: tuple[int, int]

    def __new__(cls, devices: Iterable[DeviceInfo], defaults: tuple[int, int]) -> DeviceList:
        """Make a list with the indices of the default input and output."""
        self = super().__new__(cls, devices)
        self.defaults = defaults
        return self

    def __repr__(self) -> str:
        if not self:
            return "no devices"
        width = len(str(self[-1].index))
        return "\n".join(f"{self._mark(info)} {info.index:{width}} {info.summary}" for info in self)

    def _mark(self, info: DeviceInfo) -> str:
        is_input, is_output = (info.index == default for default in self.defaults)
        return "*" if is_input and is_output else ">" if is_input else "<" if is_output else " "
