# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the frames of a ring look like in Python: arrays, or plain bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native.arrays import frames_of, memory_of, target_of
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.formats import SampleFormat

__all__ = ["Regions"]


class Regions:
    """Cuts frames out of a ring's memory, and checks what users hand in.

    With a format, frames are rows of arrays (1-D for one channel); without one they are bytes.
    """

    __slots__ = ("_dtype", "_memory", "_readonly", "channels", "form", "frame_bytes")

    def __init__(self, ring: NativeRing, form: SampleFormat | None, channels: int) -> None:
        self.form = form
        self.channels = channels
        self.frame_bytes = ring.frame_bytes
        self._memory: Any
        self._readonly: Any
        if form is None:
            self._memory = ring.buffer()
            self._readonly = self._memory.toreadonly()
        else:
            self._dtype = np.dtype(form.dtype)
            array = ring.array(form, channels)
            self._memory = array[:, 0] if channels == 1 else array
            self._readonly = self._memory.view()
            self._readonly.flags.writeable = False

    def cut(self, offset: int, frames: int, *, writable: bool = False) -> Any:
        """Return so many frames of the memory, without copying."""
        memory = self._memory if writable else self._readonly
        if self.form is None:
            return memory[offset * self.frame_bytes : (offset + frames) * self.frame_bytes]
        return memory[offset : offset + frames]

    def two(self, span: Any, frames: int, *, writable: bool = False) -> tuple[Any, Any]:
        """Return so many frames as the run of a span and what follows at the memory's start."""
        first = min(frames, int(span.n_frames))
        return (
            self.cut(span.offset_frames, first, writable=writable),
            self.cut(0, frames - first, writable=writable),
        )

    def empty(self, frames: int) -> Any:
        """Return new memory for so many frames."""
        if self.form is None:
            return bytearray(frames * self.frame_bytes)
        shape = frames if self.channels == 1 else (frames, self.channels)
        return np.empty(shape, self._dtype)

    def shorten(self, result: Any, frames: int) -> Any:
        """Return the first frames of what `empty` made."""
        if self.form is None:
            return result[: frames * self.frame_bytes]
        return result[:frames]

    def source(self, name: str, data: Any) -> tuple[Any, int]:
        """Return data to be written as contiguous memory, and its length in frames."""
        if self.form is not None:
            array = frames_of(name, data, self.form, self.channels)
            return array, len(array)
        return self._bytes(name, data)

    def target(self, name: str, data: Any) -> tuple[Any, int]:
        """Return writable memory to read into, and its length in frames."""
        if self.form is not None:
            array = target_of(name, data, self.form, self.channels)
            return array, len(array)
        view, frames = self._bytes(name, data)
        if view.readonly:
            raise ArgumentError(f"{name} is read-only; it must be writable")
        return view, frames

    def _bytes(self, name: str, data: Any) -> tuple[memoryview, int]:
        view = memory_of(name, data)
        frames, rest = divmod(view.nbytes, self.frame_bytes)
        if rest:
            raise ArgumentError(
                f"{name} has {view.nbytes} bytes; it must be a multiple of the element size, "
                f"{self.frame_bytes} bytes"
            )
        return view, frames
