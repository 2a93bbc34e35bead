# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Virtual devices: a sound card that is always there, and that fails on request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pastream_ng._checks import choice, integer, nanoseconds, real, shown
from pastream_ng._native import ffi, lib
from pastream_ng.enums import FaultKind, Status, VirtualClock, VirtualInput
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["Fault", "VirtualDevice", "virtual_config"]

_MAX_FAULTS = 64
# Fault kinds whose amount is a time; all others count frames or parts per million.
_TIMED = (FaultKind.LATE, FaultKind.LATENCY)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong on a `VirtualDevice`.

    Parameters
    ----------
    kind : str
        ``"late"``: the callback comes `amount` seconds late; nothing is lost.
        ``"stall"``: no callback for `amount` frames, which are lost.
        ``"vanish"``: no callback ever again, though the host says that all is well.
        ``"dead"``: the same, and the host says so.
        ``"burst"``: the next `amount` frames come at once.
        ``"xrun"``: the flags of an xrun, without any loss.
        ``"drift"``: from here on the device's clock is `amount` parts per million fast.
        ``"block"``: from here on blocks have `amount` frames; 0 means random ones, 1 to 4096.
        ``"empty"``: one callback with no frames.
        ``"latency"``: from here on reported times are `amount` seconds off the truth.
    at : int
        Frames since start; the fault acts at the first block that begins there or later.
    amount : float, optional
        Seconds, frames or parts per million, as the kind says.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.Fault("stall", at=4800, amount=480)
    Fault(kind='stall', at=4800, amount=480)
    """

    kind: str
    at: int
    amount: float = 0

    def __post_init__(self) -> None:
        kind = choice("kind", self.kind, FaultKind)
        object.__setattr__(self, "kind", kind.name.lower())
        integer("at", self.at, 0, unit="frames")
        self._number()

    def _number(self) -> int:
        """Return the amount in C's units."""
        kind = FaultKind[self.kind.upper()]
        if kind in _TIMED:
            least = -10.0 if kind == FaultKind.LATENCY else 0.0
            return nanoseconds("amount", self.amount, least, 3600.0)
        if kind == FaultKind.DRIFT:
            return integer("amount", self.amount, -900_000, 900_000, "parts per million")
        return integer("amount", self.amount, 0, 2**40, "frames")


@dataclass(frozen=True)
class VirtualDevice:
    """A device of the virtual host, with its clock, its input and its faults.

    Use it as ``device=``. The texts ``"loopback"`` and ``"null"`` name the same devices with the
    defaults.

    Parameters
    ----------
    kind : {"loopback", "null"}, optional
        Loopback gives back what is played, bit for bit; null gives silence.
    clock : {"wall", "free"}, optional
        Wall keeps real time. Free runs as fast as the rings allow, without under- or overflow, and
        gives the same result in each run.
    input : {"device", "counter", "sine"}, optional
        What is captured: what the device gives; the number of each frame; 440 Hz at half of full
        scale.
    latency : int, optional
        Frames after which loopback gives back what was played.
    first_frame : int, optional
        Where the device's own frame counter begins.
    seed : int, optional
        Of random block sizes.
    faults : sequence of Fault, optional
        At most 64.
    open_error, start_error : str, optional
        Opening or starting fails with this status, for example ``"device-busy"``.
    stop_hang : float, optional
        Stopping takes so many seconds; infinity never returns.
    away : float, optional
        So many seconds after ``"vanish"`` or ``"dead"`` it can be opened again by a stream with
        ``on_lost="reopen"``, infinity for never. `faults` then goes on after the one that took it
        away, with frames counted from the new start.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free", input="counter")
    >>> ps.rec(4, dtype="int32", channels=1, device=device)[:, 0].tolist()
    [0, 1, 2, 3]
    """

    kind: Literal["loopback", "null"] = "loopback"
    clock: Literal["wall", "free"] = "wall"
    input: Literal["device", "counter", "sine"] = "device"
    latency: int = 0
    first_frame: int = 0
    seed: int = 0
    faults: Sequence[Fault] = field(default=())
    open_error: str | None = None
    start_error: str | None = None
    stop_hang: float = 0.0
    away: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in ("loopback", "null"):
            raise ArgumentError(f'kind is {shown(self.kind)}; it must be "loopback" or "null"')
        try:
            faults = tuple(self.faults)
        except TypeError:
            raise ArgumentTypeError(
                f"faults is {shown(self.faults)}; it must be a sequence of Fault objects"
            ) from None
        for fault in faults:
            if not isinstance(fault, Fault):
                raise ArgumentTypeError(f"faults has {fault!r} in it; it must hold Fault objects")
        if len(faults) > _MAX_FAULTS:
            raise ArgumentError(
                f"faults has {len(faults)} items; it can have {_MAX_FAULTS} at most"
            )
        object.__setattr__(self, "faults", tuple(sorted(faults, key=lambda fault: fault.at)))
        virtual_config(self)


def _failure(name: str, value: Any) -> Status:
    if value is None:
        return Status.OK
    status = choice(name, value, Status)
    if status >= 0:
        raise ArgumentError(f"{name} is {value!r}; it must be a failure")
    return status


def _forever_ns(name: str, value: Any) -> int:
    if isinstance(value, float) and value == math.inf:
        return -1
    return round(real(name, value, 0.0, 3600.0, "seconds, or infinity,") * 1e9)


def virtual_config(device: VirtualDevice) -> Any:
    """Return the ``pst_virtual_config *`` of a virtual device."""
    config = ffi.new("pst_virtual_config *")
    lib.pst_virtual_config_default(config)
    config.clock = choice("clock", device.clock, VirtualClock)
    config.input = choice("input", device.input, VirtualInput)
    config.latency_frames = integer("latency", device.latency, 0, 2**24, "frames")
    config.first_frame = integer("first_frame", device.first_frame, 0, 2**62, "frames")
    config.seed = integer("seed", device.seed, 0, 2**32 - 1)
    config.open_status = _failure("open_error", device.open_error)
    config.start_status = _failure("start_error", device.start_error)
    config.stop_hang_ns = _forever_ns("stop_hang", device.stop_hang)
    config.away_ns = _forever_ns("away", device.away)
    config.n_faults = len(device.faults)
    for i, fault in enumerate(device.faults):
        config.faults[i].kind = FaultKind[fault.kind.upper()]
        config.faults[i].at_frame = fault.at
        config.faults[i].amount = fault._number()
    return config
