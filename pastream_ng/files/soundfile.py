# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files as objects: read, write, seek."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address, frames_of, target_of
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import Handle, owner
from pastream_ng._native.places import open_place
from pastream_ng.enums import IoMode, Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, FileFormatError, StateError
from pastream_ng.files.kinds import FileFormat, new_format, raw_wanted
from pastream_ng.formats import FORMATS, SampleFormat, sample_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.arrays import Array

__all__ = ["SoundFile"]

_MODES = {"r": IoMode.READ, "w": IoMode.WRITE, "x": IoMode.CREATE}


class SoundFile(Handle):
    """A sound file, open for reading or for writing.

    The names are those of the soundfile package.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        A path; a file descriptor; or an object with ``read`` or ``write``, which is used from where
        it stands. What cannot seek (a pipe) can be read if it is WAV, RF64, AIFF, AU or RAW, and
        written if it is AU or RAW.
    mode : {"r", "w", "x"}
        Read; write, emptying a file that is there; write a file that must not be there yet.
    samplerate : int, optional
        Hz, 1 to 1 000 000. For new files and RAW ones; others say it themselves.
    channels : int, optional
        1 to 256. The same.
    subtype : {"PCM_S8", "PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE"}, optional
        The samples in the file. For new files, where the default is 16 bits, and RAW ones.
    endian : {"FILE", "LITTLE", "BIG", "CPU"}, optional
        The order of a sample's bytes. For new files and RAW ones.
    format : {"WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64", "RAW"}, optional
        The kind of a new file; None takes it from the extension. A file that is read tells its
        kind itself, but for ``"RAW"``.
    closefd : bool, optional
        Whether closing closes a descriptor. File objects stay open.

    Raises
    ------
    FileFormatError
        It is not a sound file of a known kind, or damaged.
    OSError
        The system does not let it be opened: `FileNotFoundError` and so on.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above, or does not fit the kind of file.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> with ps.SoundFile(place, "w", 48000, 2, format="WAV") as file:
    ...     file.write(np.zeros((100, 2)))
    >>> n = place.seek(0)
    >>> with ps.SoundFile(place) as file:
    ...     print(file.frames, file.samplerate, file.subtype, file.read(10).shape)
    100 48000 PCM_16 (10, 2)
    """

    _noun = "sound file"

    def __init__(
        self,
        file: Any,
        mode: str = "r",
        samplerate: int | None = None,
        channels: int | None = None,
        subtype: str | None = None,
        endian: str | None = None,
        format: str | None = None,
        closefd: bool = True,
    ) -> None:
        if not isinstance(mode, str) or mode not in _MODES:
            error = ArgumentError if isinstance(mode, str) else ArgumentTypeError
            raise error(f"mode is {shown(mode)}; it must be one of {', '.join(map(repr, _MODES))}")
        options = (samplerate, channels, subtype, endian)
        raw = None
        if mode != "r":
            wanted = new_format(file, *options, format)
        elif raw_wanted(file, format):
            raw = new_format(file, *options, "RAW", is_raw=True).to_c()
        else:
            for name, value in zip(
                ("samplerate", "channels", "subtype", "endian"), options, strict=True
            ):
                if value is not None:
                    raise ArgumentTypeError(
                        f"{name} is {shown(value)}; the file says it itself (only RAW files "
                        "and new ones are told)"
                    )
        if mode == "r":
            self._open_reader(file, raw, closefd)
        else:
            self._open_writer(file, mode, wanted, closefd)

    @classmethod
    def _create(cls, file: Any, mode: str, wanted: FileFormat, closefd: bool = True) -> SoundFile:
        """Return a new file whose format was checked already."""
        self = cls.__new__(cls)
        self._open_writer(file, mode, wanted, closefd)
        return self

    def _open_reader(self, file: Any, raw: Any, closefd: bool) -> None:
        place = open_place(file, IoMode.READ, closefd)
        out, err = owner("pst_decoder *", lib.pst_decoder_release), new_error()
        try:
            status = lib.pst_decoder_open(out, place.pointer, raw or ffi.NULL, err)
            if status == Status.OK:
                place.taken()
        finally:
            place.close()
        self._source, self._name, self._mode = place.source, place.name, "r"
        self._check(status, err)
        info = ffi.new("pst_decoder_info *")
        lib.pst_decoder_get_info(out[0], info)
        self._told = FileFormat.from_c(info.format)
        self._n_frames = int(info.n_frames)
        self._is_seekable = bool(info.is_seekable)
        self._ready(out)

    def _open_writer(self, file: Any, mode: str, wanted: FileFormat, closefd: bool) -> None:
        place = open_place(file, _MODES[mode], closefd)
        out, err = owner("pst_encoder *", lib.pst_encoder_release), new_error()
        try:
            status = lib.pst_encoder_open(out, place.pointer, wanted.to_c(), ffi.NULL, err)
            if status == Status.OK:
                place.taken()
        finally:
            place.close()
        self._source, self._name, self._mode = place.source, place.name, mode
        self._check(status, err)
        self._told = wanted
        self._is_seekable = False
        self._ready(out)

    def _ready(self, out: Any) -> None:
        self._lock = threading.Lock()
        self._user = ""
        self._is_done: Callable[[], bool] | None = None
        super().__init__(out)

    def _check(self, status: int, err: Any) -> int:
        """Raise what a call has met with: what a file object raised comes out as it is.

        Of many files, the one that is broken has to be told.
        """
        if status < 0 and self._source is not None and self._source.error is not None:
            error, self._source.error = self._source.error, None
            raise error
        if status == Status.BAD_FILE:
            raise FileFormatError(f"{shown(self._name)}: {error_for(status, err)}")
        return check(status, err)

    # ---- What it is -----------------------------------------------------------------------------

    @property
    def name(self) -> Any:
        """What the file was opened by."""
        return self._name

    @property
    def mode(self) -> str:
        """``"r"``, ``"w"`` or ``"x"``."""
        return self._mode

    @property
    def samplerate(self) -> int:
        """Hz."""
        return self._told.samplerate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._told.channels

    @property
    def format(self) -> str:
        """The kind of file, such as ``"WAV"``."""
        return self._told.container.name

    @property
    def subtype(self) -> str:
        """The samples in the file, such as ``"PCM_16"``."""
        return self._told.subtype_name

    @property
    def endian(self) -> str:
        """``"FILE"`` where the order of bytes is the usual one of the kind of file."""
        name = self._told.endian.name
        return "FILE" if name == "DEFAULT" else name

    @property
    def frames(self) -> int:
        """How many frames the file holds; -1 for a pipe, which tells only at its end."""
        if self._mode == "r":
            return self._n_frames
        return int(lib.pst_encoder_frames(self._pointer))

    def __len__(self) -> int:
        return max(0, self.frames)

    def __bool__(self) -> bool:
        return True  # Not the length: an empty file is a file.

    @property
    def clipped(self) -> int:
        """How many samples were written that the file could only store as full scale."""
        if self._mode == "r":
            return 0
        counts = ffi.new("pst_convert_counts *")
        lib.pst_encoder_get_counts(self._pointer, counts)
        return int(counts.n_clipped)

    def seekable(self) -> bool:
        """Whether `seek` works: in files that are read, and do not come from a pipe."""
        return self._is_seekable

    def __repr__(self) -> str:
        state = ", closed" if self._is_closed else ""
        return (
            f"<SoundFile {shown(self._name)}, mode {self._mode!r}: {self.format} {self.subtype}, "
            f"{self.samplerate} Hz, {self.channels} channels, {self.frames} frames{state}>"
        )

    # ---- Reading --------------------------------------------------------------------------------

    def read(
        self,
        frames: int = -1,
        dtype: Any = "float32",
        always_2d: bool = False,
        fill_value: float | None = None,
        out: Any = None,
    ) -> Array:
        """Read frames from where the file stands.

        Parameters
        ----------
        frames : int, optional
            How many; -1 reads to the end.
        dtype : str or numpy.dtype, optional
            As for streams; integers are scaled to full scale.
        always_2d : bool, optional
            Whether mono comes as (frames, 1), too.
        fill_value : float, optional
            What to fill up with at the end of the file, instead of giving fewer frames.
        out : numpy.ndarray, optional
            Memory for the frames, of the shape (frames, channels), or (frames,) for mono; its
            dtype and length are taken, and it (or its filled part) is returned.

        Returns
        -------
        numpy.ndarray
            (frames, channels), or (frames,) for mono; fewer frames only at the end.

        Raises
        ------
        SystemCallError, FileFormatError
            The file cannot be read on. What a file object raises comes out as it is.
        StateError
            It is open for writing, or a stream plays it.
        """
        pointer = self._to_read("read")
        if out is not None:
            form = sample_format(getattr(out, "dtype", None))
            target = target_of("out", out, form, self.channels)
            wanted = len(target)
        else:
            form = sample_format(dtype)
            wanted = integer("frames", frames, -1, unit="frames")
            target = None
        with self._lock:
            self._refuse_used()
            if target is None:
                target = self._read_new(pointer, wanted, form, fill_value is not None)
                n = len(target) if wanted < 0 else self._read_into(pointer, target, form)
            else:
                n = self._read_into(pointer, target, form)
        if fill_value is not None and n < wanted:
            target[n:] = fill_value
            n = wanted
        if out is not None:
            filled: Array = out if n == len(out) else out[:n]
            return filled
        result: Array = target[:n]
        return result if always_2d or self.channels > 1 else result.reshape(-1)

    def _read_new(self, pointer: Any, wanted: int, form: SampleFormat, is_filled: bool) -> Array:
        """Return memory for a read; the frames themselves, if nobody knows how many."""
        left = -1 if self._n_frames < 0 else self._n_frames - self.tell()
        if wanted >= 0:
            n = wanted if left < 0 or is_filled else min(wanted, left)
            return np.empty((n, self.channels), form.dtype)
        if left >= 0:
            target = np.empty((left, self.channels), form.dtype)
            return target[: self._read_into(pointer, target, form)]
        pieces = []
        while True:
            piece = np.empty((65536, self.channels), form.dtype)
            n = self._read_into(pointer, piece, form)
            pieces.append(piece[:n])
            if n < len(piece):
                return np.concatenate(pieces)

    def _read_into(self, pointer: Any, target: Array, form: SampleFormat) -> int:
        n_read, err = ffi.new("uint64_t *"), new_error()
        if len(target):
            data = ffi.from_buffer(target)
            status = lib.pst_decoder_read(pointer, data, form.code, len(target), n_read, err)
            self._check(status, err)
        return int(n_read[0])

    def seek(self, frames: int, whence: int = io.SEEK_SET) -> int:
        """Go to a frame of a file that is read; return its number.

        Parameters
        ----------
        frames : int
            Counted from the start, from here, or from the end (negative then).
        whence : int, optional
            ``io.SEEK_SET``, ``io.SEEK_CUR`` or ``io.SEEK_END``.

        Raises
        ------
        StateError
            It is open for writing, comes from a pipe, or a stream plays it.
        ArgumentError
            There is no such frame.
        """
        pointer = self._to_read("seek")
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._n_frames}
        if whence not in bases:
            raise ArgumentError(f"whence is {shown(whence)}; it must be 0, 1 or 2")
        frame = bases[whence] + integer("frames", frames, -(2**62), unit="frames")
        with self._lock:
            self._refuse_used()
            err = new_error()
            self._check(lib.pst_decoder_seek(pointer, frame, err), err)
        return frame

    def tell(self) -> int:
        """Return the frame that is read or written next."""
        if self._mode == "r":
            return int(lib.pst_decoder_position(self._use()))
        return self.frames

    def _to_read(self, what: str) -> Any:
        pointer = self._use()
        if self._mode != "r":
            raise StateError(
                f"{what}: the sound file was opened with mode {self._mode!r}, for writing; open "
                "it with mode 'r'"
            )
        return pointer

    # ---- Writing --------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        """Append frames.

        Parameters
        ----------
        data : array
            (frames, channels), or (frames,) for mono; of any dtype of streams, except ``"int24"``,
            which is int32 here. Integers are full scale at their own width; what is beyond full
            scale of the file's samples is clipped and counted in `clipped`.

        Raises
        ------
        SystemCallError
            The disk is full, or the like. All that was written before stays a valid file.
        LimitError
            The kind of file cannot hold so much: WAV and AIFF end at 4 GiB.
        StateError
            It is open for reading, or a stream records into it.
        """
        pointer = self._to_write("write")
        array = np.asarray(data)
        form = FORMATS.get(array.dtype.newbyteorder("=").name)
        if array.dtype.kind == "f" and form is None:
            form = FORMATS["float64" if array.dtype.itemsize > 4 else "float32"]
        if form is None:
            raise ArgumentTypeError(
                f"data has dtype {array.dtype.name}; it must be one of {', '.join(FORMATS)}"
            )
        frames = frames_of("data", array, form, self.channels)
        with self._lock:
            self._refuse_used()
            err = new_error()
            status = lib.pst_encoder_write(pointer, address(frames), form.code, len(frames), err)
            self._check(status, err)

    def flush(self) -> None:
        """Bring the header up to date: what is written so far can be read by others.

        On a file that is read this does nothing.
        """
        pointer = self._use()
        if self._mode != "r":
            with self._lock:
                self._refuse_used()
                err = new_error()
                self._check(lib.pst_encoder_update(pointer, err), err)

    def _to_write(self, what: str) -> Any:
        pointer = self._use()
        if self._mode == "r":
            raise StateError(
                f"{what}: the sound file was opened with mode 'r', for reading; open it with "
                "mode 'w' or 'x'"
            )
        return pointer

    # ---- For streams ----------------------------------------------------------------------------

    def _is_lent(self) -> bool:
        """Whether a stream has the file."""
        if self._user and self._is_done is not None and self._is_done():
            self._give_back()
        return bool(self._user)

    def _refuse_used(self) -> None:
        if self._is_lent():
            raise StateError(f"the sound file is in use: {self._user}")

    def _lend(self, user: str) -> Any:
        """Give the C object to a stream, and keep everybody else out until `_give_back`."""
        pointer = self._use()
        with self._lock:
            self._refuse_used()
            self._user = user
        return pointer

    def _leave_to(self, is_done: Callable[[], bool]) -> None:
        """Give the file back as soon as something is so."""
        self._user, self._is_done = "its last frames are still on their way", is_done

    def _give_back(self) -> None:
        self._user, self._is_done = "", None

    def _error_of(self, status: int, err: Any) -> BaseException:
        """Return what a worker has met with, see `_check`."""
        if self._source is not None and self._source.error is not None:
            error, self._source.error = self._source.error, None
            return error
        return error_for(status, err)

    def _as_source(self, stream: Any, loop: bool, buffersize: int | None) -> Any:
        """Return what plays the file; see `Endpoint`."""
        from pastream_ng.files.endpoints import FileSource

        return FileSource(self, stream._output, stream.samplerate, loop, buffersize)

    def _as_sink(self, stream: Any, buffersize: int | None) -> Any:
        """Return what records into the file; see `Endpoint`."""
        from pastream_ng.files.endpoints import FileSink

        return FileSink(self, stream._input, stream.samplerate)

    # ---- The end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file; one that is written is completed before. Idempotent.

        Raises
        ------
        SystemCallError, LimitError
            The first error that the file met with, also if it was raised before.
        StateError
            A stream still plays it or records into it.
        """
        if self._is_closed:
            return
        with self._lock:
            self._refuse_used()
            self._is_closed = True
            err = new_error()
            status = 0
            if self._mode == "r":
                lib.pst_decoder_close(self._pointer)
            else:
                status = lib.pst_encoder_finish(self._pointer, err)
        self._check(status, err)
