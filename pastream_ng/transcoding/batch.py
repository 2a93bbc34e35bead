# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Many sound files made of many others."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from pastream_ng._checks import flag, integer, seconds, shown
from pastream_ng._native.closing import Closing
from pastream_ng._native.waits import Deadline
from pastream_ng.errors import ArgumentError, ForkedError, StateError
from pastream_ng.transcoding.batch_core import Core
from pastream_ng.transcoding.batch_crews import Crew, ExecutorCrew, NativeCrew, executor_of
from pastream_ng.transcoding.batch_plan import EXISTING, Planner
from pastream_ng.transcoding.batch_thread import Reporter, start
from pastream_ng.transcoding.callbacks import check_callback
from pastream_ng.transcoding.option_values import OPTIONS, is_path
from pastream_ng.transcoding.options import TranscodeOptions
from pastream_ng.transcoding.refusals import refuse_unknown

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.transcoding.batch_values import BatchProgress, BatchResult
    from pastream_ng.transcoding.options import Arguments

__all__ = ["BatchCallback", "TranscodeBatch", "transcode_many"]

BatchCallback: TypeAlias = "Callable[[BatchProgress], object]"
Path: TypeAlias = "str | bytes | os.PathLike[Any]"

B = TypeVar("B", bound="TranscodeBatch")

_MOST_WORKERS = 1024
# How long close() waits for what it has cancelled, in seconds.
_CLOSE_S = 2.0


class TranscodeBatch(Closing):
    """Many transcodings under way; `transcode_many` makes it.

    It is an iterator over the results as they come, and an asynchronous one. Each result comes
    once, to one of those that iterate. All methods may be called from any thread. ``with`` and
    ``async with`` close it at the end of the block, so leaving a loop early gives up the rest.

    Jobs that fail do not stop the others, and raise nothing: their results have the error.
    """

    def __init__(self, core: Core, reporter: Reporter | None) -> None:
        self._core = core
        self._reporter = reporter

    def _use(self) -> Core:
        if not self._core.is_here():
            raise ForkedError(
                "this TranscodeBatch belongs to the process that made it, which was forked since; "
                "make one here, with multiprocessing's 'spawn' start method"
            )
        return self._core

    def _use_to_wait(self) -> Core:
        if self._reporter is not None and threading.current_thread() is self._reporter.thread:
            raise StateError("progress_callback cannot wait for its own batch; it may cancel it")
        return self._use()

    # ---- What came of it ------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return how many jobs there are."""
        return self._core.total

    def __iter__(self: B) -> B:
        return self

    def __next__(self) -> BatchResult:
        result: BatchResult | None = self._wait(lambda core: core.take(Deadline(None)))
        if result is None:
            raise StopIteration
        return result

    def __aiter__(self: B) -> B:
        return self

    async def __anext__(self) -> BatchResult:
        core = self._use()
        while True:
            is_over = core.is_over
            result = core.take_now()
            if result is not None:
                return result
            if is_over:
                raise StopAsyncIteration
            await core.result_async()

    @property
    def results(self) -> list[BatchResult]:
        """All results so far, in the order in which they came."""
        return self._use().results()

    @property
    def failures(self) -> list[BatchResult]:
        """The results with an error, but for jobs that were given up."""
        return [r for r in self._use().results() if r.error is not None and not r.cancelled]

    @property
    def progress(self) -> BatchProgress:
        """How far all jobs are; looking costs little."""
        return self._use().progress()

    @property
    def exception(self) -> BaseException | None:
        """What the progress callback has raised, or None."""
        return self._core.error

    # ---- Its end --------------------------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> list[BatchResult]:
        """Wait until all jobs are over.

        Ctrl-C cancels the batch, here and in a loop over it.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        list of BatchResult
            All results so far, as `results`. If the time is over before the batch, there are fewer
            than ``len(batch)``.

        Raises
        ------
        StateError
            The progress callback cannot wait for the batch.
        Exception
            What the progress callback has raised, the same object.
        """
        deadline = Deadline(seconds("timeout", timeout))
        self._wait(lambda core: core.wait(deadline))
        self._core.raise_error()
        return self._core.results()

    def _wait(self, call: Callable[[Core], Any]) -> Any:
        core = self._use_to_wait()
        try:
            return call(core)
        except KeyboardInterrupt as error:
            if error is not core.error:
                core.cancel()
            raise

    async def wait_async(self, timeout: float | None = None) -> list[BatchResult]:
        """Do the same as `wait`, without blocking the event loop.

        A task that is cancelled while it waits leaves the batch as it is.
        """
        core = self._use()
        await core.wait_async(seconds("timeout", timeout))
        core.raise_error()
        return core.results()

    def cancel(self) -> None:
        """Give up all jobs that are not over. Idempotent; does not wait.

        Their results have a `TranscodeCancelledError`. Outputs that are complete stay; of all
        others there is nothing. Jobs that an executor has begun in another process go on.
        """
        self._use().cancel()

    def close(self) -> None:
        """Give up all jobs that are not over, and wait for them, two seconds at most. Idempotent.

        Raises
        ------
        Exception
            What the progress callback has raised, unless it was raised before.
        """
        core = self._use_to_wait()
        core.cancel()
        core.wait(Deadline(_CLOSE_S))
        core.raise_error()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        core = self._use_to_wait()
        core.cancel()
        core.wait(Deadline(_CLOSE_S))

    async def __aenter__(self: B) -> B:
        self._use()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        core = self._use()
        core.cancel()
        await core.wait_async(_CLOSE_S)
        if kind is None:
            core.raise_error()

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is None or not core.is_here() or core.is_over or core.is_cancelled:
            return
        core.cancel()
        warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        if not self._core.is_here():
            return f"<pastream_ng.TranscodeBatch of {len(self)} in another process>"
        now = self._core.progress()
        return (
            f"<pastream_ng.TranscodeBatch of {now.total}: {now.done} done, {now.skipped} skipped, "
            f"{now.failed} failed, {now.cancelled} cancelled>"
        )


