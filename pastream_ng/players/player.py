# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files played on a device, without Python in between."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import integer, real, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.closing import Closing
from pastream_ng._native.errors import check, new_error
from pastream_ng.callbacks import CompiledCallback
from pastream_ng.enums import Direction, StreamState
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    ClosedError,
    StateError,
)
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.formats import sample_format
from pastream_ng.hosts.select import select_device
from pastream_ng.players.arguments import (
    channels_of,
    close_files,
    dtype_for,
    duration_of,
    frame_of,
    gain_of,
    make_gain,
    passes_of,
)
from pastream_ng.players.source import Part, Place, PlaylistSource
from pastream_ng.players.values import PlayerState, PlayerStats
from pastream_ng.streams.output import OutputStream

if TYPE_CHECKING:
    pass

__all__ = ["Player"]


class Player(Closing):
    """Sound files of any kind on a device, one after another, without a gap.

    A thread of the library reads and decodes; whatever Python does meanwhile, nothing is missing.
    Files of another rate or other channels than the first one are fitted to it. All methods may be
    called from any thread. ``with player:`` closes it at the end of the block.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int, binary file object or SoundFile, or a list of them
        What to play. All but a `SoundFile` are opened here, and closed with the player; an open
        `SoundFile` is played from its begin.
    device : optional
        As for `OutputStream`.
    loop : bool or int, optional
        True plays all of it again and again, without a gap; a number so many times.
    start, end : float, optional
        Seconds of the first file to begin with, and of the last one to end before.
    gain : float, optional
        A factor for all samples; see the property.
    samplerate : float, optional
        Hz to play with; None takes the first file's. Where a device does not know that, the stream
        changes the rate to what it does.
    channels : int, optional
        Of the stream; None takes the first file's, or what the device has, if that is less. Other
        channels are mixed as Web Audio does.
    dtype : str or numpy.dtype, optional
        Of the stream; None takes one that holds the samples of all files as they are.
    buffersize : int, optional
        Frames that are read ahead.
    **stream_options
        All else goes to `OutputStream`: `blocksize`, `latency`, `mapping`, `on_lost`, ...

    Raises
    ------
    FileFormatError, OSError
        A file cannot be read.
    ArgumentError, ArgumentTypeError
        An argument is not as described above.
    PastreamError
        As for `OutputStream`.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> with ps.SoundFile(place, "w", 48000, 2, format="WAV") as file:
    ...     file.write(np.zeros((48000, 2)))
    >>> n = place.seek(0)
    >>> with ps.Player(place, device=ps.VirtualDevice(clock="free"), loop=3) as player:
    ...     player.start()
    ...     player.wait()
    ...     player.stats.played_frames
    True
    144000
    """

    def __init__(
        self,
        file: Any,
        *,
        device: Any = None,
        loop: bool | int = False,
        start: float | None = None,
        end: float | None = None,
        gain: float = 1.0,
        samplerate: float | None = None,
        channels: int | None = None,
        dtype: Any = None,
        buffersize: int | None = 65536,
        **stream_options: Any,
    ) -> None:
        passes = passes_of(loop)
        self._gain = gain_of(gain)
        many = isinstance(file, Sequence) and not isinstance(file, (str, bytes))
        items = list(file) if many else [file]
        if not items:
            raise ArgumentError("file is an empty list; there must be something to play")
        self._opened: list[SoundFile] = []
        self._is_closed = True
        self._is_paused = self._is_moved = False
        try:
            self._files = self._open(items)
            part = self._part(start, end, passes)
            form = sample_format(dtype_for(self._files) if dtype is None else dtype)
            self.stream = self._open_stream(
                device, samplerate, channels, form.name, buffersize, stream_options
            )
        except BaseException:
            close_files(self._opened)
            raise
        try:
            self._source = PlaylistSource(self._files, self.stream, part)
            self.stream._launcher.source = self._source
        except BaseException:
            self.stream.close()
            close_files(self._opened)
            raise
        self._is_closed = False

    def _open(self, items: list[Any]) -> list[SoundFile]:
        files: list[SoundFile] = []
        for item in items:
            if isinstance(item, SoundFile):
                item._to_read("play")
                if any(item is other for other in files):
                    raise ArgumentError(
                        f"file has {item!r} twice; an open file can be in the list once"
                    )
                files.append(item)
                continue
            opened = SoundFile(item)
            opened._warns = False  # The player does.
            self._opened.append(opened)
            files.append(opened)
        return files

    def _part(self, start: Any, end: Any, passes: int) -> Part:
        first, last = self._files[0], self._files[-1]
        begin = 0 if start is None else frame_of("start", start, first, 0)
        least = begin if len(self._files) == 1 else 0
        stop = -1 if end is None else frame_of("end", end, last, least)
        return Part(begin, stop, passes)

    def _open_stream(
        self,
        device: Any,
        samplerate: Any,
        channels: Any,
        dtype: Any,
        buffersize: Any,
        more: dict[str, Any],
    ) -> OutputStream:
        for name in ("callback", "userdata", "writer", "frames", "offset"):
            if more.get(name) is not None:
                raise ArgumentTypeError(
                    f"{name} is {shown(more[name])}; it is the player that moves the frames"
                )
        rate = self._files[0].samplerate if samplerate is None else samplerate
        more.setdefault("device_samplerate", "auto")
        form = sample_format(dtype)
        if channels is None:
            most = select_device(device, Direction.OUTPUT).max_output_channels
            channels = max(1, min(self._files[0].channels, most))
        count = integer("channels", channels, 1, 256)
        hz = real("samplerate", rate, 1.0, 1e6, "Hz")
        self._gain_stage = make_gain(form.code, count, hz, self._gain)
        render = CompiledCallback(
            int(ffi.cast("uintptr_t", ffi.addressof(lib, "pst_gain_render"))),
            self._gain_stage[0],
            keep=self._gain_stage,
        )
        made = OutputStream(
            device, rate, count, dtype, buffersize=buffersize, callback=render, **more
        )
        made._warns = False  # The player does.
        return made

    # ---- Control --------------------------------------------------------------------------------

    def start(self) -> None:
        """Play, from the begin, or from where `seek` has said; after `pause` go on.

        Raises
        ------
        StateError
            A file is in use elsewhere.
        PastreamError
            As for `OutputStream.start`.
        """
        self._use()
        if self.stream.active:
            self.resume()
            return
        self._is_paused = False
        lib.pst_stream_hold_output(self.stream._pointer, False)
        # A tenth of a second, or what there is.
        rate = self.stream.samplerate
        ahead = min(len(self.stream.output_ring) // 2, int(rate / 10))
        self.stream.start(prebuffer=max(1, ahead))
        self._source.next, self._is_moved = self._source.start, False

    def pause(self) -> None:
        """Play silence from the next block on. Nothing is left out: `resume` goes on there."""
        self._use()
        self._is_paused = True
        lib.pst_stream_hold_output(self.stream._pointer, True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._use()
        self._is_paused = False
        lib.pst_stream_hold_output(self.stream._pointer, False)

    def stop(self) -> None:
        """Stop; the next `start` begins at the begin again, or where `seek` says.

        Raises
        ------
        PastreamError
            What ended it before, if that was an error that was not raised yet.
        """
        self._use()
        self._is_paused = False
        self._move(self._source.start)
        self.stream.stop()

    def seek(self, seconds: float, index: int | None = None) -> None:
        """Go to a time of a file, to the frame. What is heard changes within a block or two.

        Before a start it is where that begins; in a pause, where `resume` goes on.

        Parameters
        ----------
        seconds : float
            From the file's begin.
        index : int, optional
            Of the file, from 0; None is the one that is played.

        Raises
        ------
        ArgumentError
            There is no such file, or it is not so long, or not played there.
        StateError
            The file comes from a pipe.
        """
        self._use()
        number = self.index if index is None else integer("index", index, 0, len(self._files) - 1)
        file = self._files[number]
        part = self._source.part
        least = part.begin if number == 0 else 0
        frame = frame_of("seconds", seconds, file, least)
        if number == len(self._files) - 1 and 0 <= part.end < frame:
            raise ArgumentError(
                f"seconds is {shown(seconds)}; it must be at most {part.end / file.samplerate:g}, "
                "where the player ends"
            )
        if not file.seekable():
            raise StateError(f"the sound file {file.name!r} comes from a pipe, and cannot seek")
        place = Place(number, frame)
        if not (self.stream.active and self._source.seek(place)):
            self._move(place)

    def _move(self, place: Place) -> None:
        """Let the next run begin elsewhere than the last one has ended."""
        self._source.next = place
        self._is_moved = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is played, or it is stopped.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once it is over, False if the time ran out.

        Raises
        ------
        FileFormatError, OSError, PastreamError
            A file could not be read on, or the device is gone.
        """
        self._use()
        return self.stream.wait(timeout)

    async def finished(self, timeout: float | None = None) -> bool:
        """Await the end; as `wait`, without blocking the event loop."""
        self._use()
        return await self.stream._wait_async(timeout)

    def close(self) -> None:
        """Stop, and close the device and the files. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            try:
                self.stream.close()
            finally:
                close_files(self._opened)

    def _use(self) -> None:
        if self._is_closed:
            raise ClosedError("this player is closed; make a new one")
        self.stream._use()  # In a forked child it is not ours.

    # ---- What there is --------------------------------------------------------------------------

    @property
    def gain(self) -> float:
        """A factor for all samples, 0 to 1000; it glides to a new value within 10 ms.

        With 1 samples are played as they are, bit by bit.
        """
        return self._gain

    @gain.setter
    def gain(self, value: float) -> None:
        factor, err = gain_of(value), new_error()
        check(lib.pst_stage_set_gain(self._gain_stage[0], factor, err), err)
        self._gain = factor

    @property
    def state(self) -> PlayerState:
        """Where the player is in its life."""
        if self._is_closed:
            return PlayerState.CLOSED
        if self.stream.active:
            return PlayerState.PAUSED if self._is_paused else PlayerState.PLAYING
        if self._is_moved:
            return PlayerState.STOPPED
        if self.stream.exception is not None:
            return PlayerState.FAILED
        if self.stream.state == StreamState.FINISHED:
            return PlayerState.FINISHED
        return PlayerState.STOPPED

    def _place(self) -> Place:
        over = (PlayerState.STOPPED, PlayerState.CLOSED)
        return self._source.next if self.state in over else self._source.place()

    @property
    def index(self) -> int:
        """The number of the file that is played, or would be next, from 0."""
        return self._place().number

    @property
    def position(self) -> float:
        """Seconds from the begin of that file to the frame that the device gets next.

        It is heard later by the latency of the device.
        """
        place = self._place()
        return place.frame / self._files[place.number].samplerate

    seconds = position

    @property
    def duration(self) -> float | None:
        """The length of that file in seconds; None if only reading to its end can tell."""
        return duration_of(self._files[self._place().number])

    @property
    def files(self) -> tuple[SoundFile, ...]:
        """What is played."""
        return tuple(self._files)

    @property
    def exception(self) -> BaseException | None:
        """What ended the last run, if that was an error, or None."""
        return self.stream.exception

    @property
    def closed(self) -> bool:
        """Whether the player was closed."""
        return self._is_closed

    @property
    def stats(self) -> PlayerStats:
        """All that there is to tell, as one value."""
        place, stats, error = self._place(), self.stream.stats, self.exception
        file = self._files[place.number]
        return PlayerStats(
            state=self.state.value,
            file=os.fsdecode(file.name) if isinstance(file.name, (str, bytes)) else str(file.name),
            index=place.number,
            position=place.frame / file.samplerate,
            duration=duration_of(file),
            passes=place.passes,
            samplerate=round(self.stream.samplerate),
            channels=channels_of(self.stream),
            played_frames=stats.played_frames,
            missing_frames=stats.missing_frames,
            xruns=stats.xruns,
            error=None if error is None else str(error),
        )

    # ---- Life -----------------------------------------------------------------------------------

    def __del__(self) -> None:
        if not getattr(self, "_is_closed", True) and self.stream._pid == os.getpid():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        place = self._place()
        file = self._files[place.number]
        length = duration_of(file)
        total = "" if length is None else f" of {length:.3f}"
        more = f", file {place.number + 1} of {len(self._files)}" if len(self._files) > 1 else ""
        return (
            f"<pastream_ng.Player {shown(file.name)} {self.state.value} at "
            f"{place.frame / file.samplerate:.3f}{total} s{more}>"
        )
