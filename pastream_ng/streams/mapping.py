# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which channels of a device are which of a stream: what users write, as a matrix of gains.

Channels are numbered from 1, and 0 is silence. Gains have a row for each destination and a column
for each source: the device is the source of an input and the destination of an output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pastream_ng._checks import integer, shown
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["ChannelMap", "channel_map", "mapping_list", "mapping_pair", "remapped"]

_MOST = 256


class ChannelMap(NamedTuple):
    """A mapping, ready for C.

    Attributes
    ----------
    channels : int
        Of the stream.
    device_channels : int
        That the device is opened with.
    gains : numpy.ndarray
        (destinations, sources) float32.
    """

    channels: int
    device_channels: int
    gains: Array


def channel_map(name: str, value: Any, channels: Any, direction: Direction) -> ChannelMap:
    """Check the `mapping` argument of a stream; see `InputStream` and `OutputStream`.

    `channels` are those asked for, or None.
    """
    count = None if channels is None else integer("channels", channels, 1, _MOST)
    if isinstance(value, Mapping):
        return _of_dict(name, value, count, direction)
    array = _numbers(name, value)
    if array.ndim == 2:
        return _of_gains(name, array, count, direction)
    return _of_list(name, _channel_list(name, array), count, direction)


def mapping_pair(value: Any) -> tuple[Any, Any]:
    """Split the `mapping` of a duplex stream, of which each side has its own."""
    if value is None:
        return None, None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise ArgumentTypeError(
            f"mapping is {shown(value)}; it must be a pair (input, output), of which either may be "
            "None"
        )
    for item in value:
        if item is not None and not isinstance(item, (Mapping, Sequence, np.ndarray)):
            raise ArgumentTypeError(
                f"mapping is {shown(value)}; it must be a pair (input, output) of lists, dicts or "
                "matrices"
            )
    return value[0], value[1]


def remapped(name: str, value: Any, shape: tuple[int, int]) -> Array:
    """Return the gains for a mapping in pastream's sense, of a stream that has its channels.

    As a list it has the source of each destination; as a dict it is ``{source: destination}``. A
    matrix is what it is.
    """
    destinations, sources = shape
    gains = np.zeros(shape, "float32")
    if isinstance(value, Mapping):
        for source, destination in _links(name, value):
            _check_channel(name, source, sources, "sources")
            _check_channel(name, destination, destinations, "destinations")
            if source and destination:
                gains[destination - 1, source - 1] = 1.0
        return gains
    array = _numbers(name, value)
    if array.ndim == 2:
        return _finite(name, array, shape)
    numbers = _channel_list(name, array)
    if len(numbers) != destinations:
        raise ArgumentError(
            f"{name} is {shown(value)}; it must name a source for each of {destinations} channels"
        )
    for row, source in enumerate(numbers):
        _check_channel(name, source, sources, "sources")
        if source:
            gains[row, source - 1] = 1.0
    return gains


def mapping_list(gains: Array) -> list[int] | None:
    """Return the source of each destination, 0 for none; None if the gains are more than that."""
    chosen = gains != 0
    if (chosen.sum(axis=1) > 1).any() or (gains[chosen] != 1).any():
        return None
    return [int(row.argmax()) + 1 if row.any() else 0 for row in chosen]


# ---- The forms -----------------------------------------------------------------------------------


def _of_list(
    name: str, numbers: list[int], channels: int | None, direction: Direction
) -> ChannelMap:
    """Read the device channel of each channel of the stream."""
    count = len(numbers) if channels is None else channels
    spreads = direction == Direction.OUTPUT and count == 1
    if len(numbers) != count and not spreads:
        raise ArgumentError(
            f"{name} has {len(numbers)} channels; it must have {count}, as many as the stream"
        )
    links = [(0 if spreads else k, number - 1) for k, number in enumerate(numbers) if number]
    return _linked(links, count, max(1, *numbers), direction)


