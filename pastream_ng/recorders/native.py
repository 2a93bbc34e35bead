# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A recording into files, as C has it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.places import open_place
from pastream_ng._native.text import decode
from pastream_ng.enums import DiskFull, IoMode, Status
from pastream_ng.errors import DeviceLostError, ForkedError
from pastream_ng.files.formats import FileFormat
from pastream_ng.files.options import WriteOptions
from pastream_ng.recorders.rotation import Names, Rotation
from pastream_ng.recorders.values import RecordedFile
from pastream_ng.recordings.values import RecordingState, state_of

if TYPE_CHECKING:
    from pastream_ng._native.places import FileObject
    from pastream_ng.graph.effect import GraphEffect
    from pastream_ng.streams.input import InputStream

__all__ = ["NativeRecording", "Plan"]

_MOST_PATH = 4096
_NOW = -1


class Plan(NamedTuple):
    """Which files to write, complete and checked."""

    file: Any
    names: Names | None
    format: FileFormat
    options: WriteOptions
    rotation: Rotation
    overwrites: bool
    sync_ns: int
    on_full: DiskFull
    effect: GraphEffect | None


class NativeRecording:
    """A ``pst_recording`` into files, from its begin on."""

    def __init__(self, stream: InputStream, take: Any, plan: Plan) -> None:
        self._stream = stream
        self._pid = os.getpid()
        self._source: FileObject | None = None
        self._error: BaseException | None = None
        self._owned = owner("pst_recording *", lib.pst_recording_destroy)
        self._create(take, plan)
        self._pointer = self._owned[0]

    def _create(self, take: Any, plan: Plan) -> None:
        series, native = ffi.new("pst_series *"), plan.options.to_c()
        lib.pst_series_default(series)
        series.format = plan.format.to_c()[0]
        series.options = native.pointer
        series.overwrites, series.sync_every_ns = plan.overwrites, plan.sync_ns
        series.max_frames, series.max_bytes, series.splits_segments = plan.rotation
        series.on_disk_full = plan.on_full
        if plan.effect is not None:
            # Its functions in Python have to live as long as the recording.
            self._graph = plan.effect.begin()
            series.graph = self._graph._core.pointer
        err, pointer = new_error(), self._stream._use()
        while True:
            if plan.names is not None:
                texts = [ffi.new("char[]", name) for name in plan.names]
                series.first, series.next = texts
                status = lib.pst_recording_create_files(self._owned, pointer, take, series, err)
            else:
                status = self._create_in_place(take, plan.file, series, err)
            if status != Status.SYSTEM_ERROR or err.native_code != errno.EINTR:
                break
        if self._source is not None and self._source.error is not None and status < 0:
            raise self._source.error
        if status == Status.SYSTEM_ERROR and plan.names is not None:
            raise OSError(err.native_code, decode(err.text))  # The subclass for that errno.
        check(status, err)

    def _create_in_place(self, take: Any, file: Any, series: Any, err: Any) -> int:
        stream = self._stream._use()
        place = open_place(file, IoMode.WRITE)
        series.place = place.pointer
        place.taken()  # Whatever comes of it.
        status = lib.pst_recording_create_files(self._owned, stream, take, series, err)
        self._source = place.source
        return int(status)

    def _use(self) -> Any:
        if self._pid != os.getpid():
            raise ForkedError(
                "this recorder belongs to the process that made it, which was forked since; make "
                "one here, with multiprocessing's 'spawn' start method"
            )
        return self._pointer

    # ---- Orders ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """End with what was captured by now."""
        lib.pst_recording_stop(self._use(), _NOW)

    def cancel(self) -> None:
        """End at once."""
        lib.pst_recording_cancel(self._use())

    def pause(self) -> None:
        """Leave out what comes."""
        lib.pst_recording_pause(self._use(), _NOW)

    def resume(self) -> None:
        """Take what comes."""
        lib.pst_recording_resume(self._use(), _NOW)

    def trigger(self) -> None:
        """Begin now."""
        err = new_error()
        check(lib.pst_recording_trigger(self._use(), _NOW, err), err)

    def split(self, frame: int) -> None:
        """Begin a new file with a device frame, -1: the next one."""
        err = new_error()
        check(lib.pst_recording_split(self._use(), frame, err), err)

    def look(self, slice_ns: int) -> int:
        """Wait for the end; return the status."""
        return lib.pst_recording_wait(self._use(), slice_ns, ffi.NULL)

    def arm(self) -> int:
        """Arm a descriptor for the end."""
        return lib.pst_recording_arm(self._use())

    # ---- What there is --------------------------------------------------------------------------

    def _info(self) -> Any:
        info = ffi.new("pst_recording_info *")
        lib.pst_recording_get_info(self._pointer, info)
        return info

    @property
    def state(self) -> RecordingState:
        """Where it is in its life."""
        return state_of(self._info())

    @property
    def frames(self) -> int:
        """How many are in files."""
        return int(self._info().n_frames)

    def error(self) -> BaseException | None:
        """Return what ended it, always the same object; None if that was no error."""
        if self._error is None:
            err = new_error()
            status = lib.pst_recording_error(self._pointer, err)
            if status < 0 and self._source is not None and self._source.error is not None:
                self._error = self._source.error
            elif status < 0:
                self._error = error_for(status, err)
                if isinstance(self._error, DeviceLostError):
                    self._error.frame = self._stream.frame_count
        return self._error

    def files(self, samplerate: int, name: str) -> tuple[RecordedFile, ...]:
        """Return what became of each file. `name` is that of one without a path."""
        told, path = ffi.new("pst_series_file *"), ffi.new("char[]", _MOST_PATH)
        found: list[RecordedFile] = []
        while lib.pst_recording_get_file(self._pointer, len(found), told, path, _MOST_PATH):
            found.append(
                RecordedFile(
                    path=os.fsdecode(ffi.string(path)) or name,
                    frames=int(told.n_frames),
                    seconds=told.n_frames / samplerate,
                    bytes=int(told.n_bytes),
                    first_frame=int(told.frame),
                    opened=float(told.opened_s),
                    complete=bool(told.is_complete),
                    error=int(told.error_code),
                )
            )
        return tuple(found)

    @staticmethod
    def no_counts() -> dict[str, Any]:
        """Return `counts` of what has not begun."""
        names = ("frames", "lost_frames", "unwritten_frames", "clipped", "nonfinite", "disk_errors")
        return {**dict.fromkeys(names, 0), "peak": 0.0}

    def counts(self) -> dict[str, Any]:
        """Return what `RecorderStats` has of them."""
        made, series = self.no_counts(), ffi.new("pst_series_info *")
        if lib.pst_recording_get_series(self._pointer, series):
            made.update(
                frames=int(series.n_frames),
                lost_frames=int(self._info().lost_frames),
                unwritten_frames=int(series.left_frames),
                clipped=int(series.n_clipped),
                nonfinite=int(series.n_nonfinite),
                disk_errors=int(series.n_failures),
                peak=float(series.peak),
            )
        return made
