# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""One job of C: started, asked, cancelled, waited for."""

from __future__ import annotations

import atexit
import errno
import os
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pastream_ng._checks import shown_file
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import keep_for_ever, owner
from pastream_ng._native.text import decode
from pastream_ng._native.waits import Deadline, wait, wait_async
from pastream_ng.enums import ChainState, Encoding, Status
from pastream_ng.errors import (
    ArgumentError,
    CodecMissingError,
    DamagedFileError,
    FileFormatError,
    SystemCallError,
    TranscodeCancelledError,
)
from pastream_ng.files.damage import damage_from
from pastream_ng.files.formats import FileFormat
from pastream_ng.transcoding.plan import to_c, told_here
from pastream_ng.transcoding.values import FormatInfo, Progress, TranscodeStats

if TYPE_CHECKING:
    from pastream_ng.transcoding.ends import Ends
    from pastream_ng.transcoding.plan import Plan

__all__ = ["Job"]

_OVER = (ChainState.DONE, ChainState.FAILED, ChainState.CANCELLED)
# How long the end of the program waits for what it has cancelled, in seconds.
_EXIT_S = 2.0


class Job:
    """A job, from its making to its end.

    Parameters
    ----------
    plan : Plan
        What is wanted.
    ends : Ends
        The files, which the job takes.
    """

    def __init__(self, plan: Plan, ends: Ends) -> None:
        self._pid = os.getpid()
        self._given, self._target = ends.paths
        self._wants_all = plan.fails_on_damage
        self._sources = ends.sources
        self._memory = ends.memory
        self._owned = owner("pst_job *", lib.pst_job_release)
        config, keep = to_c(plan)
        ends.give(config)
        err = new_error()
        status = lib.pst_job_create(self._owned, config, err)
        # A graph's functions in Python have to live as long as the job.
        self._kept = keep
        if status < 0:
            ends.close()
            raise _refusal(status, err)
        ends.taken()
        self._pointer = self._owned[0]

    def __del__(self) -> None:
        # The memory must not go while it is read, which a cancel ends at once.
        if getattr(self, "_memory", None) is None or not hasattr(self, "_pointer"):
            return
        if self._pid == os.getpid() and self.state() not in _OVER:
            self.cancel()
            if not self.wait(_EXIT_S):
                keep_for_ever([self._memory])

    def start(self) -> None:
        """Start its threads."""
        err = new_error()
        _live.add(self)
        status = lib.pst_job_start(self._pointer, err)
        if status == Status.BAD_STATE and self.state() == ChainState.CANCELLED:
            return  # By another thread, just before; the wait tells.
        check(status, err)

    def cancel(self) -> None:
        """End it as soon as possible; there will be no new file. Does not wait."""
        lib.pst_job_cancel(self._pointer)

    def look(self, slice_ns: int) -> int:
        """Wait for the end; return the status: PST_TIMEOUT if it has not come."""
        status = int(lib.pst_job_wait(self._pointer, slice_ns, ffi.NULL))
        if status != Status.TIMEOUT:
            _live.discard(self)
            self._memory = None  # Nobody reads it any more.
        return status

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end; False if it does not come in time."""
        return wait(self.look, seconds) != Status.TIMEOUT

    async def wait_async(self, seconds: float | None) -> bool:
        """Await the end; False if it does not come in time."""
        status = await wait_async(self.look, self.arm, seconds)
        return status != Status.TIMEOUT

    def arm(self) -> int:
        """Return a descriptor that becomes readable at the end; a negative one: there is none."""
        return int(lib.pst_job_arm(self._pointer))

    # ---- What there is to tell ------------------------------------------------------------------

    def state(self) -> ChainState:
        """Return how it is doing."""
        return ChainState(self._counters().state)

    def _counters(self) -> Any:
        counters = ffi.new("pst_job_progress *")
        lib.pst_job_get_progress(self._pointer, counters)
        return counters

    def progress(self) -> Progress:
        """Return how far it has come, without a lock."""
        counters = self._counters()
        elapsed = counters.elapsed_ns / 1e9
        frames, total = int(counters.in_frames), int(counters.total_frames)
        in_rate, out_rate = int(counters.in_rate_hz), int(counters.out_rate_hz)
        seconds = frames / in_rate if in_rate else 0.0
        written = counters.out_frames / out_rate if out_rate else 0.0
        size = int(counters.out_bytes)
        speed = seconds / elapsed if elapsed > 0 else 0.0
        duration = total / in_rate if in_rate and total >= 0 else None
        percent = eta = None
        if counters.state == ChainState.DONE:
            percent, eta, duration = 100.0, 0.0, seconds
        elif duration is not None:
            # The codec's last frames and the end of the file are still to come.
            percent = min(99.9, 100.0 * frames / total) if total else 0.0
            eta = max(0.0, duration - seconds) / speed if speed else None
        return Progress(
            percent,
            frames,
            seconds,
            duration,
            speed,
            eta,
            size,
            round(size * 8 / written) if written else 0,
            elapsed,
        )

    def stats(self) -> TranscodeStats:
        """Return what came of it; it is over and well."""
        counters = self._counters()
        result, err = ffi.new("pst_job_result *"), new_error()
        check(lib.pst_job_get_result(self._pointer, result, err), err)
        came = _format_of(result.in_format, result.in_bitrate_bps)
        made = _format_of(result.out_format, result.out_bitrate_bps)
        n_in, n_out = int(counters.in_frames), int(counters.out_frames)
        seconds, elapsed = n_in / came.samplerate, counters.elapsed_ns / 1e9
        known = int(result.in_length_bytes)
        in_size = known if known >= 0 else int(counters.in_bytes)
        out_size = int(counters.out_bytes)
        return TranscodeStats(
            packets_processed=int(counters.n_packets),
            frames_decoded=n_in,
            frames_encoded=n_out,
            input_size=in_size,
            output_size=out_size,
            compression_ratio=in_size / out_size if out_size else 0.0,
            seconds=seconds,
            duration=n_out / made.samplerate,
            elapsed=elapsed,
            speed=seconds / elapsed if elapsed > 0 else 0.0,
            peak=float(result.peak),
            clipped_samples=int(result.counts.n_clipped),
            input_format=came,
            output_format=made,
            damage=damage_from(result.damage),
        )

    # ---- Its end --------------------------------------------------------------------------------

    def error(self) -> BaseException | None:
        """Return why there is no result, None if there is one. To be asked once."""
        for source in self._sources:
            if source.error is not None:
                error, source.error = source.error, None
                return error
        err = new_error()
        status = lib.pst_job_error(self._pointer, err)
        if status >= 0:
            if self.state() == ChainState.CANCELLED:
                return TranscodeCancelledError(
                    "the transcoding was cancelled; there is no new file"
                )
            return None
        origin = lib.pst_job_origin(self._pointer)
        return self._told(status, err, decode(origin) if origin else "job")

    def _told(self, status: int, err: Any, origin: str) -> BaseException:
        path = {"input": self._given, "output": self._target}.get(origin)
        text = told_here(decode(err.text))
        if status == Status.SYSTEM_ERROR:
            code = int(err.native_code)
            if code == errno.EEXIST:
                text = "a file has come meanwhile; overwrite=True replaces it"
            text = f"{origin}: {text}"
            return (
                SystemCallError(code, text) if path is None else SystemCallError(code, text, path)
            )
        if status in (Status.BAD_ARGUMENT, Status.UNSUPPORTED):
            return _refusal(status, err)
        text = f"{origin if path is None else shown_file(path)}: {text}"
        if status != Status.BAD_FILE:
            return error_for(status, text=text)
        if not self._wants_all:
            return FileFormatError(text)
        error, result = DamagedFileError(text), ffi.new("pst_job_result *")
        if lib.pst_job_get_result(self._pointer, result, ffi.NULL) == Status.OK:
            error.damage = damage_from(result.damage)
        return error


def _refusal(status: int, err: Any) -> BaseException:
    text = told_here(decode(err.text))
    if status == Status.BAD_ARGUMENT:
        return ArgumentError(text)
    if status == Status.UNSUPPORTED:
        return CodecMissingError(text)
    return error_for(status, err)


def _format_of(found: Any, bitrate: int) -> FormatInfo:
    told = FileFormat.from_c(found)
    return FormatInfo(
        told.container.name,
        told.subtype_name,
        told.encoding.name,
        told.samplerate,
        told.channels,
        told.bits,
        (int(bitrate) or None) if told.encoding not in (Encoding.PCM, Encoding.FLAC) else None,
    )


# ---- The end of the program ----------------------------------------------------------------------

_live: WeakSet[Job] = WeakSet()


def _end_all() -> None:
    """Cancel what is under way while there still is a Python to call."""
    jobs = [job for job in list(_live) if job._pid == os.getpid()]
    for job in jobs:
        job.cancel()
    deadline = Deadline(_EXIT_S)
    for job in jobs:
        job.wait(deadline.left())


atexit.register(_end_all)