def _of_dict(
    name: str, value: Mapping[Any, Any], channels: int | None, direction: Direction
) -> ChannelMap:
    links = list(_links(name, value))
    if not links:
        raise ArgumentError(f"{name} is {shown(value)}; it must name at least one channel")
    if direction == Direction.INPUT:
        links = [(own, device) for device, own in links]
    count = max(1, *(own for own, _ in links)) if channels is None else channels
    for own, _ in links:
        _check_channel(name, own, count, "of the stream")
    heard = [(own - 1, device - 1) for own, device in links if own and device]
    return _linked(heard, count, max(1, *(device for _, device in links)), direction)


def _of_gains(name: str, array: Array, channels: int | None, direction: Direction) -> ChannelMap:
    rows, columns = array.shape
    own, device = (rows, columns) if direction == Direction.INPUT else (columns, rows)
    if not 1 <= own <= _MOST or not 1 <= device <= _MOST or channels not in (None, own):
        sides = "(stream, device)" if direction == Direction.INPUT else "(device, stream)"
        wanted = f"{sides} channels" + ("" if channels is None else f", {channels} of the stream")
        raise ArgumentError(f"{name} has shape {array.shape}; it must be {wanted}, {_MOST} at most")
    return ChannelMap(own, device, _finite(name, array, array.shape))


def _linked(
    links: Iterable[tuple[int, int]], channels: int, device_channels: int, direction: Direction
) -> ChannelMap:
    """Connect channels of the stream with channels of the device, both counted from 0."""
    gains = np.zeros((channels, device_channels), "float32")
    for own, device in links:
        gains[own, device] = 1.0
    if direction == Direction.OUTPUT:
        gains = np.ascontiguousarray(gains.T)
    return ChannelMap(channels, device_channels, gains)


# ---- Their parts ---------------------------------------------------------------------------------


def _numbers(name: str, value: Any) -> Array:
    wanted = "it must be a list of channels, a dict {in: out} or a matrix of gains"
    try:
        array = np.asarray(value)
    except ValueError as error:  # Ragged lists.
        raise ArgumentError(f"{name} cannot become an array: {error}; {wanted}") from None
    if array.dtype.kind not in "fiu" or array.ndim > 2:
        raise ArgumentTypeError(f"{name} is {shown(value)}; {wanted}")
    if not array.size:
        raise ArgumentError(f"{name} is {shown(value)}; it must name at least one channel")
    return array


def _channel_list(name: str, array: Array) -> list[int]:
    numbers = np.atleast_1d(array)
    if len(numbers) > _MOST:
        raise ArgumentError(f"{name} has {len(numbers)} channels; it can have {_MOST} at most")
    return [integer(f"{name}[{k}]", item, 0, _MOST) for k, item in enumerate(numbers)]


def _links(name: str, value: Mapping[Any, Any]) -> Iterable[tuple[int, int]]:
    for source, destinations in value.items():
        first = integer(f"a channel in {name}", source, 0, _MOST)
        several = isinstance(destinations, (Sequence, np.ndarray)) and np.ndim(destinations) == 1
        for destination in destinations if several else [destinations]:
            yield first, integer(f"{name}[{first}]", destination, 0, _MOST)


def _check_channel(name: str, number: int, most: int, what: str) -> None:
    if number > most:
        raise ArgumentError(f"{name} names channel {number}; the channels {what} are 1 to {most}")


def _finite(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape != shape:
        raise ArgumentError(
            f"{name} has shape {array.shape}; it must be {shape}: (destinations, sources)"
        )
    with np.errstate(over="ignore"):
        gains = np.ascontiguousarray(array, "float32")
    wrong = np.argwhere(~np.isfinite(gains))
    if len(wrong):
        row, column = wrong[0]
        raise ArgumentError(
            f"{name}[{row}][{column}] is {array[row, column]}; a gain must be a finite number"
        )
    return gains
