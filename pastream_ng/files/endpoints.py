# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files at the ends of a stream: a C thread moves the frames, without Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._native import ffi, lib, system
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.ring import NativeRing
from pastream_ng._native.text import decode
from pastream_ng._native.waits import wait
from pastream_ng.enums import Format, Status
from pastream_ng.errors import ArgumentError, PastreamTimeoutError
from pastream_ng.files.formats import new_format
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.rings.views import User, nobody
from pastream_ng.streams.endpoints import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng.streams.base import StreamBase
    from pastream_ng.streams.options import Side

__all__ = ["FileSink", "FileSource", "sink_of_path", "source_of_path"]

# How long the end of a run waits for a slow disk, in seconds. What is left is written later.
_FINISH_S = 5.0


class FileUser(User):
    """A sound file at the end of a ring, which lets others in once its worker is done."""

    __slots__ = ("is_done",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.is_done: Callable[[], bool] | None = None

    def refuse(self, text: str) -> None:
        """Keep the calling thread out, if that is still needed."""
        if self.is_done is None or not self.is_done():
            super().refuse(text)


class _FileEnd(Endpoint):
    """What playing and recording have in common: a chain per run."""

    def __init__(
        self,
        file: SoundFile,
        side: Side,
        samplerate: float,
        reopen: Callable[[], SoundFile] | None,
    ) -> None:
        _check_rate(file, samplerate)
        self.file = file
        self._rate = samplerate
        self._reopen = reopen
        if reopen is not None:
            file._warns = False  # Ours: nobody else could close it.
        self._code = int(side.form.code)
        self._channels = side.channels
        self._user = FileUser(f"the sound file {file.name!r}")
        self._chain: Any = None

    def _file_code(self) -> int:
        """Return the format in which samples come from the file, or go to it."""
        if self.file.samplerate == round(self._rate):
            return self._code
        # Resampled ones are not to be rounded twice.
        is_wide = self._code in (Format.F64, Format.I32, Format.I24)
        return int(Format.F64 if is_wide else Format.F32)

    def _launch(self, source: Any, sink: Any, source_rate: float, sink_rate: float) -> None:
        """Start a chain, which owns its two ends from then on, and what makes them fit."""
        chain, err = owner("pst_chain *", lib.pst_chain_release), new_error()
        fit, n = ffi.new("pst_fit *"), ffi.new("uint32_t *")
        stages = ffi.new("pst_stage *[]", lib.PST_FIT_MAX_STAGES)
        lib.pst_fit_default(fit)
        fit.source_rate_hz, fit.sink_rate_hz = source_rate, sink_rate
        check(lib.pst_chain_fit(stages, n, source[0], sink[0], fit, err), err)
        status = lib.pst_chain_create_staged(
            chain, system.get(), source[0], stages, n[0], sink[0], err
        )
        if status != Status.OK:
            for stage in stages[0 : n[0]]:
                lib.pst_stage_destroy(stage)
        check(status, err)
        source[0] = sink[0] = ffi.NULL
        check(lib.pst_chain_start(chain[0], err), err)
        self._chain = chain

    def _finish(self) -> None:
        """Wait for the C thread, and raise what it has met with."""
        chain, self._chain = self._chain, None
        if chain is None:
            return
        err = new_error()
        status = wait(lambda ns: lib.pst_chain_wait(chain[0], ns, err), _FINISH_S)
        if status == Status.TIMEOUT:
            # The thread goes on alone, and the file stays with it until it has written the rest.
            _slow[:] = [other for other in _slow if not _is_over(other)]
            _slow.append(chain)
            self.file._leave_to(lambda: _is_over(chain))
            raise PastreamTimeoutError(
                f"timeout: the sound file {self.file.name!r} could not be written or read within "
                f"{_FINISH_S:g} s of the end of the run; what is left is done in the background"
            )
        self.file._give_back()
        if status < 0:
            raise self.file._error_of(status, err, self._origin_of(chain))

    def _origin_of(self, chain: Any) -> str:
        """Return where the error of a chain comes from; "" for the stream, which tells itself."""
        told = lib.pst_chain_origin(chain[0], ffi.NULL)
        kind = decode(told) if told else ""
        return {"file": f"the sound file {self.file.name!r}", "ring": ""}.get(kind, kind)

    def _lend(self, user: str) -> Any:
        """Return the C object of the file, for this run alone."""
        if self._reopen is not None and self.file.closed:
            self.file = self._reopen()
            self.file._warns = False
        return self.file._lend(user)

    def _close(self) -> None:
        """Close a file that was given by its name: each run begins it anew."""
        if self._reopen is not None and not self.file._is_lent():
            self.file.close()


# Chains whose disk was too slow. They end by themselves, and would not if they were dropped.
_slow: list[Any] = []


def _is_over(chain: Any) -> bool:
    return bool(lib.pst_chain_wait(chain[0], 0, ffi.NULL) != Status.TIMEOUT)


class FileSource(_FileEnd):
    """Plays a sound file from where it stands; over and over, if it is to be a loop."""

    prebuffers = True

    def __init__(
        self,
        file: SoundFile,
        side: Side,
        samplerate: float,
        loop: bool,
        buffersize: int | None = None,
        reopen: Any = None,
    ) -> None:
        decoder = file._to_read("play")
        super().__init__(file, side, samplerate, reopen)
        self._repeats = loop
        self._first = 0
        self._make(decoder)  # Raises what is wrong with a loop.
        if buffersize is not None:
            frame_bytes = side.channels * int(lib.pst_format_bytes(side.form.code))
            self.ring = NativeRing.create(buffersize, frame_bytes)

    def _make(self, decoder: Any) -> Any:
        source, err = owner("pst_source *", lib.pst_source_destroy), new_error()
        check(lib.pst_source_file(source, decoder, self._file_code(), self._repeats, err), err)
        return source

    def begin(self, stream: StreamBase) -> None:
        """Begin to fill the ring."""
        ring = stream._own_output()
        assert ring is not None
        pointer = ring._ring.pointer
        decoder = self._lend("a stream plays it")
        try:
            with ring._write_lock:
                ring._check_writer()
                ring._write_user = ref(self._user)
            lib.pst_ring_restart(pointer)
            lib.pst_ring_skip(pointer, 0, 2**62)
            self._first = self.file.tell()
            sink, err = owner("pst_sink *", lib.pst_sink_destroy), new_error()
            channels = self._channels
            check(lib.pst_sink_ring(sink, pointer, ffi.NULL, self._code, channels, err), err)
            self._launch(self._make(decoder), sink, self.file.samplerate, self._rate)
        except BaseException:
            self._leave(stream)
            self.file._give_back()
            raise

    def _leave(self, stream: StreamBase) -> None:
        ring = stream._own_output()
        if ring is not None and ring._write_user() is self._user:
            ring._write_user = nobody

    def end(self, stream: StreamBase) -> None:
        """Stop reading ahead, and go back to the first frame that was not played."""
        if self._chain is None:
            return
        lib.pst_chain_cancel(self._chain[0])
        self._leave(stream)
        try:
            self._finish()
        finally:
            self._go_back(stream)
            self._close()

    def _go_back(self, stream: StreamBase) -> None:
        file = self.file
        if file.closed or not file.seekable() or file._is_lent():
            return
        stats = ffi.new("pst_stream_stats *")
        lib.pst_stream_get_stats(stream._pointer, stats)
        played = int(stats.played_frames)
        if file.samplerate != round(self._rate):
            played = int(played * file.samplerate / self._rate)
        frame = self._first + played
        if self._repeats:
            frame %= file.frames
        elif file.frames >= 0:
            frame = min(frame, file.frames)
        lib.pst_decoder_seek(file._pointer, frame, ffi.NULL)


class FileSink(_FileEnd):
    """Records into a sound file, behind what it holds."""

    def __init__(self, file: SoundFile, side: Side, samplerate: float, reopen: Any = None) -> None:
        file._to_write("record")
        super().__init__(file, side, samplerate, reopen)

    def begin(self, stream: StreamBase) -> None:
        """Begin to empty the ring. Nothing was lost meanwhile: it is deep enough."""
        ring = stream._own_input()
        assert ring is not None
        pointer = ring._ring.pointer
        encoder = None
        try:
            encoder = self._lend("a stream records into it")
            ring._claim(self._user)
            self._user.is_done = None
            source, err = owner("pst_source *", lib.pst_source_destroy), new_error()
            sink = owner("pst_sink *", lib.pst_sink_destroy)
            channels, code = self._channels, self._file_code()
            check(lib.pst_sink_file(sink, encoder, stream._pointer, code, err), err)
            check(lib.pst_source_ring_lent(source, pointer, 0, self._code, channels, err), err)
            self._launch(source, sink, self._rate, self.file.samplerate)
        except BaseException:
            ring._unclaim(self._user)
            if encoder is not None:
                self.file._give_back()
            stream._stop_quietly()  # Nobody would empty the ring.
            raise

    def end(self, stream: StreamBase) -> None:
        """Wait until all that the ring holds is in the file."""
        if self._chain is None:
            return
        ring = stream._own_input()
        assert ring is not None
        # A device that is gone has not ended the ring.
        lib.pst_chain_stop(self._chain[0])
        try:
            self._finish()
        finally:
            # A worker that is late still reads there.
            self._user.is_done = lambda: not self.file._is_lent()
            if self._user.is_done():
                ring._unclaim(self._user)
            self._close()


def _check_rate(file: SoundFile, samplerate: float) -> None:
    most = int(lib.PST_RESAMPLE_MAX_RATIO)
    low, high = sorted((file.samplerate, samplerate))
    if high > most * low:
        raise ArgumentError(
            f"the sound file {file.name!r} has {file.samplerate} Hz and the stream "
            f"{samplerate:g}; rates can be changed by a factor of {most} at most: open the stream "
            f"with samplerate={file.samplerate}"
        )


def source_of_path(stream: StreamBase, path: Any, loop: bool, buffersize: int | None) -> FileSource:
    """Return the source for a file that is given by its name."""
    side = stream._output
    assert side is not None

    def open_file() -> SoundFile:
        return SoundFile(path)

    file = open_file()
    try:
        return FileSource(file, side, stream.samplerate, loop, buffersize, open_file)
    except BaseException:
        file.close()
        raise


def sink_of_path(stream: StreamBase, path: Any) -> FileSink:
    """Return the sink for a file that is given by its name. It is made now, and by later runs."""
    side = stream._input
    assert side is not None
    wanted = new_format(
        path, stream.samplerate, side.channels, None, None, None, side.form, fits_rate=True
    )

    def make_file() -> SoundFile:
        return SoundFile._create(path, "w", wanted)

    return FileSink(make_file(), side, stream.samplerate, make_file)
