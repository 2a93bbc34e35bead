# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which devices the demo takes, and with which settings."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pastream_ng as ps

__all__ = ["CHUNK", "HOP", "Setup", "choose"]

CHUNK = 1024  # Frames per spectrum.
HOP = 512  # Of these, new in each chunk.
LOOPBACK = "loopback"
VIRTUAL_BLOCK = 128
DEVICE_BLOCK = 512
RATE_HZ = 48000.0  # What most sound servers run at; another rate would be resampled by them.
MAX_CHANNELS = 2


@dataclass(frozen=True)
class Setup:
    """Everything that both runs of the demo have in common."""

    input: ps.DeviceInfo
    output: ps.DeviceInfo
    why: str  # Why these devices, as a sentence.
    samplerate: float
    blocksize: int
    latency: str
    input_channels: int
    output_channels: int
    n_frames: int
    hold_s: float
    rest_s: float

    @property
    def is_virtual(self) -> bool:
        """Whether the built-in virtual host is used in place of a sound card."""
        return self.input.is_virtual

    @property
    def device_text(self) -> str:
        """The devices, in words."""
        if self.input.index == self.output.index:
            return self.input.uid
        return f"{self.output.uid} (out), {self.input.uid} (in)"


def both(name: str) -> tuple[ps.DeviceInfo, ps.DeviceInfo]:
    """Return the device of that name or index, once for each direction."""
    device = int(name) if name.isdecimal() else name
    return ps.query_devices(device, "input"), ps.query_devices(device, "output")


def find(device: str | None) -> tuple[ps.DeviceInfo, ps.DeviceInfo, str]:
    """Return input, output and the reason for them."""
    if device is not None:
        return *both(device), "The device that was asked for."
    named = os.environ.get("PASTREAM_DEVICE")
    try:
        found = ps.query_devices(kind="input"), ps.query_devices(kind="output")
    except ps.DeviceNotFoundError:
        if named:
            raise
        return *both(LOOPBACK), "No sound device was found, so the built-in loopback is used."
    return *found, "The device that PASTREAM_DEVICE names." if named else "The default devices."


def can_do(source: ps.DeviceInfo, sink: ps.DeviceInfo, samplerate: float) -> bool:
    """Tell whether both devices take this rate."""
    try:
        ps.check_input_settings(source, samplerate=samplerate)
        ps.check_output_settings(sink, samplerate=samplerate)
    except ps.DeviceError:
        return False
    return True


def choose(device: str | None, seconds: float, hold_s: float, rest_s: float) -> Setup:
    """Choose devices and settings; raises the library's errors for a device that is not there."""
    source, sink, why = find(device)
    virtual = source.is_virtual
    samplerate = RATE_HZ if can_do(source, sink, RATE_HZ) else sink.default_samplerate
    return Setup(
        input=source,
        output=sink,
        why=why,
        samplerate=samplerate,
        blocksize=VIRTUAL_BLOCK if virtual else DEVICE_BLOCK,
        latency="low" if virtual else "high",
        input_channels=min(MAX_CHANNELS, source.max_input_channels),
        output_channels=min(MAX_CHANNELS, sink.max_output_channels),
        n_frames=max(1, round(seconds * samplerate / VIRTUAL_BLOCK)) * VIRTUAL_BLOCK,
        hold_s=hold_s,
        rest_s=rest_s,
    )
