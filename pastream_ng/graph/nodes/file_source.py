# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The node that plays a sound file from the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pastream_ng._checks import shown, shown_file
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.graph.feeds import FileFeed
from pastream_ng.graph.nodes.taps import StreamSourceNode
from pastream_ng.players.arguments import duration_of, frame_of, passes_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.nodes.node import ChannelOptions

__all__ = ["FileSourceNode"]

# How much is there before it begins to sound where it is heard, and how long that may take.
_AHEAD_S, _PATIENCE_S = 0.1, 1.0


class FileSourceNode(StreamSourceNode):
    """Plays a sound file of any kind from the disk, without ever having all of it in memory.

    A thread of the library reads and decodes ahead, and resamples to the context's rate; where it
    is late in a live context there is silence, which is counted. An offline context waits for it,
    so that it renders the same bits each time. The node has ended when the file has, or cannot be
    read on: see `exception`.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    path : str, bytes or os.PathLike
        Of the file, with 1 to 32 channels.
    loop : bool or int, optional
        True plays it again and again, without a gap; a number so many times.
    offset : float, optional
        Where to begin, in seconds of the file, each time.
    **channels : ChannelOptions
        Of no effect, since it has no input.

    Raises
    ------
    FileFormatError, OSError
        The file cannot be read.
    ArgumentError, ArgumentTypeError
        An argument is not as described above.
    StateError
        The context is that of a `GraphEffect`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np, pastream_ng as ps
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     ps.write(file.name, np.array([0.5, -0.5]), 8000)
    ...     ctx = ps.OfflineAudioContext(channels=1, length=5, sample_rate=8000)
    ...     source = ctx.create_file_source(file.name, loop=2)
    ...     _ = source >> ctx.destination
    ...     source.start()
    ...     ctx.render()[:, 0].tolist()
    [0.5, -0.5, 0.5, -0.5, 0.0]
    """

    def __init__(
        self,
        context: BaseAudioContext,
        path: str | bytes | os.PathLike[str],
        *,
        loop: bool | int = False,
        offset: float = 0.0,
        **channels: Unpack[ChannelOptions],
    ) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            raise ArgumentTypeError(
                f"path is {shown(path)} of type {type(path).__name__}; it must be a path"
            )
        passes = passes_of(loop)
        capacity = context._open_feed_capacity()
        file = SoundFile(path)
        file._warns = False  # Its end is the feed's.
        if file.channels > MAX_CHANNELS:
            raise ArgumentError(
                f"path is {shown_file(path)}, with {file.channels} channels; it must have 1 to "
                f"{MAX_CHANNELS}"
            )
        begin = frame_of("offset", offset, file, 0)
        self._feed = FileFeed(file, context.sample_rate, capacity, begin, passes)
        super().__init__(context, self._feed.ring, latency=0.0, **channels)

    @property
    def path(self) -> str | bytes:
        """What the file was opened by."""
        name: str | bytes = self._feed.file.name
        return name

    @property
    def duration(self) -> float | None:
        """The length of the file in seconds; None if only reading to its end can tell."""
        return duration_of(self._feed.file)

    @property
    def position(self) -> float:
        """Seconds from the begin of the file to the frame that is rendered next."""
        return self._feed.frame / self._feed.file.samplerate

    @property
    def exception(self) -> BaseException | None:
        """What the file could not be read on for, or None."""
        return self._feed.exception

    def start(self, when: float = 0.0) -> None:
        """Let it sound from a time on.

        Parameters
        ----------
        when : float, optional
            In seconds of the context's clock. What has passed counts as now.

        Raises
        ------
        ArgumentError
            The time is negative or not finite.
        StateError
            It was started before.
        """
        context = self._context
        if context._calls_in_line:
            self._feed.wait_for(len(self._feed.ring))
        else:
            self._feed.wait_for(round(_AHEAD_S * context.sample_rate), _PATIENCE_S)
        super().start(when)
        context._feeds.add(self._core, self._feed)

    def seek(self, seconds: float) -> None:
        """Go to a time of the file, to the frame; what was read ahead is dropped.

        Parameters
        ----------
        seconds : float
            From the file's begin.

        Raises
        ------
        ArgumentError
            The file is not so long, or not played there.
        StateError
            The node has ended.
        """
        self._context._check_open()
        least = self._feed.begin
        frame = frame_of("seconds", seconds, self._feed.file, least)
        if self.has_ended:
            raise StateError("the node has ended; make a new one")
        self._feed.seek(frame)

    def _context_is_over(self) -> None:
        self._feed.close()
