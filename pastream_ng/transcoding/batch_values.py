# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What came of each job of a batch, and how far all of them have come."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pastream_ng.errors import TranscodeCancelledError

if TYPE_CHECKING:
    from pastream_ng.transcoding.values import TranscodeStats

__all__ = ["BatchProgress", "BatchResult"]


def _plain(place: Any) -> Any:
    """Return an input or output for JSON: a path as a text, all else as what it is called."""
    if isinstance(place, bytes):
        return os.fsdecode(place)
    return place if place is None or isinstance(place, (str, int)) else repr(place)


@dataclass(frozen=True)
class BatchResult:
    """What came of one job of a batch.

    Attributes
    ----------
    input : str, or what else was given
        A path, as it was found.
    output : str, or what else was given
        Likewise. None where a folder could not be read: nobody knows what is in it.
    stats : TranscodeStats or None
        What came of it; None if it was skipped or has failed. Damage to the input is told there.
    error : BaseException or None
        Why there is no output.
    skipped : bool
        Whether the output was there already, so that there was nothing to do.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.BatchResult("a.wav", "a.opus", skipped=True)
    <BatchResult a.wav -> a.opus: skipped>
    """

    input: Any
    output: Any
    stats: TranscodeStats | None = None
    error: BaseException | None = None
    skipped: bool = False

    @property
    def ok(self) -> bool:
        """Whether the output is there: made now, or before."""
        return self.error is None

    @property
    def cancelled(self) -> bool:
        """Whether it was given up because the batch was."""
        return isinstance(self.error, TranscodeCancelledError)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        error = self.error
        return {
            "input": _plain(self.input),
            "output": _plain(self.output),
            "stats": None if self.stats is None else self.stats.to_dict(),
            "error": None if error is None else f"{type(error).__name__}: {error}",
            "skipped": self.skipped,
            "cancelled": self.cancelled,
        }

    def __repr__(self) -> str:
        if self.skipped:
            what = "skipped"
        elif self.error is not None:
            what = f"{type(self.error).__name__}: {self.error}"
        else:
            what = "done"
        return f"<BatchResult {_plain(self.input)} -> {_plain(self.output)}: {what}>"


@dataclass(frozen=True)
class BatchProgress:
    """How far all jobs of a batch have come together.

    Attributes
    ----------
    percent : float
        Of the work, measured in bytes of the inputs: 0 to 100. It is 100 once every job is done,
        skipped or failed, and only then.
    total : int
        How many jobs there are.
    done : int
        How many have made their output.
    failed, skipped, cancelled : int
        How many have not, and why; skipped ones have found it there.
    running : int
        How many are under way. Of those that an executor has, nobody knows which wait in it.
    frames : int
        Frames of the inputs that were decoded. Jobs in other processes count when they are done.
    seconds : float
        The same as a time.
    elapsed : float
        Seconds since the batch was started; it stands still after the end.
    speed : float
        Seconds of sound in a second.
    eta : float or None
        Seconds that the rest takes if it goes on so; None: not known yet.
    size : int
        Bytes of the outputs that were written.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.BatchProgress(percent=50.0, total=12, done=5, failed=1, speed=80.0, eta=3.0)
    BatchProgress(percent=50.0%, done=5, failed=1, skipped=0, total=12, speed=80.0x, eta=3.0s)
    """

    percent: float = 0.0
    total: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    running: int = 0
    frames: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    speed: float = 0.0
    eta: float | None = None
    size: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __repr__(self) -> str:
        eta = "N/A" if self.eta is None else f"{self.eta:.1f}s"
        return (
            f"BatchProgress(percent={self.percent:.1f}%, done={self.done}, failed={self.failed}, "
            f"skipped={self.skipped}, total={self.total}, speed={self.speed:.1f}x, eta={eta})"
        )
