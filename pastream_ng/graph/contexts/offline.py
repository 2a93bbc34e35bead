# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs that are rendered into memory, as fast as it goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from pastream_ng._checks import integer, real, shown
from pastream_ng._native.arrays import frames_of
from pastream_ng.errors import ArgumentError, ArgumentTypeError, ClosedError, StateError
from pastream_ng.formats import FORMATS
from pastream_ng.graph.contexts.base import BaseAudioContext
from pastream_ng.graph.contexts.stops import Stops
from pastream_ng.graph.contexts.to_file import FileOptions, file_for
from pastream_ng.graph.core import CoreGraph
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.graph.description.save import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Unpack

    from pastream_ng.graph.description.script import Script

__all__ = ["OfflineAudioContext"]

F = TypeVar("F", bound="Callable[[OfflineAudioContext], object]")


def _frames(data: ArrayLike) -> NDArray[np.float32]:
    """Return sound as (frames, channels), C-contiguous."""
    array = np.asarray(data)
    channels = array.shape[1] if array.ndim == 2 else 1
    if not 1 <= channels <= MAX_CHANNELS:
        raise ArgumentError(f"input has {channels} channels; it must have 1 to {MAX_CHANNELS}")
    return frames_of("input", data, FORMATS["float32"], channels)


# Frames between looks at what Python wants to know; and if it does not.
_SHORT, _LONG = 1024, 1 << 16


