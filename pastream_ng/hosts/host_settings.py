# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From options of a host API to what C is told: checked against the device that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError, UnsupportedSettingsError

if TYPE_CHECKING:
    from pastream_ng.hosts.info import DeviceInfo

__all__ = ["HostSettings", "check_host_settings", "fill_host_settings"]


class HostSettings:
    """Base of the options that only devices of one host API take."""

    #: The host API, by PortAudio's name.
    hostapi: ClassVar[str] = ""


def check_host_settings(settings: Any, info: DeviceInfo, channels: int) -> HostSettings | None:
    """Return the options if the device takes them; raise what is wrong with them."""
    if settings is None:
        return None
    if not isinstance(settings, HostSettings):
        raise ArgumentTypeError(
            f"extra_settings is {shown(settings)}; it must be AlsaSettings(...) or another object "
            "of options"
        )
    from pastream_ng.hosts.host_options import AlsaSettings, AsioSettings

    if settings.hostapi != info.hostapi:
        raise UnsupportedSettingsError(
            f'extra_settings is {shown(settings)}, which is for devices of {settings.hostapi}; "'
            f'{info.name}" is a device of {info.hostapi}'
        )
    if isinstance(settings, AsioSettings) and len(settings.channel_selectors) != channels:
        raise ArgumentError(
            f"channel_selectors has {len(settings.channel_selectors)} channels; the stream has "
            f"{channels}"
        )
    if not isinstance(settings, AlsaSettings):
        raise UnsupportedSettingsError(
            f"extra_settings is {shown(settings)}; this build hands options to ALSA alone"
        )
    return settings


def fill_host_settings(target: Any, settings: HostSettings | None) -> None:
    """Put options into a ``pst_side``."""
    if settings is None:
        return
    from pastream_ng.hosts.host_options import AlsaSettings

    if isinstance(settings, AlsaSettings):
        target.alsa.pcm = (settings.pcm or "").encode()
        target.alsa.n_periods = settings.periods or 0
        target.alsa.is_realtime = settings.realtime
