# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The mixers that all calls of ``pastream_ng.play`` share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from pastream_ng._native import hostlog
from pastream_ng._native.waits import Deadline
from pastream_ng.defaults import default
from pastream_ng.enums import Direction
from pastream_ng.errors import ClosedError, PastreamError, PastreamTimeoutError
from pastream_ng.hosts.select import select_device
from pastream_ng.hosts.virtual import VirtualDevice
from pastream_ng.mixing.mixer import Mixer
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.current import report_losses

if TYPE_CHECKING:
    from pastream_ng.mixing.voice import Voice

__all__ = ["SharedMixer", "SharedMixers", "shared"]

#: Settings, and the number of channels.
Key: TypeAlias = "tuple[tuple[Any, ...], int]"

# How long the end of a run may take before the next can begin, in seconds.
_END_S = 10.0


class SharedMixer(Mixer):
    """A mixer whose run ends with its last voice, and begins again with the next."""

    _stop_when_idle = True
    _warns = False  # Nobody can be blamed for not closing it.
    _is_reported = True  # What the last run has lost.

    def play(self, data: Any, **voice: Any) -> Voice:
        """Play an array, starting the stream if it does not run."""
        sent = super().play(data, **voice)
        try:
            self._ensure_running()
        except BaseException:
            sent.stop()  # It must not be heard with the next one.
            raise
        return sent

    def _ensure_running(self) -> None:
        if self._core.status().is_over and not StreamBase.wait(self, _END_S):
            raise PastreamTimeoutError(f"timeout: {self} did not end its last run in {_END_S:g} s")
        if not self.active:
            self.start()
            self._is_reported = False

    def _wait_played_out(self, deadline: Deadline) -> bool:
        """Wait until the run is over; False if the time ran out. Raises what ended it."""
        while self.active:
            slice_ns = deadline.slice_ns()
            if not StreamBase.wait(self, slice_ns / 1e9) and slice_ns == 0:
                return False
        self._use()
        self._raise_pending()
        if not self._is_reported:
            self._is_reported = True
            report_losses(self)
        return True


class SharedMixers:
    """The mixers in use, by device and settings. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # A signal handler may stop in the middle of a play.
        self._mixers: dict[Key, SharedMixer] = {}

    def play(self, options: dict[str, Any], data: Any, voice: dict[str, Any]) -> Voice:
        """Play on the mixer with these settings."""
        SharedMixer._check(options)
        key = _key(options)
        with self._lock:
            mixer = self._find(key) or self._open(key, options)
            try:
                return mixer.play(data, **voice)
            except BaseException:
                # A mixer that was only opened for this call is of no use to others.
                self._close_idle()
                raise

    def _find(self, key: Key) -> SharedMixer | None:
        settings, channels = key
        mixer = self._mixers.get(key)
        if channels == 1 and (mixer is None or not mixer.active):
            # One channel can be played with others, where they are being played.
            for other in list(self._mixers):
                candidate = self._mixers.get(other)
                if other[0] == settings and candidate is not None and candidate.active:
                    return candidate
        if mixer is None or mixer.closed:
            return None
        if mixer.exception is None:
            return mixer
        if not mixer._is_raised:
            hostlog.warn("%s: %s", mixer, mixer.exception)
        self._close(key)
        return None

    def _open(self, key: Key, options: dict[str, Any]) -> SharedMixer:
        """Open a mixer, and close those that are done: devices may be there for one only."""
        self._close_idle()
        mixer = self._mixers[key] = SharedMixer(**options)
        return mixer

    def _close_idle(self) -> None:
        for key in list(self._mixers):
            mixer = self._mixers.get(key)
            if mixer is not None and not mixer.active and (mixer.closed or not mixer.voices):
                self._close(key)

    def _close(self, key: Key) -> None:
        mixer = self._mixers.pop(key, None)
        if mixer is not None and not mixer.closed:
            mixer._close()

    def release_idle(self) -> None:
        """Close what does not play, so that its device is free."""
        with self._lock:
            self._close_idle()

    def wait(self, deadline: Deadline) -> bool:
        """Wait until all is played out; False if the time ran out. Raises what went wrong."""
        for mixer in list(self._mixers.values()):
            try:
                if not mixer._wait_played_out(deadline):
                    return False
            except ClosedError:
                continue  # stop(), of another thread.
            except PastreamError:
                mixer._close()
                raise
        return True

    def stop(self) -> None:
        """Close all, at once. Raises nothing of theirs."""
        with self._lock:
            for key in list(self._mixers):
                self._close(key)


def _key(options: dict[str, Any]) -> Key:
    """Return what calls with equal settings have in common, and the number of channels."""
    names = ("device", "samplerate", "blocksize", "latency", "extra_settings")
    settings = {name: default._fill(name, options.get(name), Direction.OUTPUT) for name in names}
    options = {**options, **settings}
    device, rate = options["device"], options["samplerate"]
    info = select_device(device, Direction.OUTPUT)
    others = {"samplerate": info.default_samplerate if rate is None else float(rate)}
    place = device if isinstance(device, VirtualDevice) else info.index
    for name, value in options.items():
        if name not in ("device", "samplerate", "channels"):
            others[name] = value
    return (place, *sorted((name, repr(value)) for name, value in others.items())), options[
        "channels"
    ]


#: What ``play``, ``wait`` and ``stop`` share.
shared = SharedMixers()