def transcode_many(
    jobs: Path | Iterable[Path | tuple[Any, Any] | TranscodeOptions],
    output: Path | None = None,
    *,
    to: str | None = None,
    executor: Any = None,
    workers: int | None = None,
    existing: Literal["skip", "error", "overwrite"] | None = None,
    recursive: bool = True,
    pattern: str | Sequence[str] | None = None,
    progress_callback: BatchCallback | None = None,
    **options: Unpack[Arguments],
) -> TranscodeBatch:
    """Make many sound files of many others; several at once.

    The work begins at once and goes on in the background, on threads of C, or in an executor.
    Outputs appear under their names when they are complete, and outputs that are there are
    finished: what was interrupted, even by a power cut, goes on when it is started again.

    Parameters
    ----------
    jobs : path, or iterable of paths, pairs or TranscodeOptions
        A folder stands for the sound files in it, as their extensions tell, and in the folders
        within. What begins with a dot is left out, and so is `output`, if it lies within. Links to
        files are followed, links to folders are not.
        ``(input, output)`` pairs and `TranscodeOptions` tell both ends; without an executor they
        may be whatever `transcode` takes.
    output : path, optional
        The folder for outputs whose path is not told; it is made, if need be. The outputs keep
        their places below it. None puts them beside their inputs.
    to : str, optional
        The extension of such outputs, such as ``"opus"``. None: as `format` or `audio_codec` tell,
        if they are given; else that of the input.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who does the jobs. It gets the paths, so all its processes must see the same files.
        None: threads of C in this process.
    workers : int, optional
        How many jobs are under way at once. None: one per processor; an executor gets all.
    existing : {"skip", "error", "overwrite"}, optional
        What to do where an output is there: leave it and count it as skipped, which is the usual;
        raise FileExistsError before any work; or replace it, which ``overwrite=True`` does too.
    recursive : bool, optional
        Whether the folders within a folder count.
    pattern : str or list of str, optional
        Which files of folders are taken, instead of those with an extension of sound files:
        ``"*.wav"``; with a slash in it, of the path within the folder.
    progress_callback : callable, optional
        Gets a `BatchProgress` on a thread of the batch, ten times a second and a last time at the
        end. What it raises cancels the batch, and is raised by what waits for it.
    **options
        As for `transcode`. Damage to inputs is told in the stats, not by a warning;
        ``on_damage="raise"`` makes it an error.

    Returns
    -------
    TranscodeBatch
        Iterate over it, or `wait`; dropping it gives up what is not done.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        `jobs` is not there, or `output` is no folder.
    FileExistsError
        An output is there, and `existing` is ``"error"``.
    ArgumentError, ArgumentTypeError
        An argument is not as described above; options contradict each other, or do not fit an
        output; or two jobs have the same output, or one has the input of another as its output.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, pastream_ng as ps
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("a.wav", "b.wav"):
    ...     ps.write(folder / name, np.zeros((4800, 2)), 48000)
    >>> with ps.transcode_many(folder, folder / "flac", to="flac") as batch:
    ...     print(sorted(os.path.basename(result.output) for result in batch))
    ['a.flac', 'b.flac']
    >>> with ps.transcode_many(folder, folder / "flac", to="flac") as batch:
    ...     print([result.skipped for result in batch.wait()])
    [True, True]
    """
    refuse_unknown(
        "transcode_many()", {k: v for k, v in options.items() if k not in OPTIONS}, OPTIONS
    )
    for end in ("input", "output"):
        if end in options:
            raise ArgumentError(f"{end} is no option of transcode_many(); jobs tell it")
    if workers is not None:
        integer("workers", workers, 1, _MOST_WORKERS)
    check_callback(progress_callback, awaits=False)
    found = executor_of(executor)
    planner = Planner(
        output,
        to,
        _existing(existing, options.pop("overwrite", None)),
        recursive,
        pattern,
        TranscodeOptions(**options),
    )
    planner.add(jobs)
    core = Core(planner.items, planner.results, skips=planner.skips)
    crew: Crew
    if found is None:
        crew = NativeCrew(core, workers or _processors())
    else:
        _check_paths(planner)
        crew = ExecutorCrew(core, workers, found)
    reporter = None if progress_callback is None else Reporter(core, progress_callback)
    batch = TranscodeBatch(core, reporter)
    start(core, crew, reporter)
    return batch


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _existing(existing: Any, overwrite: Any) -> str:
    """Return what to do with outputs that are there."""
    replaces = overwrite is not None and flag("overwrite", overwrite)
    if existing is None:
        return "overwrite" if replaces else "skip"
    if not isinstance(existing, str) or existing not in EXISTING:
        raise ArgumentError(
            f"existing is {shown(existing)}; it must be 'skip', 'error' or 'overwrite'"
        )
    if replaces and existing != "overwrite":
        raise ArgumentError(f"existing is {existing!r} and overwrite True; give one of them")
    return existing


def _check_paths(planner: Planner) -> None:
    for item in planner.items:
        for end, place in (("input", item.input), ("output", item.output)):
            if not is_path(place):
                raise ArgumentError(
                    f"the {end} of a job is {shown(place)}; an executor needs paths, which its "
                    "other processes can open"
                )
