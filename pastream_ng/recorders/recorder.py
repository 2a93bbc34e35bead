# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A device recorded into files, without Python in between."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import choice, flag, integer, nanoseconds, seconds, shown
from pastream_ng._native.closing import Closing
from pastream_ng._native.waits import wait, wait_async
from pastream_ng.enums import DiskFull, Status
from pastream_ng.errors import (
    ClosedError,
    PastreamTimeoutError,
    StateError,
)
from pastream_ng.files.kinds import check_names, container_of
from pastream_ng.recorders.arguments import format_of, names_of, stream_for
from pastream_ng.recorders.native import NativeRecording, Plan
from pastream_ng.recorders.rotation import (
    frames_of_time,
    rotation_of,
)
from pastream_ng.recorders.values import RecordedFile, RecorderStats
from pastream_ng.recordings.settings import make_take
from pastream_ng.recordings.values import RecordingState
from pastream_ng.streams.input import InputStream

if TYPE_CHECKING:
    from pastream_ng.graph.effect import GraphEffect
    from pastream_ng.streams.duplex import DuplexStream

__all__ = ["Recorder"]

# How long the end waits for a slow disk, in seconds. What is left is written later.
_STOP_S = 30.0


class Recorder(Closing):
    """A device recorded into one file, or into many, one after another.

    A thread of the library moves the frames from the device's ring into the file: whatever Python
    does meanwhile, nothing is lost. All methods may be called from any thread. A recorder records
    once. ``with recorder:`` stops it at the end of the block, and raises what went wrong, unless
    that was raised already.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        Where to. In a path ``{index}`` stands for the number of the file, from 1, ``{index:4}``
        with four digits at least; ``{time}`` for the local time at which it begins, as
        20261231-235959, and ``{time:%H-%M}`` for one as `time.strftime` writes it. Files after the
        first one that have neither in their name get ``-0002`` and so on; with `rotate` the first
        one is ``-0001``.
    samplerate, channels, device, dtype : optional
        As for `InputStream`, which the recorder opens and closes.
    stream : InputStream or DuplexStream, optional
        Record from this one instead, beside whoever else reads it. The recorder neither starts nor
        stops it: on one that does not run the recording begins with the next run, and it ends with
        the run.
    format, subtype, endian, bitrate, bitrate_mode, quality, compression, tags, dither : optional
        Of the files, as for `SoundFile`. None takes the format from the file's extension, and the
        subtype that holds the samples as they are.
    effect : GraphEffect, optional
        A graph that the sound goes through on its way into the files, of the rate and channels of
        these.
    rotate : float or str, optional
        When to go on in a new file: after so many seconds, or a time such as ``"1h"``, ``"30min"``
        or ``"10s"``, to the frame; or once a file has a size such as ``"500MB"`` or ``"1GiB"``, a
        little later. No frame is lost or doubled in between. ``"segment"``: with each segment, that
        is with each sound that pulls the trigger, after each pause, and with ``gaps="skip"`` behind
        each gap.
    rotate_frames : int, optional
        The same in frames.
    frames : int, optional
        Length of the recording; None goes on until `stop`.
    pre_roll : int or str, optional
        How much from before the start to record, too, in frames or as a time such as ``"5s"``: as
        far as the stream has run by then. See `arm`.
    trigger, trigger_channels, release, retrigger : optional
        As for `InputStream.recording`: begin once it is loud enough, end when it is silent again.
    gaps : {"silence", "skip"}, optional
        What is recorded in place of frames that the device has lost.
    on_disk_full : {"stop", "continue"}, optional
        What happens when the disk is full: the recording ends, with an error that `stop` and `wait`
        raise; or frames are left out, and counted, until there is room for another file. The stream
        goes on in any case.
    overwrite : bool, optional
        Whether to replace files that are there; otherwise they are an error. The recorder's own
        files never replace each other.
    sync_interval : float, optional
        Make the disk itself keep what was recorded every so many seconds, in case the power fails.
        None leaves that to the system, which may take half a minute; a program that is killed loses
        half a second at most.
    **stream_options
        All else goes to `InputStream`: `blocksize`, `mapping`, `on_lost`, ...

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is not as described above, or the kind of file cannot hold such samples.
    CodecMissingError
        This build cannot write such files.
    PastreamError
        As for `InputStream`.

    Examples
    --------
    >>> import os, tempfile, pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free", input="sine")
    >>> folder = tempfile.mkdtemp()
    >>> path = os.path.join(folder, "night.wav")
    >>> with ps.Recorder(path, device=device, samplerate=8000, rotate="1s", frames=20000) as rec:
    ...     rec.start()
    ...     rec.wait()
    True
    >>> [(os.path.basename(f.path), f.seconds) for f in rec.files]
    [('night-0001.wav', 1.0), ('night-0002.wav', 1.0), ('night-0003.wav', 0.5)]
    """

    def __init__(
        self,
        file: Any,
        *,
        samplerate: float | None = None,
        channels: int | None = None,
        device: Any = None,
        dtype: Any = None,
        stream: InputStream | DuplexStream | None = None,
        format: str | None = None,
        subtype: str | None = None,
        endian: str | None = None,
        bitrate: float | None = None,
        bitrate_mode: Any = None,
        quality: float | None = None,
        compression: int | None = None,
        tags: Any = None,
        dither: Any = None,
        effect: GraphEffect | None = None,
        rotate: float | str | None = None,
        rotate_frames: int | None = None,
        frames: int | None = None,
        pre_roll: int | str = 0,
        trigger: float | str | None = None,
        trigger_channels: int | Sequence[int] | None = None,
        release: int | None = None,
        retrigger: bool = False,
        gaps: Literal["silence", "skip"] = "silence",
        on_disk_full: Literal["stop", "continue"] | DiskFull = "stop",
        overwrite: bool = False,
        sync_interval: float | None = None,
        **stream_options: Any,
    ) -> None:
        self._is_path = isinstance(file, (str, bytes, os.PathLike))
        self._file = file
        # All that can be said without a device comes before the device.
        if effect is not None:
            from pastream_ng.graph.effect import check_effect

            check_effect("effect", effect)
        check_names(subtype, endian, format)
        container_of(file, format)
        on_full = choice("on_disk_full", on_disk_full, DiskFull)
        overwrites = flag("overwrite", overwrite)
        sync_ns = 0 if sync_interval is None else nanoseconds("sync_interval", sync_interval, 1e-3)
        rotation = rotation_of(rotate, rotate_frames, 48000.0)
        names = names_of(file, rotation, on_full, rotate, rotate_frames)
        own = {"samplerate": samplerate, "channels": channels, "device": device, "dtype": dtype}
        self._owns = stream is None
        self.stream = stream_for(stream, own, stream_options)
        self._lock = threading.Lock()
        self._recording: NativeRecording | None = None
        self._started = self._ended = 0.0
        self._is_closed = self._is_raised = False
        try:
            side = self.stream._input
            assert side is not None
            rate = self.stream.samplerate
            how = {
                "bitrate": bitrate,
                "bitrate_mode": bitrate_mode,
                "quality": quality,
                "compression": compression,
                "tags": tags,
                "dither": dither,
            }
            self._told, options = format_of(
                file, rate, side.channels, (subtype, endian, format), side.form, how
            )
            self._plan = Plan(
                file,
                names,
                self._told,
                options,
                rotation_of(rotate, rotate_frames, self._told.samplerate),
                overwrites,
                sync_ns,
                on_full,
                effect,
            )
            self._take = make_take(
                side.channels,
                len(self.stream.input_ring),
                frames,
                None,
                None,
                frames_of_time("pre_roll", pre_roll, rate),
                trigger,
                trigger_channels,
                release,
                retrigger,
                gaps,
            )
        except BaseException:
            self._is_closed = True
            if self._owns:
                self.stream.close()
            raise

    # ---- Control --------------------------------------------------------------------------------

    def arm(self) -> None:
        """Start the recorder's own device, but record nothing yet: there will be a pre-roll.

        `start` does it too, if it was not done before.
        """
        self._use()
        if self._owns:
            self.stream.start()

    def start(self) -> None:
        """Make the first file, and begin to record.

        Raises
        ------
        OSError
            The file cannot be made: `FileExistsError`, `PermissionError` and so on.
        StateError
            It was started before.
        LimitError
            The stream has 15 readers and recordings already.
        PastreamError
            As for `InputStream.start`.
        """
        with self._lock:
            self._use()
            if self._recording is not None:
                raise StateError("the recorder was started before; make a new one")
            self._recording = NativeRecording(self.stream, self._take[0], self._plan)
            self._started = time.monotonic()
        try:
            self.arm()
        except BaseException:
            self._recording.cancel()
            raise

    def stop(self, timeout: float | None = _STOP_S) -> RecorderStats:
        """End the recording with what was captured by now, and complete the files. Idempotent.

        A stream of the recorder's own is closed.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for a slow disk; None waits for ever.

        Returns
        -------
        RecorderStats

        Raises
        ------
        OSError, PastreamError
            What ended the recording before; it is kept in `exception`.
        PastreamTimeoutError
            The disk is too slow; what is left is written in the background.
        """
        limit = seconds("timeout", timeout)
        recording = self._begun()
        recording.stop()
        if wait(recording.look, limit) == Status.TIMEOUT:
            raise PastreamTimeoutError(
                f"timeout: the recording {shown(self._file)} could not be written within {limit} "
                "s; what is left is done in the background"
            )
        self._finish()
        self._raise()
        return self.stats

    def close(self) -> None:
        """As `stop`, but raise nothing of the recording's own. Idempotent."""
        if self._recording is not None and not self._is_over():
            self._recording.stop()
            wait(self._recording.look, _STOP_S)
        self._finish()

    def pause(self) -> None:
        """Leave out what is captured from now on, until `resume`. The device goes on."""
        self._begun().pause()

    def resume(self) -> None:
        """Go on after `pause`, in the same file."""
        self._begun().resume()

    def trigger(self) -> None:
        """Begin now, as if the trigger's level had been reached; see `Recording.trigger`.

        Raises
        ------
        StateError
            The recorder has no trigger, or was not started.
        """
        self._begun().trigger()

    def split(self, at: int | None = None) -> None:
        """Go on in a new file, from the next frame on that is captured.

        Parameters
        ----------
        at : int, optional
            Device frame to begin it with instead.

        Raises
        ------
        StateError
            It was not started, or `file` is no path.
        """
        frame = -1 if at is None else integer("at", at, 0, unit="frames")
        self._begun().split(frame)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the recording is over: by its length, its stream, `stop` or an error.

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
        OSError, PastreamError
            What ended it, if that was an error.
        """
        limit = seconds("timeout", timeout)
        return self._answer(wait(self._begun().look, limit))

    async def finished(self, timeout: float | None = None) -> bool:
        """Await the end; as `wait`, without blocking the event loop."""
        limit = seconds("timeout", timeout)
        recording = self._begun()
        return self._answer(await wait_async(recording.look, recording.arm, limit))

    def _answer(self, status: int) -> bool:
        if status == Status.TIMEOUT and not self._is_over():
            return False
        self._finish()
        self._raise()
        return True

    def _raise(self) -> None:
        """Raise what ended the recording."""
        error = self.exception
        if error is not None:
            self._is_raised = True
            try:
                raise error
            finally:
                del error  # Its traceback holds this frame.

    def _finish(self) -> None:
        """Let go of the device."""
        if not self._ended:
            self._ended = time.monotonic()
        self._is_closed = True
        if self._owns and not self.stream.closed:
            self.stream._close()

    def _use(self) -> None:
        if self._is_closed:
            raise ClosedError("this recorder is closed; make a new one")
        self.stream._use()  # In a forked child it is not ours.

    def _begun(self) -> NativeRecording:
        if self._recording is None:
            self._use()
            raise StateError("the recorder was not started; call start() first")
        return self._recording

    # ---- What there is --------------------------------------------------------------------------

    @property
    def state(self) -> RecordingState:
        """Where the recording is in its life; waiting before `start`."""
        return RecordingState.WAITING if self._recording is None else self._recording.state

    def _is_over(self) -> bool:
        over = (RecordingState.DONE, RecordingState.FAILED, RecordingState.CANCELLED)
        return self.state in over

    @property
    def closed(self) -> bool:
        """Whether it is over, and its device closed."""
        return self._is_closed

    @property
    def files(self) -> tuple[RecordedFile, ...]:
        """The files begun so far, in the order of time."""
        if self._recording is None:
            return ()
        name = "" if self._is_path else str(self._file)
        return self._recording.files(self._told.samplerate, name)

    @property
    def frames(self) -> int:
        """Frames recorded so far, in all files."""
        return 0 if self._recording is None else self._recording.frames

    @property
    def seconds(self) -> float:
        """Seconds recorded so far."""
        return self.frames / self._told.samplerate

    @property
    def exception(self) -> BaseException | None:
        """What ended the recording, if that was an error, or None."""
        return None if self._recording is None else self._recording.error()

    @property
    def stats(self) -> RecorderStats:
        """All that there is to tell, as one value; also after the end."""
        files = self.files
        told, error = self._told, self.exception
        common = {
            "state": self.state.value,
            "files": files,
            "format": told.container.name,
            "subtype": told.subtype_name,
            "samplerate": told.samplerate,
            "channels": told.channels,
            "bytes": sum(file.bytes for file in files),
            "elapsed": (self._ended or time.monotonic()) - self._started if self._started else 0.0,
            "xruns": self.stream.stats.xruns,
            "error": None if error is None else str(error),
        }
        counts = (
            NativeRecording.no_counts() if self._recording is None else self._recording.counts()
        )
        return RecorderStats(seconds=counts["frames"] / told.samplerate, **common, **counts)

    # ---- Life -----------------------------------------------------------------------------------

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if kind is None and not self._is_raised:
            self._raise()

    def __del__(self) -> None:
        # An __init__ that failed has closed itself, or has no stream.
        if getattr(self, "_is_closed", True) or self.stream._pid != os.getpid():
            return
        holds_something = self._owns if self._recording is None else not self._is_over()
        if holds_something:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        count = len(self.files)
        return (
            f"<pastream_ng.Recorder {shown(self._file)} {self.state.value}, {self.frames} frames "
            f"in {count} file{'' if count == 1 else 's'}>"
        )
