# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The engine of chunk loops: from a stream's input ring to windows of one long recording.

A loop goes in rounds. One round lets the frames of the last go, waits for at least one chunk, and
holds all that has arrived; then its chunks are handed out one after another by slicing one array,
without any C call and so without giving the GIL away. A thread that keeps the GIL for seconds
whenever it gets it costs a round, not a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import error_for, new_error
from pastream_ng.enums import Overflow, Status
from pastream_ng.errors import ClosedError, PastreamTimeoutError
from pastream_ng.rings.views import User
from pastream_ng.streams.advice import SUSPICIOUS_SECONDS, advise_on_silence
from pastream_ng.streams.values import info_of

if TYPE_CHECKING:
    from pastream_ng.rings.consumer import Consumer
    from pastream_ng.streams.input import InputStream
    from pastream_ng.streams.launch import Launch
    from pastream_ng.streams.lengths import Limits
    from pastream_ng.streams.plan import ChunkPlan

__all__ = ["Capture"]

# So many chunks are described by one C call.
_DESCRIBED = 1024


class Capture:
    """One pass over a chunk loop.

    `begin` comes first, `finish` in the end, also if `begin` did not succeed. Through a `reader` of
    its own it neither starts nor stops the stream.
    """

    def __init__(
        self, stream: InputStream, plan: ChunkPlan, reader: Consumer | None = None
    ) -> None:
        ring = stream.input_ring
        native, form = ring._ring, ring._regions.form
        assert form is not None
        self._stream = stream
        self._plan = plan
        self._reader = ring if reader is None else reader
        self._index = self._reader._index
        self._own = reader is None  # The stream's own reader.
        self._pointer = stream._use()
        self._ring = native.pointer
        self._bytes = native.buffer().toreadonly()
        self._frame_bytes = native.frame_bytes
        self._dtype = np.dtype(form.dtype)
        self._row = () if plan.is_flat else (ring._regions.channels,)
        frames = native.array(form, ring._regions.channels)
        self._frames = frames[:, 0] if plan.is_flat else frames
        self._frames.flags.writeable = False
        self._out = None if plan.out is None else memoryview(plan.out).cast("B")
        self._span = ffi.new("pst_span *")
        self._infos = ffi.new("pst_frames_info[]", _DESCRIBED) if plan.with_info else None
        self._err = new_error()
        # To hold more than half of the ring would leave too little room for what arrives. Where the
        # oldest frames may be dropped, nothing is held that is not looked at.
        self._hold = max(plan.size, plan.overlap + 1, len(ring) // 2)
        if stream._overflow == Overflow.DROP_OLDEST and plan.size:
            self._hold = plan.size
        self._seen = 0  # Frames at the start of a round that the last chunk had, too.
        self._held = 0  # Frames of this round.
        self._done = 0  # Those of them that were handed out, but for the next overlap.
        self._passed = 0  # Those of earlier rounds that C still holds.
        self._skip = 0  # Frames to pass over before the first chunk.
        self._left = -1  # Frames to go, -1 without end.
        self._status = 0  # Of the last wait.
        self._is_over = False
        self._look_after = int(SUSPICIOUS_SECONDS * stream.samplerate)
        self._unlooked = self._look_after  # Frames until the next look at what they hold.
        self._user = User("a chunk loop")

    def begin(self, limits: Limits | Launch) -> None:
        """Claim the reader, and start the stream if it does not run."""
        self._reader._claim(self._user)
        if not self._own or self._stream.active:
            # The limits of a run cannot change any more: count here.
            self._skip = self._plan.offset
        else:
            self._stream._start(limits, self._stream.input_ring)
        if self._plan.total >= 0:
            self._left = self._plan.total - self._plan.offset

    # ---- One round ------------------------------------------------------------------------------

    def prepare(self) -> bool:
        """Let the frames of the last round go; False if it was the last. Raises what ended it."""
        self._passed += self._done
        self._unlooked -= self._done
        if self._unlooked < 0:
            self._unlooked = self._look_after
            advise_on_silence(self._stream)
        if self._left >= 0:
            self._left -= self._done
        self._held = self._done = 0
        if 0 <= self._left <= self._seen:
            self._is_over = True
        if self._is_over and self._status < 0:
            self._stream._raise_pending()
            if self._stream.exception is None:
                raise error_for(self._status, self._err)
        return not self._is_over

    def _need(self) -> int:
        if self._skip:
            return min(self._skip, self._hold)
        need = self._plan.size or self._plan.overlap + 1
        return need if self._left < 0 else min(need, self._left)

    def look(self, slice_ns: int) -> int:
        """Let go, wait for what the round needs, and hold what has arrived; return the status."""
        passed, self._passed = self._passed, 0
        return lib.pst_stream_next_input(
            self._pointer,
            self._index,
            passed,
            self._need(),
            self._hold,
            slice_ns,
            self._span,
            self._err,
        )

    def arm(self) -> int:
        """Arm a descriptor for what the round needs, and return it."""
        return lib.pst_ring_arm_readable(self._ring, self._index, self._need())

    def take(self, status: int) -> bool:
        """Take over what `look` holds; False if it makes no chunk."""
        if status == Status.TIMEOUT:
            raise PastreamTimeoutError(
                f"timeout: a chunk of {self._need()} frames did not come within "
                f"{self._plan.timeout} s"
            )
        if status == Status.CLOSED:
            raise ClosedError("the stream was closed while a chunk loop was reading from it")
        self._status = status
        held = int(self._span.n_frames)
        if self._skip:
            self._passed = min(held, self._skip)
            self._skip -= self._passed
            self._is_over = status != 0
            return False
        self._held = held if self._left < 0 else min(held, self._left)
        self._is_over = self._held <= self._seen
        return not self._is_over

    # ---- The chunks of a round ------------------------------------------------------------------

    def windows(self) -> Iterator[Any]:
        """Yield the chunks of what is held, without a call into C where that is possible."""
        plan = self._plan
        first, held = int(self._span.offset_frames), self._held
        size = plan.size or held
        if held < size:
            # The last frames, too few for a chunk: nothing more will come.
            self._done = held
            self._is_over = True
            yield self._deliver(first, held, self._describe(first, held, held, 1))
            return
        hop = size - plan.overlap
        starts = range(first, first + held - size + 1, hop)
        self._seen = plan.overlap
        if plan.with_info or plan.out is not None:
            for number, start in enumerate(starts):
                index = number % _DESCRIBED
                if index == 0:
                    infos = self._describe(start, size, hop, len(starts) - number)
                self._done += hop
                yield self._deliver(start, size, infos, index)
        elif plan.copies:
            shape, dtype, memory = (size, *self._row), self._dtype, self._bytes
            step, length = self._frame_bytes, size * self._frame_bytes
            for start in starts:
                self._done += hop
                at = start * step
                # Not array.copy(), which gives the GIL away: a thread that holds it for seconds
                # would then cost as much per chunk.
                yield np.ndarray(shape, dtype, bytearray(memory[at : at + length]))
        else:
            frames = self._frames
            for start in starts:
                self._done += hop
                yield frames[start : start + size]

    def _deliver(self, start: int, size: int, infos: Any, index: int = 0) -> Any:
        """Return one chunk in any of the ways there are."""
        plan, step = self._plan, self._frame_bytes
        if self._out is not None:
            self._out[: size * step] = self._bytes[start * step : (start + size) * step]
            chunk = plan.out if size == plan.size else self._begin_of_out(size)
        elif plan.copies:
            memory = bytearray(self._bytes[start * step : (start + size) * step])
            chunk = np.ndarray((size, *self._row), self._dtype, memory)
        else:
            chunk = self._frames[start : start + size]
        if infos is None:
            return chunk
        return chunk, info_of(infos[index])

    def _begin_of_out(self, size: int) -> Any:
        """Return what of the caller's memory a short chunk takes."""
        if isinstance(self._plan.out, np.ndarray):
            return self._plan.out[:size]
        assert self._out is not None
        return self._out[: size * self._frame_bytes]

    def _describe(self, start: int, size: int, hop: int, chunks: int) -> Any:
        """Return what is known about the next chunks, if it is wanted: one C call for many."""
        if self._infos is not None:
            position = self._span.position + start - self._span.offset_frames
            lib.pst_stream_describe_chunks(
                self._pointer, position, size, hop, min(chunks, _DESCRIBED), self._infos
            )
        return self._infos

    # ---- The end --------------------------------------------------------------------------------

    def finish(self, closes: bool) -> None:
        """Give the reader back, and stop the stream, or close it. Raises nothing of its own.

        Where `begin` was refused, because another loop runs, nothing is done.
        """
        if self._reader._read_user() is not self._user:
            return
        lib.pst_ring_skip(self._ring, self._index, self._passed + self._done)
        self._reader._unclaim(self._user)
        if self._own and not self._stream.closed:
            if closes:
                self._stream._close()
            else:
                self._stream._stop_quietly()