class OfflineAudioContext(BaseAudioContext):
    """A graph that is rendered into memory, once, as fast as it goes.

    The same graph gives the same bits each time.

    Parameters
    ----------
    channels : int, optional
        Of what is rendered, 1 to 32.
    length : int
        How many frames are rendered.
    sample_rate : float
        Hz, from 3000 to 768000.
    quantum : int, optional
        How many frames are rendered at once, 1 to 16384.
    input : array_like, optional
        What a `DeviceInputNode` hears: (frames, channels) or (frames,), 1 to 32 channels at the
        context's rate. After it there is silence. What is float32 already is not copied.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> def build(ctx):
    ...     osc = ctx.create_oscillator(frequency=1000)
    ...     osc >> ctx.create_gain(0.5) >> ctx.destination
    ...     osc.start()
    >>> sound = ps.OfflineAudioContext(channels=2, length=48000, sample_rate=48000).render(build)
    >>> sound.shape
    (48000, 2)
    """

    _calls_in_line = True

    def __init__(
        self,
        channels: int = 1,
        length: int | None = None,
        sample_rate: float | None = None,
        *,
        quantum: int = 128,
        input: ArrayLike | None = None,
    ) -> None:
        if length is None or sample_rate is None:
            name = "length" if length is None else "sample_rate"
            raise ArgumentTypeError(f"{name} is None; it must be given")
        n_channels = integer("channels", channels, 1, MAX_CHANNELS)
        self._length = integer("length", length, 1, 2**40, "frames")
        rate = real("sample_rate", sample_rate, 3000, 768000, "Hz")
        frames = integer("quantum", quantum, 1, 16384, "frames")
        heard = None if input is None else _frames(input)
        n_inputs = 0 if heard is None else heard.shape[1]
        super().__init__(CoreGraph(rate, n_channels, frames, input_channels=n_inputs))
        if heard is not None:
            self._core.feed(heard)
        #: What was measured at chosen frames, by name: of graphs from descriptions.
        self.captures: dict[str, NDArray[np.float32]] = {}
        self._state: Literal["suspended", "running", "closed"] = "suspended"
        self._is_begun = False
        self._position = 0
        self._stops = Stops(self._core, self._length)
        # Of a graph from a description.
        self._script: Script | None = None
        self._final: list[Callable[[], None]] = []

    # ---- What it is ----------------------------------------------------------------------------

    @property
    def channels(self) -> int:
        """How many channels it renders."""
        return self._core.channels

    @property
    def length(self) -> int:
        """How many frames it renders."""
        return self._length

    @property
    def state(self) -> Literal["suspended", "running", "closed"]:
        """``"suspended"`` until it is rendered and at stops, ``"running"``, or ``"closed"``."""
        return "closed" if self._is_closed else self._state

    def _title(self) -> str:
        return f"{self._length} frames, {super()._title()}"

    def _known_names(self) -> Mapping[int, str]:
        nodes = {} if self._script is None else self._script.nodes
        return {node.id: name for name, node in nodes.items()}

    def close(self) -> None:
        """Close: rendering ends with what there is, and nothing can be changed any more."""
        super().close()
        self._stops.clear()

    # ---- Stops on the way ----------------------------------------------------------------------

    def suspend(self, at: float, function: F | None = None) -> Any:
        """Have a function called while rendering stands still: it may change anything.

        Parameters
        ----------
        at : float
            When, in seconds; brought up to the beginning of a quantum.
        function : callable, optional
            Is called with the context. Without it, what is returned is a decorator.

        Returns
        -------
        callable
            The function, or the decorator.

        Raises
        ------
        ArgumentError
            The time is negative or not finite.
        StateError
            It is not in what is still to be rendered, or something stops there already.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=256, sample_rate=8192)
        >>> one = ctx.create_constant_source()
        >>> _ = one >> ctx.destination
        >>> one.start()
        >>> @ctx.suspend(128 / 8192)
        ... def turn(ctx):
        ...     one.offset = -1
        >>> ctx.render()[::128, 0].tolist()
        [1.0, -1.0]
        """
        self._check_open()
        if function is None:
            return lambda given: self.suspend(at, given)
        if not callable(function):
            raise ArgumentTypeError(
                f"function is {shown(function)}; it must be a function of the context"
            )
        self._stops.add([at], function)
        return function

    def _follow(
        self,
        script: Script,
        later: dict[int, list[Callable[[], None]]],
        final: list[Callable[[], None]],
    ) -> None:
        """Do what a description says: at some frames, and behind the last one."""

        def turn(ops: list[Callable[[], None]]) -> Callable[[OfflineAudioContext], None]:
            def act(context: OfflineAudioContext) -> None:
                with context.batch():
                    for op in ops:
                        op()

            return act

        self._script = script
        for frame, ops in later.items():
            self._stops.put(frame, turn(ops))
        self._final = final

    def to_dict(self, signals: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Return a description of the graph, which JSON can hold: the inverse of `graph_from_dict`.

        What functions do at stops (`suspend`) is not in it.

        Parameters
        ----------
        signals : path, optional
            A folder for the samples of buffers, one file each; None: they are in the description.

        Returns
        -------
        dict
            In the format ``audiograph/1``. The graph that is made of it renders the same bits.

        Raises
        ------
        StateError
            The graph was rendered already, and is not any more as it began.
        UnsupportedOptionError
            It has nodes with functions of the program, or with rings.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
        >>> gain = ctx.create_gain(0.5)
        >>> _ = gain >> ctx.destination
        >>> ctx.to_dict()["nodes"]
        [{'id': 'gain_1', 'type': 'gain', 'params': {'gain': 0.5}}]
        >>> ctx.to_dict()["connections"]
        [{'from': 'gain_1', 'to': 'destination'}]
        """
        if self._is_begun:
            raise StateError("this context renders, or has rendered; describe it before that")
        rate = self.sample_rate
        desc: dict[str, Any] = {
            "format": "audiograph/1",
            "sample_rate": int(rate) if rate.is_integer() else rate,
            "length": self._length,
            "channels": self.channels,
        }
        if self.render_quantum_size != 128:
            desc["quantum"] = self.render_quantum_size
        return (
            desc
            | describe(self._core, self._known_names(), signals)
            | ({} if self._script is None else self._script.more)
        )

    # ---- Rendering -----------------------------------------------------------------------------

    def _begin(self) -> None:
        self._check_open()
        with self._lock:
            if self._is_begun:
                raise StateError("this context renders, or has rendered; make a new one")
            self._is_begun = True
            self._state = "running"

    def _end(self) -> None:
        """Note that rendering is over, for whatever reason."""
        self._state = "closed"
        self._tell_nodes()

    def _tap_capacity(self, seconds: float = 1.0) -> int:
        # Quanta come whole.
        return self._length + self.render_quantum_size

    def _open_feed_capacity(self) -> int:
        self._check_open()
        return _LONG + self.render_quantum_size

    def _fill(
        self, output: NDArray[np.float32], progress: Callable[[float], object] | None = None
    ) -> Iterator[float]:
        """Render on until an array is full; yield the time where a stop has no function."""
        done = 0
        while done < len(output):
            if self._is_closed:
                raise ClosedError("this context was closed while it was rendered")
            stop = self._stops.next()
            if stop == self._position:
                yield from self._stand_still(stop)
                continue
            step = _SHORT if self._ended or progress else _LONG
            n = min(step, len(output) - done, stop - self._position)
            # Quanta come whole.
            self._feeds.wait_for(n + self.render_quantum_size)
            self._core.render(output[done : done + n])
            done += n
            self._position += n
            self._rendered()
            for recorder in list(self._recorders):
                recorder._go_on()
            self._functions.raise_error()
            if progress is not None:
                progress(self._position / self._length)
        if self._position == self._length:
            yield from self._finish()

    def _finish(self) -> Iterator[float]:
        """Do what is to be done behind the last frame."""
        if self._stops.next() == self._length:
            yield from self._stand_still(self._length)
        for op in self._final:
            op()
        for recorder in list(self._recorders):
            recorder.close()

    def _stand_still(self, frame: int) -> Iterator[float]:
        function = self._stops.take(frame)
        self._state = "suspended"
        if function is None:
            yield frame / self.sample_rate
        else:
            function(self)
        self._state = "running"

    def _new_output(self, frames: int) -> NDArray[np.float32]:
        return np.zeros((frames, self.channels), dtype=np.float32)

    def render(
        self,
        build: Callable[[OfflineAudioContext], object] | None = None,
        *,
        progress: Callable[[float], object] | None = None,
    ) -> NDArray[np.float32]:
        """Render all of it.

        Other threads of Python run meanwhile.

        Parameters
        ----------
        build : callable, optional
            Is called with the context before: makes nodes and connects them.
        progress : callable, optional
            Is called now and then with the part that is done, from 0 to 1.

        Returns
        -------
        numpy.ndarray
            (frames, channels) float32.

        Raises
        ------
        StateError
            It was rendered before.
        ClosedError
            The context was closed.
        """
        self._prepare(build, progress)
        self._begin()
        try:
            output = self._new_output(self._length)
            for _ in self._fill(output, progress):
                pass
        finally:
            self._end()
        return output

    def _prepare(self, build: object, progress: object) -> None:
        """Check the functions of a rendering, and have the graph built."""
        for name, function in (("build", build), ("progress", progress)):
            if function is not None and not callable(function):
                raise ArgumentTypeError(f"{name} is {shown(function)}; it must be a function")
        if callable(build):
            self._check_open()
            build(self)

    def render_to(
        self,
        file: Any,
        build: Callable[[OfflineAudioContext], object] | None = None,
        *,
        progress: Callable[[float], object] | None = None,
        overwrite: bool = True,
        **options: Unpack[FileOptions],
    ) -> None:
        """Render all of it into a sound file, block by block: no more is ever in memory.

        A file that is given by its path appears under its name once it is complete, as with
        `pastream_ng.write`; nothing is left behind if anything goes wrong.

        Parameters
        ----------
        file : str, bytes, os.PathLike, int or binary file object
            Where to.
        build, progress : callable, optional
            As for `render`.
        overwrite : bool, optional
            Whether a file that is there may be replaced.
        **options : FileOptions
            Of `SoundFile`: ``format``, ``subtype``, ``endian``, ``bitrate``, ``bitrate_mode``,
            ``quality``, ``compression``, ``compression_level``, ``dither`` and ``tags``.

        Raises
        ------
        StateError, ClosedError
            As for `render`.
        FileExistsError
            There is such a file, and `overwrite` is False.
        OSError
            The folder is missing, the disk is full, and so on.
        ArgumentError, ArgumentTypeError
            An option does not fit the kind of file, or this cannot have the context's rate.

        Examples
        --------
        >>> import io
        >>> import pastream_ng as ps
        >>> def build(ctx):
        ...     osc = ctx.create_oscillator(frequency=440)
        ...     osc >> ctx.create_gain(0.5) >> ctx.destination
        ...     osc.start()
        >>> place = io.BytesIO()
        >>> ctx = ps.OfflineAudioContext(channels=1, length=48000, sample_rate=48000)
        >>> ctx.render_to(place, build, format="FLAC", subtype="PCM_24")
        >>> ps.info(io.BytesIO(place.getvalue())).frames
        48000
        """
        to_file = file_for(self, file, overwrite, options)
        self._prepare(build, progress)
        self._check_open()
        if self._is_begun:
            raise StateError("this context renders, or has rendered; make a new one")
        with to_file as opened:
            self._begin()
            try:
                for block in self._pieces(_LONG, progress):
                    opened.write(block)
            finally:
                self._end()

    def start_rendering(self) -> NDArray[np.float32]:
        """Render all of it: `render`."""
        return self.render()

    def blocks(self, frames: int) -> Iterator[NDArray[np.float32]]:
        """Render it block by block.

        Parameters
        ----------
        frames : int
            Of each block; the last one may have fewer.

        Yields
        ------
        numpy.ndarray
            (frames, channels) float32, a new one each time.

        Raises
        ------
        StateError
            It was rendered before.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=1000, sample_rate=8000)
        >>> [len(block) for block in ctx.blocks(400)]
        [400, 400, 200]
        """
        n = integer("frames", frames, 1)
        self._begin()
        return self._blocks(n)

    def _blocks(self, frames: int) -> Iterator[NDArray[np.float32]]:
        try:
            yield from self._pieces(frames)
        finally:
            self._end()

    def _pieces(
        self, frames: int, progress: Callable[[float], object] | None = None
    ) -> Iterator[NDArray[np.float32]]:
        while self._position < self._length:
            output = self._new_output(min(frames, self._length - self._position))
            for _ in self._fill(output, progress):
                pass
            yield output

    def render_steps(self, times: Iterable[float]) -> RenderSteps:
        """Render all of it, and let the caller change the graph on the way.

        Parameters
        ----------
        times : iterable of float
            When to stop, in seconds; each is brought up to the beginning of a quantum.

        Returns
        -------
        RenderSteps
            An iterator of the times where rendering stands still. Its ``output`` is what was
            rendered.

        Raises
        ------
        ArgumentError, StateError
            As `suspend`; or it was rendered before.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=384, sample_rate=8192)
        >>> one = ctx.create_constant_source()
        >>> _ = one >> ctx.destination
        >>> one.start()
        >>> steps = ctx.render_steps([128 / 8192, 256 / 8192])
        >>> for t in steps:
        ...     one.offset = t * 64
        >>> steps.output[::128, 0].tolist()
        [1.0, 1.0, 2.0]
        """
        self._check_open()
        self._stops.add(times, None)
        self._begin()
        return RenderSteps(self)

    def _steps(self, output: NDArray[np.float32]) -> Iterator[float]:
        try:
            yield from self._fill(output)
        finally:
            self._end()


class RenderSteps:
    """The stops of a rendering: what `OfflineAudioContext.render_steps` returns.

    Attributes
    ----------
    output : numpy.ndarray
        (frames, channels) float32, whole once the iterator has come to its end.
    """

    def __init__(self, context: OfflineAudioContext) -> None:
        self.output = context._new_output(context.length)
        # Not a method of this: it would lead back here.
        self._times = context._steps(self.output)

    def __iter__(self) -> Iterator[float]:
        return self._times

    def __next__(self) -> float:
        return next(self._times)
