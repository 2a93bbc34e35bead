# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Packets: what codecs make of sound, with its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pastream_ng._checks import integer, shown
from pastream_ng._native.arrays import memory_of
from pastream_ng.errors import ArgumentTypeError

__all__ = ["Packet", "check_packet", "time_base", "timestamp"]

_MOST = 2**63 - 1


def timestamp(name: str, value: Any, minimum: int = -_MOST) -> int | None:
    """Return a time in units of a time base; None: not known."""
    return None if value is None else integer(name, value, minimum, _MOST)


def time_base(num: Any, den: Any) -> tuple[int, int]:
    """Return a time base: a unit is num/den seconds."""
    return (
        integer("time_base_num", num, 1, 2**32 - 1),
        integer("time_base_den", den, 1, 2**32 - 1),
    )


@dataclass(frozen=True, repr=False)
class Packet:
    """One packet of a codec. A value; it is fixed.

    Parameters
    ----------
    data : bytes-like
        What is in it; copied.
    time_base_num, time_base_den : int, optional
        Times are counted in units of num/den seconds.
    pts : int, optional
        When its first sample is to be heard. None: not known. Of a codec that begins with samples
        of its own (see `Encoder.delay`), the first ones are negative.
    dts : int, optional
        When it is to be decoded.
    duration : int, optional
        How long it lasts.
    flags : int, optional
        1: a header, which has no sound, but decoders need it. Other bits are passed on as they are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.

    Notes
    -----
    ``len(packet)`` is the number of bytes, ``bytes(packet)`` are they. Packets without bytes count
    as true, too.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> packet = ps.Packet(b"...", pts=480)
    >>> packet.time, len(packet)
    (0.01, 3)
    """

    data: bytes
    time_base_num: int = 1
    time_base_den: int = 48000
    pts: int | None = None
    dts: int | None = None
    duration: int | None = None
    flags: int = 0

    def __post_init__(self) -> None:
        data = self.data if type(self.data) is bytes else bytes(memory_of("data", self.data))
        num, den = time_base(self.time_base_num, self.time_base_den)
        put = object.__setattr__
        put(self, "data", data)
        put(self, "time_base_num", num)
        put(self, "time_base_den", den)
        put(self, "pts", timestamp("pts", self.pts))
        put(self, "dts", timestamp("dts", self.dts))
        put(self, "duration", timestamp("duration", self.duration, 0))
        put(self, "flags", integer("flags", self.flags, 0, 2**32 - 1))

    @classmethod
    def _of(
        cls,
        data: bytes,
        time_base_num: int,
        time_base_den: int,
        pts: int | None,
        dts: int | None,
        duration: int | None,
        flags: int,
    ) -> Packet:
        """Return a packet of what is known to be right."""
        self = object.__new__(cls)
        self.__dict__.update(
            data=data,
            time_base_num=time_base_num,
            time_base_den=time_base_den,
            pts=pts,
            dts=dts,
            duration=duration,
            flags=flags,
        )
        return self

    @property
    def time_base(self) -> tuple[int, int]:
        """(num, den): a unit of time is num/den seconds."""
        return self.time_base_num, self.time_base_den

    @property
    def time(self) -> float | None:
        """The pts in seconds; None: not known."""
        return None if self.pts is None else self.pts * self.time_base_num / self.time_base_den

    @property
    def is_header(self) -> bool:
        """Whether it has no sound, but decoders need it."""
        return bool(self.flags & 1)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return True

    def __bytes__(self) -> bytes:
        return self.data

    def __repr__(self) -> str:
        parts = [f"{len(self.data)} bytes"]
        for name in ("pts", "dts", "duration"):
            value = getattr(self, name)
            if value is not None and not (name == "dts" and value == self.pts):
                parts.append(f"{name} {value}")
        parts.append(f"time base {self.time_base_num}/{self.time_base_den}")
        if self.flags:
            parts.append("header" if self.flags == 1 else f"flags {self.flags:#x}")
        return f"<pastream_ng.Packet {', '.join(parts)}>"


def check_packet(name: str, value: Any) -> Packet:
    """Return an argument that must be a `Packet`."""
    if isinstance(value, Packet):
        return value
    raise ArgumentTypeError(
        f"{name} is {shown(value)} of type {type(value).__name__}; it must be a Packet"
    )
