# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What Python's own parts of a pipeline are like. To inherit from them is allowed, not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pastream_ng.packets import NodeBuffer

__all__ = ["AudioSink", "AudioSource", "Node"]


class AudioSource:
    """The base of sources written in Python, for `AsyncDynRunner`."""

    def pull(self) -> NodeBuffer | None:
        """Return the next buffer, or None at the end.

        `BlockingIOError` says that there is none yet: it is asked again after some milliseconds.
        `EOFError` says the same as None. It may wait as long as it likes; whoever cancels a runner
        does not wait for it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no pull()")


class AudioSink:
    """The base of sinks written in Python, for `AsyncDynRunner` and `make_tap_node`."""

    def push(self, buf: NodeBuffer) -> None:
        """Take a buffer.

        `BlockingIOError` says that there is no room: the same buffer comes again after some
        milliseconds. `EOFError` says that no more is wanted, which ends the runner without error.
        """
        raise NotImplementedError(f"{type(self).__name__} has no push()")

    def finalize(self) -> None:
        """Complete what was pushed. Called once, also after errors; not needed."""


class Node:
    """The base of nodes written in Python, for `make_python_node`."""

    def push(self, buf: NodeBuffer | None) -> None:
        """Take a buffer; None says that no more will come, if there is no `flush`.

        `BlockingIOError` says that what is there has to be pulled first.
        """
        raise NotImplementedError(f"{type(self).__name__} has no push()")

    def pull(self) -> NodeBuffer | None:
        """Return the next buffer of what came of it.

        None says that there is none: before the end not yet, after it not any more.
        `BlockingIOError` says not yet, and `EOFError` that there will never be one.
        """
        raise NotImplementedError(f"{type(self).__name__} has no pull()")

    def reset(self) -> None:
        """Forget what is inside; not needed."""
