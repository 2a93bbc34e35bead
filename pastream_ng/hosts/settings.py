# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a device can do."""

from __future__ import annotations

from typing import Any, Literal

from pastream_ng._checks import integer, real
from pastream_ng._native import ffi, hostlog, lib, system
from pastream_ng._native.errors import check, new_error
from pastream_ng.enums import Direction, Status
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.formats import SampleFormat, sample_format
from pastream_ng.hosts.host_settings import (
    HostSettings,
    check_host_settings,
    fill_host_settings,
)
from pastream_ng.hosts.info import DeviceInfo
from pastream_ng.hosts.query import direction_of
from pastream_ng.hosts.select import select_device

__all__ = [
    "STANDARD_RATES",
    "accepts",
    "channel_count",
    "check_input_settings",
    "check_output_settings",
    "supported_samplerates",
    "working_rates",
]

#: The rates that `supported_samplerates` tries, in Hz.
STANDARD_RATES = (
    8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000,
)  # fmt: skip


def channel_count(channels: Any, info: DeviceInfo, direction: Direction) -> int:
    """Return a number of channels that was given, or the default: 2, or 1 if there is but one."""
    most = info.max_input_channels if direction == Direction.INPUT else info.max_output_channels
    if channels is None:
        return max(1, min(2, most))
    return integer("channels", channels, 1, 256)


def _side(
    info: DeviceInfo, channels: int, form: SampleFormat, extra: HostSettings | None = None
) -> Any:
    side = ffi.new("pst_side *")
    side.device = info.index
    side.n_channels = channels
    side.format = form.code
    side.device_format = form.device_code
    fill_host_settings(side, extra)
    return side


def _check(
    direction: Direction,
    info: DeviceInfo,
    channels: int,
    form: SampleFormat,
    samplerate: float,
    extra: HostSettings | None = None,
) -> tuple[int, Any]:
    """Ask the device; return status and error."""
    side = _side(info, channels, form, extra)
    sides = (side, ffi.NULL) if direction == Direction.INPUT else (ffi.NULL, side)
    err = new_error()
    pointer = system.load()
    status = lib.pst_system_check(pointer, *sides, samplerate, err)
    hostlog.drain(pointer)
    return status, err


def _device_side(side: Any, channels: Any) -> Any:
    """Return a side as its device is to be opened for it, NULL if it is not there."""
    if side.device < 0:
        return ffi.NULL
    copy = ffi.new("pst_side *", side)
    copy.n_channels = channels.n_device_channels or side.n_channels
    return copy


def accepts(config: Any) -> bool:
    """Return whether the devices of a ``pst_stream_config`` take its sample rate."""
    source, target = (
        _device_side(config.input, config.input_map),
        _device_side(config.output, config.output_map),
    )
    err = new_error()
    pointer = system.load()
    status = lib.pst_system_check(pointer, source, target, config.samplerate_hz, err)
    hostlog.drain(pointer)
    if status < 0 and status != Status.UNSUPPORTED:
        check(status, err)
    return bool(status >= 0)


def working_rates(
    direction: Direction, info: DeviceInfo, channels: int, form: SampleFormat
) -> tuple[int, ...]:
    """Return the standard rates that a device accepts with these settings."""
    return tuple(
        rate for rate in STANDARD_RATES if _check(direction, info, channels, form, rate)[0] >= 0
    )


def _check_settings(
    direction: Direction, device: Any, channels: Any, dtype: Any, samplerate: Any, extra: Any
) -> None:
    info = select_device(device, direction)
    count = channel_count(channels, info, direction)
    form = sample_format(dtype)
    rate = info.default_samplerate
    if samplerate is not None:
        rate = real("samplerate", samplerate, 1.0, 1e6, "Hz")
    host = check_host_settings(extra, info, count)
    status, err = _check(direction, info, count, form, rate, host)
    check(status, err)


def check_input_settings(
    device: Any = None,
    channels: int | None = None,
    dtype: Any = None,
    samplerate: Any = None,
    *,
    extra_settings: Any = None,
) -> None:
    """Ask whether an input stream could be opened so, without opening it.

    Parameters
    ----------
    device, channels, dtype, samplerate, extra_settings
        As for `InputStream`.

    Raises
    ------
    UnsupportedSettingsError
        The device cannot do that; the text says what.
    DeviceNotFoundError, DeviceBusyError, ArgumentError, ArgumentTypeError

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.check_input_settings("loopback", channels=2, dtype="int24", samplerate=96000)
    """
    _check_settings(Direction.INPUT, device, channels, dtype, samplerate, extra_settings)


def check_output_settings(
    device: Any = None,
    channels: int | None = None,
    dtype: Any = None,
    samplerate: Any = None,
    *,
    extra_settings: Any = None,
) -> None:
    """Ask whether an output stream could be opened so; see `check_input_settings`."""
    _check_settings(Direction.OUTPUT, device, channels, dtype, samplerate, extra_settings)


def supported_samplerates(
    device: Any = None,
    kind: Literal["input", "output"] = "input",
    channels: int | None = None,
    dtype: Any = None,
) -> tuple[int, ...]:
    """Return those of the usual sample rates, in Hz, that a device accepts.

    Parameters
    ----------
    device : int, str, DeviceInfo or VirtualDevice, optional
        As for `InputStream`.
    kind : {"input", "output"}, optional
        Which side of the device to ask.
    channels, dtype : optional
        As for `InputStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> 48000 in ps.supported_samplerates("loopback", "output")
    True
    """
    direction = direction_of(kind)
    if direction is None:
        raise ArgumentTypeError('kind is None; it must be "input" or "output"')
    info = select_device(device, direction)
    count = channel_count(channels, info, direction)
    return working_rates(direction, info, count, sample_format(dtype))
