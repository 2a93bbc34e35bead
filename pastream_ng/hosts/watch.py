# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Hearing of devices that come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pastream_ng._checks import seconds
from pastream_ng._native import lib, system
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import Handle, owner
from pastream_ng._native.waits import Deadline, wait, wait_async
from pastream_ng.enums import Status
from pastream_ng.errors import ClosedError, PastreamTimeoutError
from pastream_ng.hosts.info import DeviceInfo, DeviceList
from pastream_ng.hosts.query import numbered_devices

__all__ = ["DeviceChange", "DeviceWatch", "watch_devices"]


@dataclass(frozen=True)
class DeviceChange:
    """How the list of devices differs from the one before. Devices are compared by their uids.

    Attributes
    ----------
    added, removed : tuple of DeviceInfo
        Devices that are new, and those that are not there any more.
    devices : DeviceList
        The list as it is now.
    default_changed : bool
        Whether the default input or output is another device, or has none now.
    """

    added: tuple[DeviceInfo, ...]
    removed: tuple[DeviceInfo, ...]
    devices: DeviceList
    default_changed: bool


class DeviceWatch(Handle):
    """Tells when devices come and go; for ``for`` and ``async for``, ``with`` and ``async with``.

    The list is read again by itself a quarter of a second after a sign that devices may have
    changed: ALSA's files, the ports and the server of JACK, the socket of PulseAudio. Streams are
    not disturbed. A `refresh` by hand is told, too. Changes add up until they are asked for.

    Parameters
    ----------
    timeout : float, optional
        Seconds that a loop waits for one change; None waits for ever.

    Raises
    ------
    ForkedError, OutOfMemoryError, SystemCallError
        The watch could not be opened.
    ArgumentError, ArgumentTypeError
        A `timeout` that is no time.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> with ps.DeviceWatch() as watch:
    ...     print(watch.wait(timeout=0))
    None
    """

    _noun = "device watch"
    _warns = False  # Dropping it is as good as closing it.

    def __init__(self, timeout: float | None = None) -> None:
        self._timeout = seconds("timeout", timeout)
        owned, err = owner("pst_device_watch *", lib.pst_device_watch_release), new_error()
        self._number, self._seen = numbered_devices()
        check(lib.pst_device_watch_create(owned, system.get(), err), err)
        super().__init__(owned)

    def _shut(self) -> None:
        lib.pst_device_watch_close(self._pointer)

    @property
    def devices(self) -> DeviceList:
        """The devices after the last change that was told."""
        return self._seen

    def wait(self, timeout: float | None = None) -> DeviceChange | None:
        """Wait for a change.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        DeviceChange or None
            None if the time ran out.

        Raises
        ------
        ClosedError
            The watch is closed, or was closed meanwhile.
        ForkedError
            In a child of the process that made it.
        """
        deadline = Deadline(seconds("timeout", timeout))
        while True:
            status = wait(self._look, deadline.left())
            change = self._take(status)
            if change is not None or status == Status.TIMEOUT:
                return change

    def _look(self, slice_ns: int) -> int:
        return int(lib.pst_device_watch_wait(self._use(), self._number, slice_ns))

    def _arm(self) -> int:
        return int(lib.pst_device_watch_arm_fd(self._use(), self._number))

    def _take(self, status: int) -> DeviceChange | None:
        """Return what a wait has brought; None if it is nothing."""
        if status == Status.TIMEOUT:
            return None
        if status == Status.CLOSED:
            self._is_closed = True
            raise ClosedError(f"the {self._noun} was closed while this call was waiting")
        if status < 0:
            raise error_for(status)
        before = self._seen
        self._number, self._seen = numbered_devices()
        return difference(before, self._seen)

    def __iter__(self) -> DeviceWatch:
        return self

    def __next__(self) -> DeviceChange:
        if self._is_closed:
            raise StopIteration
        try:
            change = self.wait(self._timeout)
        except ClosedError:
            raise StopIteration from None
        if change is None:
            raise self._late()
        return change

    def _late(self) -> PastreamTimeoutError:
        return PastreamTimeoutError(f"timeout: no device came or went within {self._timeout} s")

    def __aiter__(self) -> DeviceWatch:
        return self

    async def __anext__(self) -> DeviceChange:
        deadline = Deadline(self._timeout)
        while not self._is_closed:
            status = await wait_async(self._look, self._arm, deadline.left())
            try:
                change = self._take(status)
            except ClosedError:
                break
            if change is not None:
                return change
            if status == Status.TIMEOUT:
                raise self._late()
        raise StopAsyncIteration

    async def __aenter__(self) -> DeviceWatch:
        self._use()
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else f"{len(self._seen)} devices"
        return f"<pastream_ng.DeviceWatch, {state}>"


def difference(before: DeviceList, after: DeviceList) -> DeviceChange | None:
    """Return what has changed from one list to another, None if nothing has."""
    old, new = ({info.uid for info in devices} for devices in (before, after))
    added = tuple(info for info in after if info.uid not in old)
    removed = tuple(info for info in before if info.uid not in new)
    default_changed = _defaults(before) != _defaults(after)
    if not (added or removed or default_changed):
        return None
    return DeviceChange(added, removed, after, default_changed)


def _defaults(devices: DeviceList) -> list[str | None]:
    return [devices[index].uid if index >= 0 else None for index in devices.defaults]


def watch_devices(timeout: float | None = None) -> DeviceWatch:
    """Return a `DeviceWatch`, for loops.

    Parameters
    ----------
    timeout : float, optional
        Seconds to wait for one change; None waits for ever.

    Raises
    ------
    PastreamTimeoutError
        In the loop: no device came or went in that time.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> try:
    ...     for change in ps.watch_devices(timeout=0.001):
    ...         print(change.added, change.removed)
    ... except ps.PastreamTimeoutError:
    ...     print("nothing new")
    nothing new
    """
    return DeviceWatch(timeout)
