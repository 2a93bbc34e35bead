# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Reading the list of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, lib, system
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.text import decode
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError, DeviceNotFoundError
from pastream_ng.hosts.info import DeviceInfo, DeviceList, HostApiInfo

if TYPE_CHECKING:
    from pastream_ng.hosts.virtual import VirtualDevice

__all__ = [
    "all_devices",
    "default_device",
    "device_of_uid",
    "direction_of",
    "numbered_devices",
    "portaudio_version",
    "query_devices",
    "query_hostapis",
    "refresh",
]


def direction_of(kind: Any) -> Direction | None:
    """Return the direction, input or output, that a ``kind`` argument names; None for None."""
    if kind is None or (isinstance(kind, Direction) and kind != Direction.DUPLEX):
        return kind
    directions = {"input": Direction.INPUT, "output": Direction.OUTPUT}
    if isinstance(kind, str) and kind.lower() in directions:
        return directions[kind.lower()]
    error = ArgumentError if isinstance(kind, (str, Direction)) else ArgumentTypeError
    raise error(f'kind is {shown(kind)}; it must be "input" or "output"')


def _hostapi_names(pointer: Any) -> list[str]:
    return [_hostapi(pointer, i)[0] for i in range(lib.pst_system_hostapi_count(pointer))]


def _hostapi(pointer: Any, index: int) -> tuple[str, int, int]:
    info, err = ffi.new("pst_hostapi_info *"), new_error()
    check(lib.pst_system_get_hostapi(pointer, index, info, err), err)
    return decode(info.name), info.default_input, info.default_output


def _device(pointer: Any, index: int, hostapis: list[str]) -> DeviceInfo:
    info, err = ffi.new("pst_device_info *"), new_error()
    check(lib.pst_system_get_device(pointer, index, info, err), err)
    return DeviceInfo(
        index=index,
        name=decode(info.name),
        uid=decode(info.uid),
        hostapi=hostapis[info.hostapi],
        hostapi_index=info.hostapi,
        max_input_channels=info.max_input_channels,
        max_output_channels=info.max_output_channels,
        default_samplerate=info.default_samplerate_hz,
        default_low_input_latency=info.low_input_latency_s,
        default_low_output_latency=info.low_output_latency_s,
        default_high_input_latency=info.high_input_latency_s,
        default_high_output_latency=info.high_output_latency_s,
        is_virtual=info.is_virtual,
        is_loopback=info.is_loopback,
    )


class _Cache:
    """The list of devices as it was read last, so that naming a device costs next to nothing."""

    def __init__(self) -> None:
        #: C's number of the list, and the list.
        self.latest: tuple[int, DeviceList] | None = None


_cache = _Cache()


def all_devices() -> DeviceList:
    """Return every device, reading the list if this is the first use."""
    return numbered_devices()[1]


def numbered_devices() -> tuple[int, DeviceList]:
    """Return C's number of the list, and the list, reading it if this is the first use."""
    pointer = system.get()
    latest = _cache.latest
    if latest is not None and latest[0] == lib.pst_system_list_number(pointer):
        return latest
    while True:
        system.load()
        number = lib.pst_system_list_number(pointer)
        try:
            found = _read(pointer)
        except DeviceNotFoundError:
            # The list was replaced by a shorter one in the middle of it.
            if lib.pst_system_list_number(pointer) == number:
                raise
            continue
        if lib.pst_system_list_number(pointer) == number:
            _cache.latest = number, found
            return _cache.latest


def _read(pointer: Any) -> DeviceList:
    hostapis = _hostapi_names(pointer)
    count = lib.pst_system_device_count(pointer)
    defaults = (
        lib.pst_system_default_device(pointer, Direction.INPUT),
        lib.pst_system_default_device(pointer, Direction.OUTPUT),
    )
    return DeviceList((_device(pointer, index, hostapis) for index in range(count)), defaults)


def device_of_uid(uid: str) -> DeviceInfo | None:
    """Return the device with a uid, None if there is none now."""
    return next((info for info in all_devices() if info.uid == uid), None)


