# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What only one host API knows: options for its devices, and the name that it shows for us.

Imported on first use: most programs have none.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pastream_ng._checks import integer, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.hosts.host_settings import HostSettings

__all__ = [
    "AlsaSettings",
    "AsioSettings",
    "CoreAudioSettings",
    "WasapiSettings",
    "set_application_name",
]

#: The variable that `set_application_name` sets, and that C reads when devices are listed.
NAME_VARIABLE = "PASTREAM_NAME"

_PULSE_VARIABLE = "PULSE_PROP_OVERRIDE_application.name"

_MOST_CHANNELS = 256


@dataclass(frozen=True)
class AlsaSettings(HostSettings):
    """Options for devices of ALSA.

    Parameters
    ----------
    pcm : str, optional
        Open this PCM, by ALSA's own name (``"plughw:1,0"``, ``"pulse:DEVICE=mic"``), in place of
        the one that the device stands for. It need not be in the list of devices.
    periods : int, optional
        Periods of the hardware's buffer, 2 to 64; None takes PortAudio's 4.
    realtime : bool, optional
        Ask for realtime priority for the audio thread. Where that is not allowed the stream runs
        without.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.AlsaSettings(pcm="plughw:0,0", periods=3)
    AlsaSettings(pcm='plughw:0,0', periods=3, realtime=False)
    """

    hostapi: ClassVar[str] = "ALSA"

    pcm: str | None = None
    periods: int | None = None
    realtime: bool = False

    def __post_init__(self) -> None:
        if self.pcm is not None:
            _check_pcm(self.pcm)
        if self.periods is not None:
            integer("periods", self.periods, 2, 64)
        _flag("realtime", self.realtime)


@dataclass(frozen=True)
class WasapiSettings(HostSettings):
    """Options for devices of Windows WASAPI.

    Parameters
    ----------
    exclusive : bool, optional
        Take the device for this program alone.
    auto_convert : bool, optional
        Let Windows change the sample rate.
    explicit_sample_format : bool, optional
        Refuse formats that the device does not have itself.
    """

    hostapi: ClassVar[str] = "Windows WASAPI"

    exclusive: bool = False
    auto_convert: bool = False
    explicit_sample_format: bool = False

    def __post_init__(self) -> None:
        for name in ("exclusive", "auto_convert", "explicit_sample_format"):
            _flag(name, getattr(self, name))
        if self.exclusive and self.auto_convert:
            raise ArgumentError(
                "exclusive and auto_convert are both True; Windows changes rates only of devices "
                "that are shared"
            )


@dataclass(frozen=True)
class CoreAudioSettings(HostSettings):
    """Options for devices of Core Audio.

    Parameters
    ----------
    channel_map : sequence of int, optional
        On input the device channel, from 0, that each channel is taken from; on output the channel
        that each device channel plays, -1 for silence. `mapping` does that on every host API.
    change_device_parameters : bool, optional
        Allow to change the device's own rate, for all programs.
    fail_if_conversion_required : bool, optional
        With that: refuse rates that the device does not have.
    conversion_quality : {"min", "low", "medium", "high", "max"}, optional
        Of Core Audio's rate conversion.
    """

    hostapi: ClassVar[str] = "Core Audio"

    channel_map: Sequence[int] | None = None
    change_device_parameters: bool = False
    fail_if_conversion_required: bool = False
    conversion_quality: Literal["min", "low", "medium", "high", "max"] = "max"

    def __post_init__(self) -> None:
        if self.channel_map is not None:
            _channels("channel_map", self.channel_map, -1)
        _flag("change_device_parameters", self.change_device_parameters)
        _flag("fail_if_conversion_required", self.fail_if_conversion_required)
        qualities = ("min", "low", "medium", "high", "max")
        if not isinstance(self.conversion_quality, str) or self.conversion_quality not in qualities:
            names = ", ".join(f'"{name}"' for name in qualities)
            raise ArgumentError(
                f"conversion_quality is {shown(self.conversion_quality)}; it must be one of {names}"
            )


@dataclass(frozen=True)
class AsioSettings(HostSettings):
    """Options for devices of ASIO.

    Parameters
    ----------
    channel_selectors : sequence of int
        The device channels to use, from 0, one for each channel of the stream. `mapping` does that
        on every host API.
    """

    hostapi: ClassVar[str] = "ASIO"

    channel_selectors: Sequence[int]

    def __post_init__(self) -> None:
        _channels("channel_selectors", self.channel_selectors, 0)


def _flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ArgumentTypeError(f"{name} is {shown(value)}; it must be True or False")


def _check_pcm(pcm: Any) -> None:
    if not isinstance(pcm, str):
        raise ArgumentTypeError(f"pcm is {shown(pcm)}; it must be the name of an ALSA PCM")
    if not pcm or not pcm.isprintable() or len(pcm.encode()) > 127:
        raise ArgumentError(
            f"pcm is {shown(pcm)}; it must be the name of an ALSA PCM, 1 to 127 bytes long"
        )


def _channels(name: str, channels: Any, least: int) -> None:
    if isinstance(channels, (str, bytes)) or not isinstance(channels, Sequence):
        raise ArgumentTypeError(f"{name} is {shown(channels)}; it must be a list of channels")
    if not 1 <= len(channels) <= _MOST_CHANNELS:
        raise ArgumentError(f"{name} has {len(channels)} channels; it must have 1 to 256")
    for channel in channels:
        integer(f"a channel of {name}", channel, least, 2**15)


def set_application_name(name: str) -> None:
    """Set the name under which sound servers show this program.

    JACK shows it as the name of the client, PulseAudio as that of the application. It counts from
    the next time that the list of devices is read: call it before the first use of a device, or
    call `refresh` after it. It is kept in the environment, ``PASTREAM_NAME``, so programs that this
    one starts have it, too.

    Parameters
    ----------
    name : str
        1 to 40 bytes of UTF-8, printable, without a colon.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.set_application_name("Night recorder")
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(f"name is {shown(name)}; it must be a str")
    if not name.strip() or not name.isprintable() or ":" in name or len(name.encode()) > 40:
        raise ArgumentError(
            f"name is {shown(name)}; it must be 1 to 40 bytes of printable text without a colon"
        )
    os.environ[NAME_VARIABLE] = name
    os.environ[_PULSE_VARIABLE] = name
