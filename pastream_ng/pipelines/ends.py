# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What stands at the two ends of a runner, as one base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pastream_ng.enums import Format
    from pastream_ng.pipelines.build import Build
    from pastream_ng.pipelines.line import Line
    from pastream_ng.streams.base import StreamBase

__all__ = ["End"]


class End:
    """A source or a sink of a runner.

    Attributes
    ----------
    name : str
        What errors call it.
    kind : str
        What it gives or takes: ``"pcm"``, ``"packet"``, or ``""`` for whatever is asked of it.
    stream : StreamBase or None
        The stream that it belongs to.
    code : Format or None
        Of a sink: the one format of samples that it takes; None: any.
    """

    name = "source"
    kind = "pcm"
    stream: StreamBase | None = None
    code: Format | None = None

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of the C object, for buffers of a kind."""
        raise NotImplementedError

    def begin(self) -> None:
        """Get going: the chain runs."""

    def end(self, line: Line | None) -> None:
        """Finish: the chain is over, or never began. Called once."""

    def error_of(self, error: BaseException) -> BaseException:
        """Return what is to be raised in place of an error of this end."""
        return error
