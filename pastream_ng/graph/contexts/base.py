# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What all contexts have in common."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import WeakSet, WeakValueDictionary

import numpy as np

from pastream_ng._checks import integer
from pastream_ng.errors import ClosedError
from pastream_ng.graph.contexts.ended import Ended
from pastream_ng.graph.contexts.factory import Factory
from pastream_ng.graph.data import AudioBuffer, PeriodicWave, SoundLike, as_buffer, decoded
from pastream_ng.graph.feeds import Feeds
from pastream_ng.graph.functions.host import Hosts
from pastream_ng.graph.nodes import AudioDestinationNode, AudioListener, AudioNode
from pastream_ng.graph.nodes.node import classes_of_kinds
from pastream_ng.graph.picture.view import GraphView
from pastream_ng.graph.wiring import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import BinaryIO

    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from pastream_ng.graph.core import CoreGraph, CoreNode
    from pastream_ng.graph.nodes.face import Face
    from pastream_ng.graph.nodes.recorder import RecorderNode

__all__ = ["BaseAudioContext"]

T = TypeVar("T", bound=Target)


class BaseAudioContext(Factory, ABC):
    """A graph of nodes with a clock. `OfflineAudioContext` renders one into memory.

    All of it can be used by any number of threads.
    """

    # For those who write contexts: what a subclass gives is a CoreGraph; what it does is to have it
    # rendered, to call _rendered() now and then on a thread that may run Python, and _check_open();
    # and to call _functions.raise_error() where users can catch it.

    #: Whether whoever renders may call Python, and wait for it.
    _calls_in_line = False

    def __init__(self, core: CoreGraph) -> None:
        self._core = core
        self._ended = Ended()
        self._functions = Hosts()
        self._feeds = Feeds()
        self._recorders: WeakSet[RecorderNode] = WeakSet()  # Into files.
        self._lock = Lock()
        self._is_closed = False
        # Faces of nodes by their handles' ids. They refer to the context, and not the other way.
        self._nodes: WeakValueDictionary[int, AudioNode] = WeakValueDictionary()

    # ---- What it is ----------------------------------------------------------------------------

    @property
    def sample_rate(self) -> float:
        """Frames per second."""
        return self._core.rate

    @property
    def render_quantum_size(self) -> int:
        """How many frames are rendered at once: changes act at multiples of it."""
        return self._core.quantum

    @property
    def current_frame(self) -> int:
        """The number of the frame that is rendered next."""
        return self._core.frame

    @property
    def current_time(self) -> float:
        """The clock: the time of the frame that is rendered next, in seconds."""
        return self._core.frame / self._core.rate

    @property
    def input_channels(self) -> int:
        """How many channels it hears, through a `DeviceInputNode`; 0: none."""
        return self._core.input_channels

    @property
    def destination(self) -> AudioDestinationNode:
        """Where all sound goes."""
        face = self._face(self._core.destination())
        assert isinstance(face, AudioDestinationNode)
        return face

    @property
    def listener(self) -> AudioListener:
        """Who hears what panners place."""
        face = self._face(self._core.listener())
        assert isinstance(face, AudioListener)
        return face

    @property
    def graph(self) -> GraphView:
        """What the graph consists of now: nodes by name, connections, pictures."""
        return GraphView(self, self._known_names())

    def __repr__(self) -> str:
        rows = repr(self.graph).splitlines()
        return "\n".join(
            [f"<{type(self).__name__}: {self._title()}>", *(f"  {row}" for row in rows)]
        )

    # ---- For nodes and subclasses --------------------------------------------------------------

    def _title(self) -> str:
        """Return what the first line of its repr tells."""
        n = self._core.channels
        return f"{n} channel{'s' * (n != 1)}, {self.sample_rate:g} Hz, {self.state}"

    def _known_names(self) -> Mapping[int, str]:
        """Return names of nodes by the ids of their handles."""
        return {}

    def _face(self, core: CoreNode) -> Face:
        """Return the face of a node that is in the graph: the one that there is, or a new one."""
        if core.kind.name == "listener":
            return AudioListener(self, core)
        found = self._nodes.get(core.id)
        if found is not None:
            return found
        return classes_of_kinds().get(core.kind.name, AudioNode)._from_core(self, core)

    def _check_open(self) -> None:
        """Raise if the context was closed."""
        if self._is_closed:
            raise ClosedError("this context is closed; make a new one")

    def _open_core(self) -> CoreGraph:
        """Return the graph, to which a node may be added."""
        self._check_open()
        return self._core

    def _rendered(self) -> None:
        """Do what is due once something was rendered: call functions of sources that ended."""
        self._ended.deliver()
        self._feeds.tidy()

    def _tell_nodes(self) -> None:
        """Tell the nodes that nothing will be rendered any more."""
        self._feeds.close()
        for node in list(self._nodes.values()):
            node._context_is_over()

    def _tap_capacity(self, seconds: float = 1.0) -> int:
        """Return how many frames a tap has room for: so much, or all that will ever come."""
        return math.ceil(self.sample_rate * seconds)

    def _open_feed_capacity(self) -> int:
        """Return how many frames of a file are read ahead, or wait to be written.

        Raise if the context is closed, or does not wait for files.
        """
        self._check_open()
        return max(1 << 16, math.ceil(self.sample_rate))

    def _burst_frames(self) -> int:
        """Return how many frames may be rendered at one go, if they are heard live."""
        return 0

    # ---- Changes -------------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Let all changes within be heard at the same time, at the beginning of a quantum.

        It is also the way to build large graphs in a live context: outside of it each connection
        takes time that grows with the graph.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
        >>> a, b = ctx.create_gain(), ctx.create_gain()
        >>> with ctx.batch():
        ...     a.gain = 0
        ...     b.gain = 1
        """
        with self._core.batch():
            yield

    def connect(self, source: AudioNode, destination: T, output: int = 0, input: int = 0) -> T:
        """Connect two nodes: `AudioNode.connect` of the source."""
        return source.connect(destination, output, input)

    def disconnect(self, node: AudioNode) -> None:
        """Take away all connections that begin at a node: `AudioNode.disconnect`."""
        node.disconnect()

    # ---- Data ----------------------------------------------------------------------------------

    @overload
    def create_buffer(self, source: SoundLike | ArrayLike, /) -> AudioBuffer: ...
    @overload
    def create_buffer(
        self, number_of_channels: int, length: int, sample_rate: float | None = None
    ) -> AudioBuffer: ...
    def create_buffer(self, *args: Any, **kwargs: Any) -> AudioBuffer:
        """Return a buffer: of a file or an array, or an empty one to be written to.

        Parameters
        ----------
        source : path, bytes or array
            As for `AudioBufferSourceNode`.
        number_of_channels, length : int
            Instead: of silence.
        sample_rate : float, optional
            Of silence, in Hz; None: the context's.

        Returns
        -------
        AudioBuffer
        """
        if len(args) == 1 and not kwargs:
            return as_buffer(self, args[0])
        return self._silence(*args, **kwargs)

    def _silence(
        self, number_of_channels: int, length: int, sample_rate: float | None = None
    ) -> AudioBuffer:
        channels = integer("number_of_channels", number_of_channels, 1, 32)
        frames = integer("length", length, 1)
        rate = self.sample_rate if sample_rate is None else sample_rate
        return AudioBuffer.from_planes(np.zeros((channels, frames), np.float32), rate)

    def create_periodic_wave(
        self,
        real: ArrayLike | None = None,
        imag: ArrayLike | None = None,
        *,
        normalize: bool = True,
    ) -> PeriodicWave:
        """Return a `PeriodicWave`; the arguments are those of the class."""
        return PeriodicWave(real, imag, normalize=normalize)

    def decode_audio_data(
        self, source: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
    ) -> AudioBuffer:
        """Return a sound file as a buffer at the context's rate.

        Parameters
        ----------
        source : path, bytes or binary file
            A path, the content of a file, or an open one.

        Returns
        -------
        AudioBuffer

        Raises
        ------
        FileFormatError
            It is not a sound file of a known kind.
        OSError
            It cannot be opened or read.

        Examples
        --------
        >>> import io
        >>> import numpy as np, pastream_ng as ps
        >>> file = io.BytesIO()
        >>> ps.write(file, np.zeros((4410, 2), "float32"), 44100, format="WAV")
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=48000)
        >>> ctx.decode_audio_data(file.getvalue())
        <AudioBuffer: 4800 frames, 2 channels, 48000 Hz>
        """
        return decoded(source, self.sample_rate)

    # ---- The end -------------------------------------------------------------------------------

    @property
    @abstractmethod
    def state(self) -> str:
        """What the context does at present."""

    @property
    def closed(self) -> bool:
        """Whether it was closed. Its nodes cannot be changed then."""
        return self._is_closed

    def close(self) -> None:
        """Close; closing again does nothing."""
        self._is_closed = True
        self._ended.clear()
        self._tell_nodes()
        self._functions.close()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave(kind is not None)

    def _leave(self, has_failed: bool) -> None:
        """Close at the end of a ``with`` block, which may have raised something."""
        self.close()
