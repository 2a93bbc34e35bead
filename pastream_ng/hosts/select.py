# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From what users call a device to a place in the list."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from pastream_ng._checks import integer, shown
from pastream_ng.defaults import default
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError, DeviceNotFoundError
from pastream_ng.hosts.info import DeviceInfo, DeviceList
from pastream_ng.hosts.query import all_devices, default_device
from pastream_ng.hosts.virtual import VirtualDevice

__all__ = ["ENVIRONMENT", "select_device"]

#: The environment variable that names the default device.
ENVIRONMENT = "PASTREAM_DEVICE"


def select_device(
    device: Any, direction: Direction | None = None, argument: str = "device"
) -> DeviceInfo:
    """Return the device that an argument names.

    Parameters
    ----------
    device : int, str, DeviceInfo, VirtualDevice or None
        An index; a uid; a name; or parts of "name, host API", separated by spaces, in any case, in
        this order. None means `default`, else what ``PASTREAM_DEVICE`` says, else PortAudio's
        default.
    direction : Direction, optional
        The side that it must have.
    argument : str
        The name for messages.

    Raises
    ------
    DeviceNotFoundError
        Nothing fits; the text lists what there is.
    ArgumentError
        A text fits several devices (the text lists them), or the device lacks the side.
    ArgumentTypeError
        Not something that can name a device.
    """
    if device is None:
        device = default._fill("device", None, direction or Direction.INPUT)
    if device is None:
        named = os.environ.get(ENVIRONMENT)
        if not named:
            return default_device(direction or Direction.INPUT)
        argument = ENVIRONMENT
        device = int(named) if named.isdecimal() else named
    devices = all_devices()
    if isinstance(device, str):
        return _by_text(devices, device, direction, argument)
    if isinstance(device, VirtualDevice):
        info = next(i for i in devices if i.is_virtual and i.name == device.kind)
    elif isinstance(device, DeviceInfo):
        info = _by_uid(devices, device, argument)
    elif isinstance(device, (int, np.integer, bool, np.bool_)):
        number = integer(argument, device, -(2**62))
        if not 0 <= number < len(devices):
            raise DeviceNotFoundError(
                f"{argument} is {number}; there is no such index. {_listing(devices, direction)}"
            )
        info = devices[number]
    else:
        raise ArgumentTypeError(
            f"{argument} is {shown(device)} of type {type(device).__name__}; it must be an index, "
            "a text, or what query_devices() gave"
        )
    return _with_side(devices, info, direction, argument)


def _with_side(
    devices: DeviceList, info: DeviceInfo, direction: Direction | None, argument: str
) -> DeviceInfo:
    if direction is not None and not info.has(direction):
        raise ArgumentError(
            f'{argument} is "{info.name}", which has no {direction.name.lower()}. '
            f"{_listing(devices, direction)}"
        )
    return info


def _by_uid(devices: DeviceList, wanted: DeviceInfo, argument: str) -> DeviceInfo:
    # The list may have been refreshed since: the uid stays, the index need not.
    for info in devices:
        if info.uid == wanted.uid:
            return info
    raise DeviceNotFoundError(
        f'{argument} is "{wanted.uid}", which is not there any more. {_listing(devices, None)}'
    )


def _by_text(
    devices: DeviceList, text: str, direction: Direction | None, argument: str
) -> DeviceInfo:
    if not text.strip():
        raise ArgumentError(f"{argument} is an empty text; it must name a device")
    for info in devices:
        if info.uid == text:
            return _with_side(devices, info, direction, argument)
    usable = [info for info in devices if direction is None or info.has(direction)]
    exact = [info for info in usable if text in (info.name, f"{info.name}, {info.hostapi}")]
    found = exact or [info for info in usable if _contains(info, text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ArgumentError(
            f"{argument} is {text!r}, which fits several devices; use an index, a uid or more of "
            f"the name:\n{_rows(found)}"
        )
    raise DeviceNotFoundError(
        f"{argument} is {text!r}; no device fits. {_listing(devices, direction)}"
    )


def _contains(info: DeviceInfo, text: str) -> bool:
    whole = f"{info.name}, {info.hostapi}".lower()
    start = 0
    for part in text.lower().split():
        start = whole.find(part, start)
        if start < 0:
            return False
        start += len(part)
    return True


def _rows(devices: Iterable[DeviceInfo]) -> str:
    return "\n".join(f'  {info.index} {info.summary}, uid "{info.uid}"' for info in devices)


def _listing(devices: DeviceList, direction: Direction | None) -> str:
    usable = [info for info in devices if direction is None or info.has(direction)]
    side = "" if direction is None else f" for {direction.name.lower()}"
    return f"The devices{side} are:\n{_rows(usable)}"
