# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files that threads of C read ahead, into rings of graphs."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from weakref import ref

from pastream_ng._checks import shown_file
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.waits import wait
from pastream_ng.enums import Format, ResampleQuality, Status
from pastream_ng.errors import FileFormatError, PastreamTimeoutError
from pastream_ng.rings import RingBuffer
from pastream_ng.rings.views import User

if TYPE_CHECKING:
    from pastream_ng.files.soundfile import SoundFile
    from pastream_ng.graph.core import CoreNode

__all__ = ["Feeds", "FileFeed"]

# For messages to those who want to write to the ring, too. A ring may outlive its feed.
_USER = User("a file source of an audio graph")
# How long a seek may take, in seconds, before something must be wrong with the disk.
_SEEK_S = 5.0
_STEP_S = 0.0005


class FileFeed:
    """A file that is decoded into a ring of its own, at a rate of the graph's choice.

    It refers to no node and no context. Dropping it ends the reading, and waits for nothing.

    Parameters
    ----------
    file : SoundFile
        Which nobody else uses.
    rate : float
        Hz of the graph.
    capacity : int
        Frames that are read ahead.
    begin : int
        The first frame of the file.
    passes : int
        How often it is played; -1 for ever.
    """

    def __init__(
        self, file: SoundFile, rate: float, capacity: int, begin: int, passes: int
    ) -> None:
        self.file = file
        self.begin = begin
        self.ring = RingBuffer(size=capacity, dtype="float32", channels=file.channels)
        self.ring._write_user = ref(_USER)
        self._player = owner("pst_player *", lib.pst_player_destroy)
        self._lock = threading.Lock()
        self._is_closed = False
        config, err = ffi.new("pst_player_config *"), new_error()
        decoders = ffi.new("pst_decoder *[]", [file._to_read("play")])
        config.decoders, config.n_decoders = decoders, 1
        config.first_frame, config.end_frame, config.n_passes = begin, -1, passes
        config.format, config.n_channels = Format.F32, file.channels
        config.rate_hz, config.quality = rate, ResampleQuality.BEST
        pointer = self.ring._ring.pointer
        check(lib.pst_player_create(self._player, ffi.NULL, pointer, config, err), err)
        check(lib.pst_player_start(self._player[0], err), err)

    def _error(self) -> BaseException | None:
        """Return a new error: what reading has failed with."""
        err = new_error()
        status = lib.pst_player_error(self._player[0], err)
        if status >= 0:
            return None
        if status == Status.BAD_FILE:
            return FileFormatError(f"{shown_file(self.file.name)}: {error_for(status, err)}")
        return error_for(status, err)

    @property
    def exception(self) -> BaseException | None:
        """What reading has failed with, or None."""
        return self._error()

    def wait_for(self, frames: int, timeout: float | None = None) -> None:
        """Wait until so many frames, no more than the ring holds, can be played.

        Fewer are enough where no more will come. Raises what reading has failed with before them.
        """
        pointer = self.ring._ring.pointer
        status = wait(lambda ns: lib.pst_ring_wait_readable(pointer, 0, frames, ns), timeout)
        if status == Status.END and not self._is_closed:
            error = self._error()
            if error is not None:
                raise error

    def seek(self, frame: int) -> None:
        """Go to a frame of the file; what is read from then on is from there."""
        player, err = self._player[0], new_error()
        status = ffi.new("pst_player_status *")
        with self._lock:
            lib.pst_player_get_status(player, status)
            before = status.n_seeks
            check(lib.pst_player_seek(player, 0, frame, err), err)
            deadline = time.monotonic() + _SEEK_S
            while status.n_seeks == before and not self._is_closed:
                error = self._error()
                if error is not None:
                    raise error
                if time.monotonic() > deadline:
                    raise PastreamTimeoutError(
                        f"timeout: {shown_file(self.file.name)} could not be read within "
                        f"{_SEEK_S:g} s of a seek"
                    )
                time.sleep(_STEP_S)
                lib.pst_player_get_status(player, status)

    @property
    def frame(self) -> int:
        """The frame of the file that is played next."""
        status = ffi.new("pst_player_status *")
        lib.pst_player_get_status(self._player[0], status)
        return int(status.frame)

    def close(self) -> None:
        """Read no more. Does not wait; closing again does nothing."""
        self._is_closed = True
        lib.pst_player_cancel(self._player[0])


class Feeds:
    """The feeds of nodes that were started: kept until those have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # With the handles of nodes, not their faces: those lead to the context, which has this.
        self._feeds: list[tuple[CoreNode, FileFeed]] = []

    def __len__(self) -> int:
        return len(self._feeds)

    def add(self, node: CoreNode, feed: FileFeed) -> None:
        """Keep one until its node has ended."""
        with self._lock:
            self._feeds.append((node, feed))

    def wait_for(self, frames: int) -> None:
        """Wait until so many frames can be rendered without a gap."""
        for node, feed in list(self._feeds):
            if not node.has_ended:
                feed.wait_for(frames)

    def tidy(self) -> None:
        """Let go of those whose nodes have ended."""
        if not self._feeds:
            return
        with self._lock:
            over = [pair for pair in self._feeds if pair[0].has_ended]
            self._feeds = [pair for pair in self._feeds if pair not in over]
        for _, feed in over:
            feed.close()

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            feeds, self._feeds = self._feeds, []
        for _, feed in feeds:
            feed.close()
