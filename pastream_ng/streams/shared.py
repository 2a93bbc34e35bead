# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Readers and recordings beside each other, on one live input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from pastream_ng._checks import flag, integer
from pastream_ng.streams.reader import StreamReader
from pastream_ng.streams.record import RecordingStream

if TYPE_CHECKING:
    from pastream_ng.recordings.handle import Recording
    from pastream_ng.streams.input import InputStream

__all__ = ["SharedInputStream"]


class SharedInputStream(RecordingStream):
    """A stream whose input several readers and recordings share."""

    def reader(self) -> StreamReader:
        """Return another reader of the input, at its end: it sees what is captured from now on.

        There can be 15 readers and recordings beside the stream's own reader, which is the one that
        `read`, `chunks` and `input_ring` use. That one holds nobody up as long as nothing is read
        through it.

        Raises
        ------
        LimitError
            There are 15 already.
        ClosedError, ForkedError

        Examples
        --------
        >>> import pastream_ng as ps
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
        ...     with stream.reader() as fast, stream.reader() as slow:
        ...         stream.start()
        ...         fast.read(3, timeout=1), slow.read(2, timeout=1)
        (array([0, 1, 2], dtype=int32), array([0, 1], dtype=int32))
        """
        self._use()
        return StreamReader(cast("InputStream", self))

    def recording(
        self,
        frames: int | None = None,
        *,
        at: int | None = None,
        time: float | None = None,
        pre_roll: int = 0,
        trigger: float | str | None = None,
        trigger_channels: int | Sequence[int] | None = None,
        release: int | None = None,
        retrigger: bool = False,
        max_frames: int | None = None,
        gaps: Literal["silence", "skip"] = "silence",
        always_2d: bool = False,
    ) -> Recording:
        """Record into memory, beside chunk loops, readers and up to 14 other recordings.

        A thread of the library does it; Python may be busy. This neither starts nor stops the
        stream: on a stream that does not run the recording waits for the next run, and it ends with
        the run.

        Parameters
        ----------
        frames : int, optional
            Length, of each segment if there is a trigger, with what `pre_roll` adds. None goes on
            until `Recording.stop`, the end of the run, or `release`.
        at : int, optional
            Device frame to begin with; the first that is still there if it has passed. None begins
            now, or with the run's first frame.
        time : float, optional
            In place of `at`: when to begin, in seconds of `time.monotonic`, by the stream's clock.
        pre_roll : int, optional
            Frames to keep from before the trigger; without one, from before now, as far as the
            stream's own reader has not read them yet. At most half of the ring.
        trigger : float or str, optional
            Begin once a sample reaches this level: a fraction of full scale, or as in
            ``"-20 dB"``. ``"call"`` waits for `Recording.trigger`.
        trigger_channels : int or sequence of int, optional
            Columns of the array that are compared with the level; None means all.
        release : int, optional
            End a segment when so many frames in a row stayed below the level. They are part of it.
        retrigger : bool, optional
            Wait for the next trigger after the end of a segment, again and again.
        max_frames : int, optional
            The most that it may hold: beyond that it fails with `LimitError`, and keeps what it
            has. None means what fits into half of the machine's memory.
        gaps : {"silence", "skip"}, optional
            What to do about frames that are lost within a segment: put as much silence there, which
            keeps the time, or begin a new segment behind them. `Recording.lost` counts them either
            way.
        always_2d : bool, optional
            Give mono recordings the shape (frames, 1) too, not (frames,).

        Returns
        -------
        Recording
            The handle. Dropping it ends the recording.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.
        LimitError
            The stream has 15 readers and recordings already.
        ClosedError, ForkedError, OutOfMemoryError, SystemCallError

        Examples
        --------
        Half a second around the first sound, with a tenth of a second from before it:

        >>> import numpy as np, pastream_ng as ps
        >>> sound = np.zeros(48000, "float32")
        >>> sound[20000:30000] = 0.5
        >>> device = ps.VirtualDevice("loopback", clock="free")
        >>> with ps.DuplexStream(device, 48000, channels=1, blocksize=64) as stream:
        ...     take = stream.recording(24000, trigger="-20 dB", pre_roll=4800)
        ...     stream.output_ring.write(sound)
        ...     stream.start()
        ...     data = take.array(timeout=10)
        48000
        >>> len(data), data[4799], data[4800]
        (24000, np.float32(0.0), np.float32(0.5))
        """
        return self._record(
            frames,
            at,
            time,
            pre_roll,
            trigger,
            trigger_channels,
            release,
            retrigger,
            max_frames,
            gaps,
            always_2d,
        )

    def _record(
        self,
        frames: int | None,
        at: int | None,
        time: float | None,
        pre_roll: int,
        trigger: float | str | None,
        trigger_channels: int | Sequence[int] | None,
        release: int | None,
        retrigger: bool,
        max_frames: int | None,
        gaps: Literal["silence", "skip"],
        always_2d: bool,
        closes: bool = False,
    ) -> Recording:
        """Make a recording; with `closes` it closes the stream in the end."""
        # Most programs record nothing so, and need not pay for it at their start.
        from pastream_ng.recordings.handle import Recording
        from pastream_ng.recordings.settings import make_take

        self._use()
        side = self._input
        assert side is not None
        most = 0 if max_frames is None else integer("max_frames", max_frames, 1, unit="frames")
        take, _watched = make_take(
            side.channels,
            len(self.input_ring),
            frames,
            at,
            time,
            pre_roll,
            trigger,
            trigger_channels,
            release,
            retrigger,
            gaps,
        )
        is_flat = not flag("always_2d", always_2d) and side.channels == 1
        return Recording(cast("InputStream", self), take, most, is_flat, closes)