@overload
def query_devices(device: None = None, kind: None = None) -> DeviceList: ...
@overload
def query_devices(
    device: int | str | DeviceInfo | VirtualDevice,
    kind: Literal["input", "output"] | None = None,
) -> DeviceInfo: ...
@overload
def query_devices(device: None = None, *, kind: Literal["input", "output"]) -> DeviceInfo: ...
@overload
def query_devices(device: None, kind: Literal["input", "output"]) -> DeviceInfo: ...
def query_devices(
    device: Any = None, kind: Literal["input", "output"] | None = None
) -> DeviceList | DeviceInfo:
    """Return all devices, or one.

    The list is read on first use and stays as it is until `refresh`.

    Parameters
    ----------
    device : int, str, DeviceInfo or VirtualDevice, optional
        See `InputStream` for what names a device. None, with a `kind`, means the device
        that a stream would take: what ``PASTREAM_DEVICE`` names, else the default.
    kind : {"input", "output"}, optional
        Only devices that have this side are considered.

    Returns
    -------
    DeviceList or DeviceInfo
        The list if neither argument is given: a tuple that prints as a table.

    Raises
    ------
    DeviceNotFoundError
        No such device; the text lists those that there are.
    ArgumentError
        A text that fits several devices; the text lists them.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.query_devices("loopback").is_virtual
    True
    >>> ps.query_devices("loopback")["max_input_channels"] > 0
    True
    """
    if device is None and kind is None:
        return all_devices()
    from pastream_ng.hosts.select import select_device

    return select_device(device, direction_of(kind))


@overload
def query_hostapis(index: None = None) -> tuple[HostApiInfo, ...]: ...
@overload
def query_hostapis(index: int) -> HostApiInfo: ...
def query_hostapis(index: int | None = None) -> tuple[HostApiInfo, ...] | HostApiInfo:
    """Return all host APIs, or the one with an index.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> api = ps.query_hostapis()[-1]
    >>> ps.query_devices(api.devices[0]).hostapi == api.name
    True
    """
    devices = all_devices()
    pointer = system.get()
    found = []
    for i in range(lib.pst_system_hostapi_count(pointer)):
        name, default_input, default_output = _hostapi(pointer, i)
        own = tuple(info.index for info in devices if info.hostapi_index == i)
        found.append(HostApiInfo(i, name, own, default_input, default_output))
    if index is None:
        return tuple(found)
    return found[integer("index", index, 0, len(found) - 1)]


def default_device(kind: Literal["input", "output"] | Direction) -> DeviceInfo:
    """Return PortAudio's default device of a direction.

    Virtual devices are never the default, and ``PASTREAM_DEVICE`` plays no part here.

    Parameters
    ----------
    kind : {"input", "output"}
        The direction.

    Raises
    ------
    DeviceNotFoundError
        There is no sound device of this direction.
    """
    direction = direction_of(kind)
    if direction is None:
        raise ArgumentTypeError('kind is None; it must be "input" or "output"')
    devices = all_devices()
    index = devices.defaults[direction == Direction.OUTPUT]
    if index < 0:
        side = "output" if direction == Direction.OUTPUT else "input"
        raise DeviceNotFoundError(
            f"no sound device for {side} was found. Without one, the virtual "
            'device works everywhere: pass device="loopback", or set the environment variable '
            "PASTREAM_DEVICE=loopback"
        )
    return devices[index]


def portaudio_version() -> str:
    """Return the text with which PortAudio describes itself. Touches no device.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> "PortAudio" in ps.portaudio_version()
    True
    """
    text = ffi.new("char[]", 256)
    lib.pst_system_backend_version(text, len(text))
    return decode(text)


def refresh() -> bool:
    """Read the list of devices again. Streams go on undisturbed.

    The index of a device may change, its uid does not. `InputStream.device` keeps what it was.

    Returns
    -------
    bool
        True if the list is fresh. False if it stays as it is: the host does not answer, or streams
        are open and PortAudio cannot be loaded once more beside them (which works on Linux, for
        streams from up to 8 lists).

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.refresh()
    True
    """
    return system.refresh()
