# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One transcoding: run, awaited, cancelled."""

from __future__ import annotations

import os
import threading
import time
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown, shown_file
from pastream_ng._native.closing import Unique
from pastream_ng.errors import (
    ArgumentTypeError,
    ForkedError,
    StateError,
    TranscodeCancelledError,
)
from pastream_ng.files.damage import tell_damage
from pastream_ng.transcoding.callbacks import check_callback, tell, tell_async
from pastream_ng.transcoding.ends import NOBODY, Ends, is_pipe, look_at_ends, may_wait, open_pipe
from pastream_ng.transcoding.job import Job
from pastream_ng.transcoding.options import TranscodeOptions
from pastream_ng.transcoding.plan import plan_of
from pastream_ng.transcoding.slots import slots
from pastream_ng.transcoding.values import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pastream_ng.transcoding.callbacks import AnyCallback, Callback
    from pastream_ng.transcoding.values import TranscodeStats

__all__ = ["Transcoder"]

# How often progress is told, in seconds, and how long the end of a cancelled job is waited for.
_TICK_S = 0.1
_PATIENCE_S = 2.0
# How often to look whether a named pipe has found its reader.
_POLL_S = 0.02


class Transcoder(Unique):
    """One transcoding, which can be run once.

    Parameters
    ----------
    options : TranscodeOptions
        What to do, copied. Input and output must be told.

    Raises
    ------
    ArgumentError
        The options contradict each other, or the codec cannot do what they ask for.
    CodecMissingError
        This build lacks the codec.

    Notes
    -----
    The work is done by threads of C, without the GIL, except in file objects of Python. The output
    appears under its path when it is complete; after an error, a cancel or a killed process there
    is what was there before. A file that is there is only replaced with ``overwrite=True``, and an
    output that is the input, by whatever name, is refused.

    A `Transcoder` that is dropped while it runs is cancelled, and so are all at the end of the
    program.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> source, target = io.BytesIO(), io.BytesIO()
    >>> ps.write(source, np.zeros((48000, 2)), 48000, format="WAV")
    >>> n = source.seek(0)
    >>> job = ps.Transcoder(ps.TranscodeOptions(source, target, format="FLAC"))
    >>> stats = job.run()
    >>> stats.frames_encoded, stats.output_format.format, job.state
    (48000, 'FLAC', 'done')
    """

    def __init__(self, options: TranscodeOptions) -> None:
        if not isinstance(options, TranscodeOptions):
            raise ArgumentTypeError(
                f"options is {shown(options)} of type {type(options).__name__}; it must be of "
                "TranscodeOptions"
            )
        self._options = options.copy()
        self._plan = plan_of(self._options)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._is_taken = False
        self._is_cancelled = False
        self._job: Job | None = None
        self._wake: Callable[[], None] | None = None

    # ---- What it is -----------------------------------------------------------------------------

    @property
    def options(self) -> TranscodeOptions:
        """A copy of the options."""
        return self._options.copy()

    @property
    def progress(self) -> Progress:
        """How far it is; looking needs no lock, and costs little."""
        return Progress() if self._job is None else self._job.progress()

    @property
    def state(self) -> str:
        """``"created"``, ``"running"``, ``"done"``, ``"failed"`` or ``"cancelled"``."""
        job = self._job
        if job is None:
            return "cancelled" if self._is_cancelled else "created"
        name = job.state().name.lower()
        return "running" if name == "draining" else name

    def __repr__(self) -> str:
        source, target = (shown_file(self._options._get(name)) for name in ("input", "output"))
        return f"<pastream_ng.Transcoder of {source} to {target}, {self.state}>"

    # ---- Life -----------------------------------------------------------------------------------

    def run(self, progress_callback: Callback | None = None) -> TranscodeStats:
        """Transcode, and return what came of it.

        Ctrl-C cancels it.

        Parameters
        ----------
        progress_callback : callable, optional
            Called in this thread with a `Progress`: ten times a second at most, and a last time
            with 100 % when the output is complete. What it raises ends the work, and is raised.

        Raises
        ------
        FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError
            Before any work: what the system says to the two paths.
        ArgumentError
            The output is the input; or what the options ask for does not go with the input, such as
            a start behind its end.
        FileFormatError
            The input is not a sound file of a known kind, or makes no sense from some point on;
            `DamagedFileError`: it is damaged, and `on_damage` is ``"raise"``.
        LimitError
            The output grows beyond `max_duration` or `max_size`.
        SystemCallError
            Reading or writing failed, such as of a full disk.
        TranscodeCancelledError
            `cancel` was called.
        StateError
            It was run before.
        Exception
            What a file object or the callback has raised, the same object.

        Warns
        -----
        DamagedFileWarning
            Parts of the input are missing or damaged, and `on_damage` is ``"warn"``.
        """
        return self._run(progress_callback)

    def _run(self, callback: Callback | None) -> TranscodeStats:
        check_callback(callback, awaits=False)
        with self._claimed():
            while (pipe := self._pipe()) == NOBODY:
                time.sleep(_POLL_S)
            job = self._make(pipe)
            try:
                job.start()
                if callback is None:
                    job.wait(None)
                else:
                    while not job.wait(_TICK_S):
                        tell(callback, job.progress())
            except BaseException:
                job.cancel()
                job.wait(_PATIENCE_S)
                raise
        stats = _stats_of(job)
        if callback is not None:
            tell(callback, job.progress())
        self._tell_damage(stats)
        return stats

    async def run_async(self, progress_callback: AnyCallback | None = None) -> TranscodeStats:
        """Do the same as `run`, without blocking the event loop.

        Of many at once, as many work as there are processors, and the others wait for them; those
        that read or write anything but files by their paths do not wait. Cancelling the task
        cancels the work, and waits until that has ended; an output that was complete by then stays.

        Parameters
        ----------
        progress_callback : callable, optional
            As for `run`, called in the event loop. What it gives is awaited, if that can be: it may
            be a coroutine function.

        Raises
        ------
        Exception
            As `run`.
        """
        return await self._run_async(progress_callback)

    async def _run_async(self, callback: AnyCallback | None) -> TranscodeStats:
        import asyncio

        check_callback(callback, awaits=True)
        with self._claimed():
            async with self._turn():
                while (pipe := self._pipe()) == NOBODY:
                    await asyncio.sleep(_POLL_S)
                job = self._make(pipe)
                try:
                    job.start()
                    if callback is None:
                        await job.wait_async(None)
                    else:
                        while not await job.wait_async(_TICK_S):
                            await tell_async(callback, job.progress())
                except BaseException as error:
                    job.cancel()
                    # A coroutine that is dropped cannot wait for anything.
                    if not isinstance(error, GeneratorExit):
                        with suppress(asyncio.CancelledError):
                            await job.wait_async(_PATIENCE_S)
                    raise
        stats = _stats_of(job)
        if callback is not None:
            await tell_async(callback, job.progress())
        self._tell_damage(stats)
        return stats

    def _turn(self) -> AbstractAsyncContextManager[Any]:
        """Return what lets this one work when it is its turn, among those of the event loop."""
        told = self._options._get
        if may_wait(told("input")) or may_wait(told("output")):
            return nullcontext()  # It may be the one that the others wait for.
        look_at_ends(told("input"), told("output"), told("overwrite"))
        return slots().turn(self._watch)

    def _watch(self, wake: Callable[[], None]) -> None:
        """Have something called when this is cancelled."""
        with self._lock:
            self._wake = wake
            is_late = self._is_cancelled
        if is_late:
            wake()

    def cancel(self) -> None:
        """End the work as soon as possible: there will be no new file. Does not wait.

        Any thread may call this, before, while and after it runs; whoever waits gets a
        `TranscodeCancelledError`. Work that is complete stays so.
        """
        with self._lock:
            self._is_cancelled = True
            job, wake, self._wake = self._job, self._wake, None
        if wake is not None and job is None:
            wake()
        if job is not None and self._pid == os.getpid():
            job.cancel()

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Keep everybody else from running it; what does not begin can be tried again."""
        if self._pid != os.getpid():
            raise ForkedError(
                "this Transcoder belongs to the process that made it, which was forked since; make "
                "one here, with multiprocessing's 'spawn' start method"
            )
        with self._lock:
            if self._is_taken:
                raise StateError("the Transcoder was run before; make a new one")
            self._refuse_cancelled()
            self._is_taken = True
        try:
            yield
        except BaseException:
            if self._job is None:
                self._is_taken = False
            raise

    def _refuse_cancelled(self) -> None:
        if self._is_cancelled:
            raise TranscodeCancelledError("the transcoding was cancelled before it began")

    def _pipe(self) -> int | None:
        """Open an output that is a named pipe; return `NOBODY` while nobody reads it."""
        self._refuse_cancelled()
        told = self._options._get
        if not is_pipe(told("output")):
            return None
        look_at_ends(told("input"), told("output"), told("overwrite"))
        return open_pipe(told("output"))

    def _begin(self) -> Job:
        """Return the job, for those who look after it themselves; neither end is a named pipe."""
        with self._claimed():
            return self._make(None)

    def _make(self, pipe: int | None) -> Job:
        """Open the files and make the job."""
        told = self._options._get
        job = Job(self._plan, Ends(told("input"), told("output"), told("overwrite"), pipe))
        with self._lock:
            self._job, self._wake = job, None
            if self._is_cancelled:
                job.cancel()
        return job

    def _tell_damage(self, stats: TranscodeStats) -> None:
        told = self._options._get
        # The user's call is that of run(), or of transcode(), which called _run().
        tell_damage(told("input"), stats.damage, told("on_damage"), 4)


def _stats_of(job: Job) -> TranscodeStats:
    """Return what came of a job that is over, or raise what it met with."""
    error = job.error()
    if error is None:
        return job.stats()
    try:
        raise error
    finally:
        del error  # It holds this frame.
