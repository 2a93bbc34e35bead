# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One job of a batch, done here or in another process."""

from __future__ import annotations

import errno
import os
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from pastream_ng.errors import PastreamError, TranscodeCancelledError
from pastream_ng.transcoding.option_values import is_path
from pastream_ng.transcoding.transcoder import Transcoder

if TYPE_CHECKING:
    from pastream_ng.transcoding.batch_core import Core
    from pastream_ng.transcoding.options import TranscodeOptions
    from pastream_ng.transcoding.values import TranscodeStats

__all__ = ["CANCELLED", "Outcome", "cores", "prepared", "run_anywhere", "run_blocking"]

CANCELLED = "the batch was cancelled before this job was done; there is no new file"

#: The batches of this process, by a name that no other process has.
cores: WeakValueDictionary[str, Core] = WeakValueDictionary()


class Outcome(NamedTuple):
    """What came of a job."""

    stats: TranscodeStats | None = None
    error: BaseException | None = None
    skipped: bool = False


def prepared(options: TranscodeOptions) -> Transcoder:
    """Return what does a job; the folder of its output is made, if need be."""
    transcoder = Transcoder(options)
    output: Any = options.to_dict().get("output")
    if is_path(output):
        folder = os.path.dirname(output)
        if folder:
            make_folder(folder)
    return transcoder


def make_folder(folder: str) -> None:
    """Make a folder, if it is not there."""
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError as error:  # Not an output that is there.
        code = errno.ENOTDIR
        raise NotADirectoryError(code, os.strerror(code), error.filename) from None


def run_blocking(transcoder: Transcoder) -> Outcome:
    """Do a job in this thread."""
    try:
        return Outcome(transcoder.run())
    except BaseException as error:
        return Outcome(error=error)


def run_anywhere(options: TranscodeOptions, batch: str, number: int) -> Outcome:
    """Do a job of a batch in a thread of an executor, in whatever process and on whatever machine.

    What goes wrong is part of the result, so that it comes back as it is.

    Parameters
    ----------
    options : TranscodeOptions
        What to do.
    batch : str
        The name of the batch in `cores`.
    number : int
        Of the job in the batch.
    """
    core = cores.get(batch)
    if core is not None and not core.is_here():
        core = None  # What a fork has left.
    try:
        if core is not None and core.is_cancelled:
            return Outcome(error=TranscodeCancelledError(CANCELLED))
        transcoder = prepared(options)
        if core is None:
            return Outcome(transcoder.run())
        with core.watched(number, transcoder):
            return Outcome(transcoder.run())
    except Exception as error:
        return Outcome(error=_portable(error))


def _portable(error: Exception) -> Exception:
    """Return the error, or what can be told of it where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return PastreamError(f"{type(error).__name__}: {error}")
    return error.with_traceback(None)
