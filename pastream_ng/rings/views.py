# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Views: frames where they lie in a ring's memory, for the length of a ``with`` block."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._checks import integer
from pastream_ng._native import lib
from pastream_ng.errors import StateError

if TYPE_CHECKING:
    from pastream_ng.rings.consumer import Consumer
    from pastream_ng.rings.producer import Producer

__all__ = ["STREAM", "ReadView", "User", "WriteView", "nobody"]


class User:
    """Who keeps everybody else from one end of a ring: a view, a chunk loop, the stream.

    The ring refers to it weakly. So what an interrupt keeps from giving the end back does it by
    being dropped, without a destructor, in which the next interrupt would be lost.
    """

    __slots__ = ("__weakref__", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def refuse(self, text: str) -> None:
        """Keep the calling thread out; `text` says what to do."""
        raise StateError(f"{self} {text}")

    def __str__(self) -> str:
        """Return what messages call it."""
        return self._name


STREAM = User("the stream")


def nobody() -> User | None:
    """Stand for a reference to no user."""
    return None


class _View:
    """What both views share: the array, and when it may be used."""

    def __init__(self) -> None:
        self._frames: Any = None
        self._length = 0
        self._position = 0
        self._used: int | None = None
        self._user = User("a view")

    @property
    def array(self) -> Any:
        """The frames; only within the ``with`` block."""
        self._check_open()
        return self._frames

    @property
    def position(self) -> int:
        """Number of the first frame, counted from the ring's making."""
        return self._position

    def __len__(self) -> int:
        return self._length

    def _check_open(self) -> None:
        if self._frames is None:
            raise StateError(f"this {type(self).__name__} is used outside of its 'with' block")

    def _check_fresh(self) -> None:
        if self._frames is not None:
            raise StateError(f"this {type(self).__name__} is already open")

    def _end(self) -> int:
        """Forget the frames; return how many of them the user is done with."""
        # What the block got may still be bound to a name.
        frames, self._frames = self._frames, None
        if isinstance(frames, memoryview):
            with suppress(BufferError):  # An array was made of it.
                frames.release()
        else:
            frames.flags.writeable = False
        return self._length if self._used is None else self._used


class ReadView(_View):
    """Frames to look at without copying; made by ``read_view`` of a ring or reader.

    ``with view as frames:`` gives a read-only array (a memoryview for rings without dtype). After
    the block `frames` still shows the ring's memory, in which newer frames appear sooner or later:
    copy what must last. `intact` tells whether that has happened yet.
    """

    def __init__(self, reader: Consumer, size: int, timeout: float | None) -> None:
        super().__init__()
        self._reader = reader
        self._size = size
        self._timeout = timeout

    def keep(self, frames: int) -> None:
        """Leave the last `frames` of this view in the ring, for the next read."""
        self._check_open()
        self._used = self._length - integer("frames", frames, 0, self._length, "frames")

    @property
    def intact(self) -> bool:
        """Whether the memory still shows the frames of this view. Always, within the block."""
        ring = self._reader._ring
        return lib.pst_ring_written(ring.pointer) - self._position <= ring.capacity

    def __enter__(self) -> Any:
        self._check_fresh()
        reader = self._reader

        def take(n: int) -> None:
            span = reader._begin_read(n)
            self._length = int(span.n_frames)
            self._position = int(span.position) if self._length else reader.position
            self._frames = reader._regions.cut(span.offset_frames, self._length)
            self._used = None
            reader._read_user = ref(self._user)

        reader._take(self._size, self._timeout, take)
        return self._frames

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._reader._read_lock:
            used = self._end()
            # After an exception nothing is consumed: the frames can be read again.
            self._reader._commit_read(used if kind is None else 0)
            self._reader._unclaim(self._user)


class WriteView(_View):
    """Room to fill without copying; made by `RingBuffer.write_view`.

    ``with view as frames:`` gives a writable array (a memoryview for rings without dtype), whose
    old content means nothing. Leaving the block publishes all of it, or what `commit` named;
    leaving it by an exception publishes nothing.
    """

    def __init__(self, ring: Producer, size: int, timeout: float | None) -> None:
        super().__init__()
        self._ring = ring
        self._size = size
        self._timeout = timeout

    def commit(self, frames: int) -> None:
        """Publish only the first `frames` at the end of the block."""
        self._check_open()
        self._used = integer("frames", frames, 0, self._length, "frames")

    def __enter__(self) -> Any:
        self._check_fresh()
        ring = self._ring

        def take(n: int) -> None:
            span = ring._begin_write(n)
            self._length = int(span.n_frames)
            self._position = ring.written
            self._frames = ring._regions.cut(span.offset_frames, self._length, writable=True)
            self._used = None
            ring._write_user = ref(self._user)

        ring._give(self._size, self._timeout, take)
        return self._frames

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._ring._write_lock:
            used = self._end()
            self._ring._commit_write(used if kind is None else 0)
            self._ring._write_user = nobody
