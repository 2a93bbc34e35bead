# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What streams use where an argument is None: settings of the whole program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pastream_ng._checks import integer, pair, real, shown
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError, ArgumentTypeError, DeviceNotFoundError
from pastream_ng.formats import sample_format

__all__ = ["Defaults", "Pair", "default"]

_SIDES = ("input", "output")
_NAMES = ("device", "channels", "dtype", "latency", "extra_settings")


class Pair:
    """Two settings, for the input and for the output; ``[0]`` or ``["input"]``, and so on.

    Assigning one side checks it, as assigning both does.
    """

    __slots__ = ("_check", "_items", "_name")

    def __init__(self, name: str, check: Callable[[Any], Any]) -> None:
        self._name = f"default.{name}"
        self._check = check
        self._items: tuple[Any, Any] = (None, None)

    def _index(self, side: Any) -> int:
        if side in _SIDES:
            return _SIDES.index(side)
        if isinstance(side, bool) or side not in (0, 1, -1, -2):
            raise ArgumentError(f'{shown(side)} is no side; it must be "input", "output", 0 or 1')
        return int(side) % 2

    def __getitem__(self, side: Any) -> Any:
        return self._items[self._index(side)]

    def __setitem__(self, side: Any, value: Any) -> None:
        checked = None if value is None else self._check(value)
        first, second = self._items
        self._items = (first, checked) if self._index(side) else (checked, second)

    def _set(self, value: Any) -> None:
        first, second = pair(self._name, value.items() if isinstance(value, Pair) else value)
        items = tuple(None if item is None else self._check(item) for item in (first, second))
        self._items = (items[0], items[1])

    def items(self) -> tuple[Any, Any]:
        """Return both."""
        return self._items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return 2

    def __eq__(self, other: object) -> bool:
        return self._items == (other.items() if isinstance(other, Pair) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"[input: {self._items[0]!r}, output: {self._items[1]!r}]"


def _device(value: Any) -> Any:
    # Looked up when it is used: what it names may come later. It is checked as a type only.
    from pastream_ng.hosts import DeviceInfo, VirtualDevice

    if isinstance(value, (str, DeviceInfo, VirtualDevice)):
        return value
    try:
        return integer("default.device", value, 0)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"default.device is {shown(value)}; it must be an index, a text, what query_devices() "
            "gave, or a VirtualDevice"
        ) from None


def _latency(value: Any) -> Any:
    if isinstance(value, str):
        if value in ("low", "high"):
            return value
        raise ArgumentError(
            f'default.latency is {shown(value)}; it must be "low", "high" or a number of seconds'
        )
    return real("default.latency", value, 0.0, 10.0, "seconds")


def _extra(value: Any) -> Any:
    from pastream_ng.hosts.host_settings import HostSettings

    if isinstance(value, HostSettings):
        return value
    raise ArgumentTypeError(
        f"default.extra_settings is {shown(value)}; it must be AlsaSettings or another of its kind"
    )


def _pair(name: str) -> Any:
    def get(self: Defaults) -> Pair:
        return self._pairs[name]

    def put(self: Defaults, value: Any) -> None:
        self._pairs[name]._set(value)

    return property(get, put, doc=f"The default of ``{name}``, for the input and the output.")


class Defaults:
    """Settings for arguments that are None; the one object of it is ``pastream_ng.default``.

    Where a setting is None, too, the device decides, as if there was none.

    Attributes
    ----------
    device, channels, dtype, latency, extra_settings
        A pair (input, output), or one value for both; see `InputStream`. A default device goes
        before ``PASTREAM_DEVICE``.
    samplerate, blocksize
        See `InputStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.default.device = "loopback"
    >>> ps.default.samplerate = 44100
    >>> ps.default.channels = 1, 2
    >>> ps.default.dtype["input"] = "int16"
    >>> with ps.DuplexStream() as stream:
    ...     stream.samplerate, stream.channels, stream.dtype
    (44100.0, (1, 2), ('int16', 'float32'))
    >>> ps.default.reset()
    >>> ps.default.device
    [input: None, output: None]
    """

    __slots__ = ("_blocksize", "_pairs", "_samplerate")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all settings."""
        checks = (
            _device,
            lambda value: integer("default.channels", value, 1, 256),
            lambda value: sample_format(value, "default.dtype").name,
            _latency,
            _extra,
        )
        self._pairs = {name: Pair(name, check) for name, check in zip(_NAMES, checks, strict=True)}
        self._samplerate: float | None = None
        self._blocksize: int | None = None

    device = _pair("device")
    channels = _pair("channels")
    dtype = _pair("dtype")
    latency = _pair("latency")
    extra_settings = _pair("extra_settings")

    @property
    def samplerate(self) -> float | None:
        """The default rate in Hz."""
        return self._samplerate

    @samplerate.setter
    def samplerate(self, value: Any) -> None:
        self._samplerate = (
            None if value is None else real("default.samplerate", value, 1.0, 1e6, "Hz")
        )

    @property
    def blocksize(self) -> int | None:
        """The default block size in frames."""
        return self._blocksize

    @blocksize.setter
    def blocksize(self, value: Any) -> None:
        self._blocksize = (
            None if value is None else integer("default.blocksize", value, 0, 65536, "frames")
        )

    @property
    def hostapi(self) -> int:
        """The index of the host API of the default devices, -1 if there is none; read only.

        The output goes before the input; see `query_hostapis`.
        """
        from pastream_ng.hosts.select import select_device

        for direction in (Direction.OUTPUT, Direction.INPUT):
            device = self._fill("device", None, direction)
            try:
                return select_device(device, direction).hostapi_index
            except DeviceNotFoundError:
                continue
        return -1

    def _fill(self, name: str, value: Any, direction: Direction) -> Any:
        """Return an argument with what it leaves open; a pair for duplex streams."""
        if name not in _NAMES:
            return getattr(self, name) if value is None else value
        items = self._pairs[name].items()
        if direction != Direction.DUPLEX:
            return items[direction == Direction.OUTPUT] if value is None else value
        if value is not None and not isinstance(value, (tuple, list)):
            return value
        if items == (None, None):
            return value
        given = pair(name, value)
        filled = zip(given, items, strict=True)
        return tuple(item if own is None else own for own, item in filled)

    def __repr__(self) -> str:
        names = (*_NAMES, "samplerate", "blocksize")
        return f"<pastream_ng.default: {', '.join(f'{n} {getattr(self, n)!r}' for n in names)}>"


#: The settings of this program.
default = Defaults()
