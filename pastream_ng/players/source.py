# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files at the end of a stream's output ring, one after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from pastream_ng._native import ffi, lib, system
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.waits import wait
from pastream_ng.enums import ResampleQuality, Status
from pastream_ng.errors import FileFormatError, PastreamTimeoutError
from pastream_ng.rings.views import User, nobody
from pastream_ng.streams.endpoints import Endpoint

if TYPE_CHECKING:
    from pastream_ng.files.soundfile import SoundFile
    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.output import OutputStream

__all__ = ["Part", "Place", "PlaylistSource"]

# How long the end of a run waits for a slow disk, in seconds.
_FINISH_S = 5.0
# How long a seek may take to be heard, in seconds, until nobody waits for it any more.
_SEEK_S = 1.0


class Place(NamedTuple):
    """A frame of one of the files, and how often all of them were played before."""

    number: int
    frame: int
    passes: int = 0


class Part(NamedTuple):
    """What to play of the files: from a frame of the first one to one of the last, so often."""

    begin: int
    end: int
    passes: int


class PlaylistSource(Endpoint):
    """Files for the output ring of a stream; a C thread moves the frames.

    Attributes
    ----------
    next : Place
        Where the next run begins.
    """

    prebuffers = True

    def __init__(self, files: list[SoundFile], stream: OutputStream, part: Part) -> None:
        side = stream._output
        assert side is not None
        self._files = files
        self._channels, self._code = side.channels, int(side.form.code)
        self._rate = stream.samplerate
        self.part = part
        self._user = User("a player")
        self._player: Any = None
        self._is_running = False
        self.next = self.start
        # A look, which raises what is wrong with them.
        self._make(stream.output_ring._ring.pointer, ffi.NULL)

    @property
    def start(self) -> Place:
        """Where all of it begins."""
        return Place(0, self.part.begin)

    def _make(self, ring: Any, own: Any) -> Any:
        """Return a ``pst_player **`` for a ring, of a ``pst_system``."""
        config, made, err = (
            ffi.new("pst_player_config *"),
            owner("pst_player *", lib.pst_player_destroy),
            new_error(),
        )
        decoders = ffi.new("pst_decoder *[]", [file._to_read("play") for file in self._files])
        config.decoders, config.n_decoders = decoders, len(self._files)
        config.first_frame, config.end_frame, config.n_passes = self.part
        config.format, config.n_channels = self._code, self._channels
        config.rate_hz, config.quality = self._rate, ResampleQuality.BEST
        check(lib.pst_player_create(made, own, ring, config, err), err)
        return made

    # ---- Runs -----------------------------------------------------------------------------------

    def begin(self, stream: StreamBase) -> None:
        """Begin to fill the ring."""
        ring = stream._own_output()
        assert ring is not None
        pointer, lent = ring._ring.pointer, []
        try:
            for file in self._files:
                file._lend("a player plays it")
                lent.append(file)
            with ring._write_lock:
                ring._check_writer()
                ring._write_user = ref(self._user)
            lib.pst_ring_restart(pointer)
            lib.pst_ring_skip(pointer, 0, 2**62)
            player = self._make(pointer, system.get())
            place, err = self.next, new_error()
            if place[:2] != self.start[:2]:
                check(lib.pst_player_seek(player[0], place.number, place.frame, err), err)
            check(lib.pst_player_start(player[0], err), err)
            self._player, self._is_running = player, True
        except BaseException:
            self._leave(stream)
            for file in lent:
                file._give_back()
            raise

    def _leave(self, stream: StreamBase) -> None:
        ring = stream._own_output()
        if ring is not None and ring._write_user() is self._user:
            ring._write_user = nobody

    def end(self, stream: StreamBase) -> None:
        """Stop reading ahead, and give the files back."""
        if not self._is_running:
            return
        self._is_running = False
        player, err = self._player, new_error()
        lib.pst_player_cancel(player[0])
        self._leave(stream)
        status = wait(lambda ns: lib.pst_player_wait(player[0], ns, err), _FINISH_S)
        if status == Status.TIMEOUT:
            for file in self._files:
                file._leave_to(lambda: lib.pst_player_wait(player[0], 0, ffi.NULL) != status)
            raise PastreamTimeoutError(
                f"timeout: the sound file {self._files[0].name!r} could not be read within "
                f"{_FINISH_S:g} s of the end of the run"
            )
        for file in self._files:
            file._give_back()
        if status < 0:
            raise self._error(status, err)

    def _error(self, status: int, err: Any) -> BaseException:
        file = self._files[self.place().number]
        if status == Status.BAD_FILE:
            return FileFormatError(f"{file.name!r}: {error_for(status, err)}")
        return file._error_of(status, err)

    # ---- Places ---------------------------------------------------------------------------------

    def _status(self) -> Any:
        status = ffi.new("pst_player_status *")
        lib.pst_player_get_status(self._player[0], status)
        return status

    def place(self) -> Place:
        """Return what leaves the ring next; after a run, what would have."""
        if self._player is None:
            return self.next
        status = self._status()
        return Place(int(status.index), int(status.frame), int(status.n_passes))

    def seek(self, place: Place) -> bool:
        """Go to a frame in a run, and wait until it is heard; False if the run ends meanwhile."""
        player, err = self._player, new_error()
        before = self._status().n_seeks
        status = lib.pst_player_seek(player[0], place.number, place.frame, err)
        if status == Status.BAD_STATE and not self._is_running:
            return False
        check(status, err)
        deadline = time.monotonic() + _SEEK_S
        while self._status().n_seeks == before and time.monotonic() < deadline:
            if not self._is_running:
                return False
            time.sleep(0.0005)
        return True
