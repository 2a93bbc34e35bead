# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The one stream at a time that ``rec`` and ``playrec`` share."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import flag
from pastream_ng._native import hostlog
from pastream_ng.errors import ClosedError, PastreamError, PastreamTimeoutError

if TYPE_CHECKING:
    from pastream_ng.streams.base import Limits, StreamBase

__all__ = ["current", "finish", "report_losses", "run"]


class Current:
    """The stream of the last call, and what to do when it is done."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stream: StreamBase | None = None
        self.player: StreamBase | None = None  # Of ``play``, if that was the last call.

    def replace(self, make: Callable[[], StreamBase], limits: Limits) -> StreamBase:
        """End the stream before, then make and start the next."""
        with self.lock:
            self.end()
            stream = make()
            try:
                stream._start(limits)
            except BaseException:
                stream._close()
                raise
            self.stream, self.player = stream, None
            return stream

    def after_fork(self) -> None:
        """Let the child go on though a thread that it does not have may have held the lock."""
        self.lock = threading.Lock()

    def stop(self) -> None:
        """Close the stream of another call, from any thread."""
        with self.lock:
            self.end()

    def end(self) -> None:
        """Close the stream without raising what it has to say. Under the lock."""
        if self.stream is not None and not self.stream.closed:
            self.stream._close()


#: What the one-liners share.
current = Current()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=current.after_fork)


def run(
    make: Callable[[], StreamBase], limits: Limits, blocking: Any, timeout: float | None
) -> None:
    """Make and start a stream as the current one; with `blocking`, wait for its end."""
    returns_late = flag("blocking", blocking)
    stream = current.replace(make, limits)
    if not returns_late:
        return
    try:
        if not finish(stream, timeout):
            raise PastreamTimeoutError(f"timeout: the stream was not done within {timeout} s")
    finally:
        if not stream.closed:
            stream._close()


def finish(stream: StreamBase, timeout: float | None) -> bool:
    """Wait for the end of a stream, then close it; False if it is not over in time."""
    try:
        if not stream.wait(timeout):
            return False
    except ClosedError:
        # stop(), or the next play or rec, of another thread.
        return True
    except PastreamError:
        stream._close()
        raise
    report_losses(stream)
    stream.close()
    return True


def report_losses(stream: StreamBase) -> None:
    """Log what was lost in the last run."""
    stats = stream.stats
    if stats.lost_frames or stats.dropped_frames:
        hostlog.warn(
            "%s: %d frames were lost, silence is in their place; see get_stream().events()",
            stream,
            stats.lost_frames + stats.dropped_frames,
        )
    if stats.missing_frames:
        hostlog.warn("%s: %d frames of silence were played", stream, stats.missing_frames)
