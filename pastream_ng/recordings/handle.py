# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The handle of a recording."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import Handle, owner
from pastream_ng._native.waits import wait, wait_async
from pastream_ng.enums import Status
from pastream_ng.errors import DeviceLostError, OutOfMemoryError, PastreamTimeoutError
from pastream_ng.recordings.values import RecordingState, Segment, state_of

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.errors import PastreamError
    from pastream_ng.streams.input import InputStream

__all__ = ["Recording"]

# How long `Recording.stop` waits for what was captured already. Only memory is copied meanwhile.
_STOP_SECONDS = 10.0


class Recording(Handle):
    """A take of live input that grows in memory; made by `InputStream.recording` or `recording`.

    A thread of the library moves the frames, so nothing that Python does can lose one. All methods
    may be called from any thread, while it goes on and afterwards. Dropping the handle ends the
    recording and frees its memory.

    ``with recording:`` stops it at the end of the block, and raises what went wrong.

    Attributes
    ----------
    stream : InputStream or DuplexStream
        Where the frames come from.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free", input="counter")
    >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
    ...     take = stream.recording(frames=5, at=1000)
    ...     stream.start()
    ...     print(take.array())
    [1000 1001 1002 1003 1004]
    """

    _noun = "recording"
    _warns = False

    def __init__(
        self, stream: InputStream, take: Any, max_frames: int, is_flat: bool, closes: bool = False
    ) -> None:
        self.stream = stream
        self._closes = closes
        form, side = stream.input_ring._regions.form, stream._input
        assert form is not None
        assert side is not None
        self._dtype = np.dtype(form.dtype)
        self._row = () if is_flat else (side.channels,)
        self._error: PastreamError | None = None
        owned, err = owner("pst_recording *", lib.pst_recording_destroy), new_error()
        check(lib.pst_recording_create(owned, stream._use(), take, max_frames, err), err)
        super().__init__(owned)

    # ---- Control --------------------------------------------------------------------------------

    def stop(self, at: int | None = None) -> None:
        """End the recording.

        Parameters
        ----------
        at : int, optional
            Device frame before which to end, at once if it has passed already; this does not wait
            for it. None ends with what was captured by now, and returns when all of it is here.

        Raises
        ------
        ForkedError, ArgumentError, ArgumentTypeError
        """
        pointer = self._use()
        lib.pst_recording_stop(pointer, _frame("at", at))
        if at is None:
            # Whatever ends it, or has ended it, is for wait() to tell.
            wait(lambda slice_ns: self._look(slice_ns), _STOP_SECONDS)
            self._let_go()

    def close(self) -> None:
        """As `stop`, or nothing if it is over. What was recorded stays."""
        if not self._is_over():
            self.stop()
        self._let_go()

    def cancel(self) -> None:
        """End the recording without what is still on its way. What it has stays. Idempotent."""
        lib.pst_recording_cancel(self._use())
        # Until its reader of the ring is free for the next one.
        wait(lambda slice_ns: self._look(slice_ns), _STOP_SECONDS)
        self._let_go()

    def pause(self, at: int | None = None) -> None:
        """Leave frames out from a device frame on; None: from now on. See `resume`.

        A call replaces one before it whose frame has not come yet.
        """
        lib.pst_recording_pause(self._use(), _frame("at", at))

    def resume(self, at: int | None = None) -> None:
        """Go on after `pause` with a device frame, None: now. A new segment begins there."""
        lib.pst_recording_resume(self._use(), _frame("at", at))

    def trigger(self, at: int | None = None) -> None:
        """Begin with a device frame, None: now, as if the trigger's level had been reached.

        While a segment is being recorded this does nothing.

        Raises
        ------
        StateError
            The recording has no trigger.
        """
        err = new_error()
        check(lib.pst_recording_trigger(self._use(), _frame("at", at), err), err)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the recording is over.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once it is over, False if the time ran out.

        Raises
        ------
        DeviceLostError, BufferFull
            The stream has ended with an error.
        LimitError, OutOfMemoryError
            It has grown to `max_frames`, or to what the machine has.
        """
        limit = seconds("timeout", timeout)
        self._use()
        return self._finish(wait(self._look, limit))

    async def finished(self, timeout: float | None = None) -> bool:
        """Await the end; as `wait`, without blocking the event loop."""
        limit = seconds("timeout", timeout)
        pointer = self._use()
        return self._finish(
            await wait_async(self._look, lambda: lib.pst_recording_arm(pointer), limit)
        )

    def _look(self, slice_ns: int) -> int:
        return lib.pst_recording_wait(self._pointer, slice_ns, ffi.NULL)

    def _finish(self, status: int) -> bool:
        if status == Status.TIMEOUT and not self._is_over():
            return False
        self._let_go()
        if self.exception is not None:
            raise self.exception
        return True

    def _let_go(self) -> None:
        """Close a stream that was made for this recording."""
        if self._closes and not self.stream.closed:
            self.stream._close()

    # ---- What there is --------------------------------------------------------------------------

    def _info(self) -> Any:
        info = ffi.new("pst_recording_info *")
        lib.pst_recording_get_info(self._use(), info)
        return info

    @property
    def state(self) -> RecordingState:
        """Where the recording is in its life."""
        return state_of(self._info())

    def _is_over(self) -> bool:
        state = self.state
        return state in (RecordingState.DONE, RecordingState.FAILED, RecordingState.CANCELLED)

    @property
    def frames(self) -> int:
        """Frames recorded so far."""
        return int(self._info().n_frames)

    @property
    def duration(self) -> float:
        """Seconds recorded so far."""
        return self.frames / self.stream.samplerate

    @property
    def lost(self) -> int:
        """Frames that the device or the ring has lost in the middle of the recording.

        With ``gaps="silence"`` they are in it, as silence.
        """
        return int(self._info().lost_frames)

    @property
    def exception(self) -> PastreamError | None:
        """The error that ended the recording, or None."""
        if self._error is None:
            err = new_error()
            status = lib.pst_recording_error(self._use(), err)
            if status < 0:
                error = error_for(status, err)
                if isinstance(error, DeviceLostError):
                    error.frame = self.stream.frame_count
                self._error = error
        return self._error

    def array(self, timeout: float | None = None) -> Array:
        """Wait for the end, and return all that was recorded.

        Parameters
        ----------
        timeout : float, optional
            As for `wait`.

        Returns
        -------
        numpy.ndarray
            As `data`.

        Raises
        ------
        PastreamTimeoutError
            It is not over in time; it goes on.
        PastreamError
            As for `wait`. What was recorded before is in `data`.
        """
        if not self.wait(timeout):
            raise PastreamTimeoutError(
                f"timeout: the recording was not over within {timeout} s; stop() ends it"
            )
        return self.data

    @property
    def data(self) -> Array:
        """All that was recorded so far, as a new array.

        (frames, channels); (frames,) for one channel unless ``always_2d=True``. The segments follow
        each other.
        """
        return self._copy(0, self.frames)

    @property
    def segments(self) -> list[Segment]:
        """What was recorded so far, as runs of frames without a break.

        There is more than one after a pause, with ``retrigger=True`` and with ``gaps="skip"``.
        """
        pointer = self._use()
        segment = ffi.new("pst_segment *")
        found: list[Segment] = []
        while lib.pst_recording_get_segment(pointer, len(found), segment):
            data = self._copy(segment.offset, segment.n_frames)
            found.append(Segment(int(segment.frame), data))
        return found

    def _copy(self, offset: int, frames: int) -> Array:
        try:
            result: Array = np.empty((frames, *self._row), self._dtype)
        except MemoryError:
            raise OutOfMemoryError(
                f"the recording has {frames} frames; there is no memory for a copy of them"
            ) from None
        # Without the GIL.
        lib.pst_recording_copy(self._use(), offset, frames, address(result))
        return result

    def __len__(self) -> int:
        return self.frames

    def __bool__(self) -> bool:
        return True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if kind is None and self.exception is not None:
            raise self.exception

    def __repr__(self) -> str:
        info = self._info()
        return (
            f"<pastream_ng.Recording {state_of(info).value}, {info.n_frames} frames "
            f"in {info.n_segments} segments>"
        )


def _frame(name: str, value: Any) -> int:
    """Return a device frame, or C's word for now."""
    return -1 if value is None else integer(name, value, 0, unit="frames")
