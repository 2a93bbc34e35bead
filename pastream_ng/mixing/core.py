# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C mixer with what its voices need: all that the audio thread may touch."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import VoiceState
from pastream_ng.errors import ClosedError

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.mixing.voice import Voice

__all__ = ["Core", "Sent"]


class Sent:
    """A voice that was sent to the audio thread, and its data until it is retired."""

    __slots__ = ("_arm_lock", "data", "frames", "handle", "owned")

    def __init__(self, data: Array | None) -> None:
        self.owned = owner("pst_voice *", lib.pst_voice_release)
        # With the view the array cannot be given other memory meanwhile. C keeps rings by itself.
        self.data = None if data is None else (data, address(data))
        self.frames = 0 if data is None else len(data)
        self.handle: weakref.ref[Voice] | None = None
        self._arm_lock = threading.Lock()

    @property
    def pointer(self) -> Any:
        """The ``pst_voice *``; NULL before it is sent."""
        return self.owned[0]

    def status(self) -> Any:
        """Return its ``pst_voice_status``."""
        status = ffi.new("pst_voice_status *")
        lib.pst_voice_get_status(self.pointer, status)
        return status

    def is_retired(self) -> bool:
        """Whether it is over."""
        return not self.pointer or bool(self.status().state >= VoiceState.FINISHED)

    def arm(self) -> int:
        """Arm a descriptor for its end, and return it."""
        with self._arm_lock:
            return lib.pst_voice_arm(self.pointer)


class Core:
    """A C mixer and its voices. It knows nothing of streams, and must outlive the one it plays in.

    Methods may be called from any thread.
    """

    def __init__(self, channels: int, stop_when_idle: bool) -> None:
        self.channels = channels
        # Finalizers and signal handlers may call in the middle of another call of their thread.
        self._lock = threading.RLock()
        self._arm_lock = threading.Lock()
        self._sent: dict[int, Sent] = {}
        self._is_closed = False
        # What a host that hangs may still call lives until the end, when modules are empty.
        getpid, let_go = os.getpid, lib.pst_mixer_release
        pid = getpid()

        def release(pointer: Any) -> None:
            # In a child process the audio thread is gone, perhaps in the middle of something.
            if pid == getpid():
                let_go(pointer)

        owned, err = owner("pst_mixer *", release), new_error()
        check(lib.pst_mixer_create(owned, channels, stop_when_idle, err), err)
        self._owned = owned
        self.pointer = owned[0]

    def play(self, config: Any, data: Array | None) -> Sent:
        """Send a voice; `data` is kept until it is retired. None: `config` has a ring."""
        sent, err = Sent(data), new_error()
        if sent.data is not None:
            config.data = ffi.cast("float *", sent.data[1])
        with self._lock:
            self._check_open()
            self._sweep_some()
            # Kept first: whatever interrupts this thread, the data stays while the voice plays.
            self._sent[id(sent)] = sent
            status = lib.pst_mixer_play(self.pointer, config, sent.owned, err)
            if status < 0:
                del self._sent[id(sent)]
            check(status, err)
        return sent

    def command(self, sent: Sent | None, command: Any) -> None:
        """Send a command to a voice, or to the mixer."""
        err = new_error()
        with self._lock:
            self._check_open()
            pointer = ffi.NULL if sent is None else sent.pointer
            check(lib.pst_mixer_command(self.pointer, pointer, command, err), err)

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClosedError("this mixer is closed; make a new one")

    def sent(self) -> list[Sent]:
        """Return the voices that are not retired, and let go of the data of the others."""
        with self._lock:
            self._sweep()
            return list(self._sent.values())

    def _sweep_some(self) -> None:
        """Sweep where that is cheap: thousands of voices may be scheduled, one after another."""
        known = len(self._sent)
        retired = known - self.status().n_voices
        if retired > 0 and (known < 64 or retired * 8 >= known):
            self._sweep()

    def _sweep(self) -> None:
        lib.pst_mixer_collect(self.pointer)
        # Not items(): making pairs may run finalizers, which may play.
        for sent in list(self._sent.values()):
            if sent.is_retired():
                sent.data = None
                self._sent.pop(id(sent), None)

    def status(self) -> Any:
        """Return the ``pst_mixer_status``."""
        status = ffi.new("pst_mixer_status *")
        lib.pst_mixer_get_status(self.pointer, status)
        return status

    def arm(self) -> int:
        """Arm a descriptor for the moment when no voice is left, and return it."""
        with self._arm_lock:
            return lib.pst_mixer_arm(self.pointer)

    def clear(self) -> None:
        """Retire all voices, for ever. The stream is closed."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                lib.pst_mixer_clear(self.pointer)
                self._sweep()

    def abandon(self) -> None:
        """Take nothing more: the host may still call, or not, so voices stay as they are."""
        with self._lock:
            self._is_closed = True
