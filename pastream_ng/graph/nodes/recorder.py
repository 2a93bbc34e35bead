# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The node that records what it hears, into memory or into a file."""

from __future__ import annotations

import math
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer
from pastream_ng._native import lib
from pastream_ng._native.waits import SLICE_NS
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, ClosedError, StateError
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.graph.nodes.taps import RingTap
from pastream_ng.graph.params import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.nodes.node import ChannelOptions
    from pastream_ng.rings import RingBuffer

__all__ = ["RecorderNode"]

# How much the ring of a live one holds, in seconds: Python may be late by so much.
_ROOM_S = 4
# Frames that are taken at once.
_MOST = 1 << 15


class RecorderNode(RingTap):
    """Passes sound on as it is, and records it, from `start` to `stop`: into memory, or a file.

    It can be started again: `recording` has all that was recorded, one after the other. In a live
    context a thread takes the sound over; only if Python was late by seconds, frames are missing:
    there is silence in their place.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    channels : int, optional
        Of the recording, 1 to 32; sound with others is mixed to it.
    file : str, bytes, os.PathLike, int or binary file object, optional
        What to record into, instead of memory; it is made at once, and complete with `close`, or
        when the context has rendered or is closed.
    format, subtype : str, optional
        Of the file, as for `SoundFile`.
    **rules : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> osc, recorder = ctx.create_oscillator(), ctx.create_recorder(channels=1)
    >>> _ = osc >> recorder >> ctx.destination
    >>> osc.start()
    >>> recorder.start(0.25)
    >>> recorder.stop(0.75)
    >>> sound = ctx.render()
    >>> recorder.recording.shape
    (4000, 1)
    >>> bool((recorder.recording == sound[2000:6000]).all())
    True
    """

    def __init__(
        self,
        context: BaseAudioContext,
        *,
        channels: int = 2,
        file: Any = None,
        format: str | None = None,
        subtype: str | None = None,
        **rules: Unpack[ChannelOptions],
    ) -> None:
        self._channels = integer("channels", channels, 1, MAX_CHANNELS)
        self._file: SoundFile | None = None
        self._error: BaseException | None = None
        self._is_over = False
        self._file_end = 0  # The first frame that is not in the file.
        self._take_lock = threading.RLock()
        # Where it records: first frames, and those behind the last ones; None: not known yet.
        self._parts: list[tuple[int, int | None]] = []
        # Where rendering waits for the file, the ring need not hold all of it.
        waits = file is not None and context._calls_in_line
        room = context._open_feed_capacity() if waits else context._tap_capacity(_ROOM_S)
        super().__init__(context, channels, room, **rules)
        if file is not None:
            self._file = _new_file(context, file, self._channels, format, subtype)
            context._recorders.add(self)
        self._is_live = not context._calls_in_line
        self._blocks: list[tuple[int, NDArray[np.float32]]] = []
        self._known = 0  # Everything before this frame was taken over.
        self._thread: threading.Thread | None = None

    @property
    def channels(self) -> int:
        """How many channels a recording has."""
        return self._channels

    # ---- When ----------------------------------------------------------------------------------

    def _frame(self, when: float | None) -> int:
        """Return the first frame that is not before a time, nor rendered already."""
        now = self._context.current_frame
        if when is None:
            return now
        rate = self._context.sample_rate
        time = number("when", when)
        frame = max(now, math.floor(time * rate) - 1)
        while frame / rate < time:
            frame += 1
        return frame

    @property
    def is_recording(self) -> bool:
        """Whether it was started and not stopped; also if the time for one of them is to come."""
        return bool(self._parts) and self._parts[-1][1] is None

    def start(self, when: float | None = None) -> None:
        """Record from a time on.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock; what has passed, and None, is now.

        Raises
        ------
        StateError
            It records already.
        """
        self._context._check_open()
        with self._take_lock:
            if self._is_over:
                raise ClosedError("the file of this recorder is complete; make a new recorder")
            if self.is_recording:
                raise StateError("it records already; stop it first")
            self._take_over()
            begin = self._frame(when)
            if self._parts:
                begin = max(begin, self._parts[-1][1] or 0)
            self._parts.append((begin, None))
            if self._is_live and self._thread is None:
                self._thread = threading.Thread(
                    target=_work,
                    args=(weakref.ref(self), self._ring),
                    name="pastream_ng recorder",
                    daemon=True,
                )
                self._thread.start()

    def stop(self, when: float | None = None) -> None:
        """Record until a time.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock; what has passed, and None, is now.

        Raises
        ------
        StateError
            It does not record.
        """
        with self._take_lock:
            if not self.is_recording:
                raise StateError("it does not record; start it first")
            begin = self._parts[-1][0]
            self._parts[-1] = begin, max(begin, self._frame(when))

    # ---- What ----------------------------------------------------------------------------------

    def _take_over(self) -> bool:
        """Take over what the ring has; False if nothing more will come."""
        with self._take_lock:
            ended = self._ring.ended
            while n := self._ring.read_available:
                view = self._ring.read_view(min(n, _MOST))
                with view as frames:
                    for first, block in self._runs(view.position, frames):
                        self._keep(first, block)
            return not ended

    def _goes_on(self) -> bool:
        """Take over what the ring has; False if nothing more is to be recorded."""
        with self._take_lock:
            end = self._parts[-1][1] if self._parts else 0
            goes_on = self._take_over() and (end is None or end > self._known)
            if not goes_on:
                self._thread = None
            return goes_on

    def _runs(
        self, position: int, frames: NDArray[np.float32]
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield runs of frames that follow one another, with the number of their first one."""
        n = len(frames)
        first, last = self._frame_at(position), self._frame_at(position + n - 1)
        if last - first == n - 1:
            yield first, frames
            return
        half = n // 2
        yield from self._runs(position, frames[:half])
        yield from self._runs(position + half, frames[half:])

    def _keep(self, first: int, block: NDArray[np.float32]) -> None:
        """Keep of a block what is to be recorded."""
        end = first + len(block)
        for begin, stop in self._parts:
            low, high = max(first, begin), end if stop is None else min(end, stop)
            if self._file is not None:
                # Frames that are missing are silence.
                known = max(begin, self._file_end)
                self._write(known, None, (low if stop is None else min(low, stop)) - known)
                if low < high:
                    self._write(low, block[low - first : high - first], high - low)
            elif low < high:
                self._blocks.append((low, block[low - first : high - first].copy()))
        self._known = end

    # ---- Into a file ---------------------------------------------------------------------------

    def _write(self, first: int, frames: NDArray[np.float32] | None, n: int) -> None:
        """Write n frames, or silence, to the file; keep what that fails with."""
        if n <= 0 or self._error is not None or self._file is None or self._file.closed:
            return
        try:
            if frames is not None:
                self._file.write(frames)
            else:
                for done in range(0, n, _MOST):
                    self._file.write(np.zeros((min(_MOST, n - done), self._channels), np.float32))
        except Exception as error:
            self._error = error
        self._file_end = first + n

    @property
    def exception(self) -> BaseException | None:
        """What the file could not be written for, or None. Nothing is recorded after it."""
        return self._error

    def _go_on(self) -> None:
        """Take over what the ring has; raise what the file cannot be written for."""
        self._take_over()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Complete the file, with what was recorded by now. Idempotent; memory stays as it is.

        Raises
        ------
        OSError, PastreamError
            What the file could not be written for.
        """
        if self._file is None:
            return
        self._finish()
        if self._error is not None:
            raise self._error

    def _finish(self) -> None:
        with self._take_lock:
            if self._is_over or self._file is None:
                return
            self._take_over()
            if self.is_recording:
                self._parts[-1] = self._parts[-1][0], self._known
            self._is_over = True
            self._ring.end()
            try:
                self._file.close()
            except Exception as error:
                self._error = self._error or error

    def _context_is_over(self) -> None:
        super()._context_is_over()
        self._finish()

    @property
    def recording(self) -> NDArray[np.float32]:
        """What was recorded so far: (frames, channels) float32, a new array each time.

        Raises
        ------
        StateError
            It is in a file.
        """
        self._check_memory()
        with self._take_lock:
            self._take_over()
            channels = self._channels
            parts = [self._part(begin, stop, channels) for begin, stop in self._parts]
        return np.concatenate(parts) if parts else np.zeros((0, channels), np.float32)

    def _check_memory(self) -> None:
        if self._file is not None:
            raise StateError(f"it records into a file, {self._file.name!r}, not into memory")

    def _part(self, begin: int, stop: int | None, channels: int) -> NDArray[np.float32]:
        end = self._known if stop is None else min(stop, self._known)
        sound = np.zeros((max(0, end - begin), channels), np.float32)
        for first, block in self._blocks:
            if begin <= first < end:
                sound[first - begin : first - begin + len(block)] = block.reshape(-1, channels)
        return sound

    def clear(self) -> None:
        """Forget what was recorded so far; if it records, it goes on from now.

        Raises
        ------
        StateError
            It is in a file.
        """
        self._check_memory()
        with self._take_lock:
            self._take_over()
            self._blocks.clear()
            self._parts = (
                [(max(self._known, self._parts[-1][0]), None)] if self.is_recording else []
            )


def _new_file(
    context: BaseAudioContext, file: Any, channels: int, format: str | None, subtype: str | None
) -> SoundFile:
    rate = context.sample_rate
    if not rate.is_integer():
        raise ArgumentError(
            f"file cannot have the context's sample rate, {rate!r} Hz; it must be a whole number"
        )
    made = SoundFile(file, "w", int(rate), channels, subtype, format=format)
    made._warns = False  # The recorder closes it.
    return made


def _work(recorder: weakref.ref[RecorderNode], ring: RingBuffer) -> None:
    """Take over what comes, as long as there is somebody to have it."""
    least = min(len(ring), max(1, len(ring) // 64))
    while True:
        node = recorder()
        if node is None or not node._goes_on():
            return
        del node
        status = lib.pst_ring_wait_readable(ring._ring.pointer, 0, least, SLICE_NS)
        if status not in (0, Status.TIMEOUT, Status.END):
            return
