# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files as objects: read, write, seek."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address, frames_of, numbers_of, target_of
from pastream_ng._native.errors import new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.interrupt import interruptible
from pastream_ng._native.places import open_place
from pastream_ng.enums import BitrateMode, Dither, Encoding, IoMode, Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.files.blocks import blocks_of
from pastream_ng.files.damage import Damage, damage_of
from pastream_ng.files.facts import FileFacts
from pastream_ng.files.formats import FileFormat, check_encoder, new_format
from pastream_ng.files.kinds import raw_wanted
from pastream_ng.files.memory import fill_of, read_growing
from pastream_ng.files.options import DEFAULT_OPTIONS, WriteOptions, new_options
from pastream_ng.files.tags import Tags
from pastream_ng.formats import FORMATS, sample_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng._native.arrays import Array

__all__ = ["SoundFile"]

# Frames that are decoded at a time, between two looks at Ctrl-C.
_STEP_FRAMES = 1 << 19
_MODES = {"r": IoMode.READ, "w": IoMode.WRITE, "x": IoMode.CREATE}


class SoundFile(FileFacts):
    """A sound file, open for reading or for writing.

    The names are those of the soundfile package.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        A path; a file descriptor; or an object with ``read`` or ``write``, which is used from where
        it stands. What cannot seek (a pipe) serves where the kind of file allows it.
    mode : {"r", "w", "x"}
        Read; write, emptying a file that is there; write a file that must not be there yet.
    samplerate : int, optional
        Hz, 1 to 1 000 000. For new files and RAW ones; others say it themselves.
    channels : int, optional
        1 to 256. The same.
    subtype : str, optional
        How a new file stores the samples; RAW files need it for reading, too. ``"PCM_16"`` (the
        default), ``"PCM_24"``, ``"PCM_32"``, ``"PCM_S8"``, ``"PCM_U8"``, ``"FLOAT"``, ``"DOUBLE"``,
        ``"ULAW"``, ``"ALAW"``; in FLAC files all of ``"PCM_4"`` to ``"PCM_32"``; in OGG files
        ``"VORBIS"`` (the default), ``"OPUS"`` or ``"FLAC"``. Others leave no choice.
    endian : {"FILE", "LITTLE", "BIG", "CPU"}, optional
        The order of a sample's bytes. For new files of PCM and RAW ones.
    format : str, optional
        The kind of a new file; None takes it from the extension. ``"WAV"``, ``"WAVEX"``,
        ``"RF64"``, ``"AIFF"``, ``"AU"``, ``"CAF"``, ``"W64"``, ``"RAW"``, ``"FLAC"``, ``"OGG"``,
        ``"MP3"``, ``"ADTS"``, ``"MP4"``; also ``"OPUS"``, ``"AAC"`` and ``"M4A"``. A file
        that is read tells its kind itself, but for ``"RAW"``.
    closefd : bool, optional
        Whether closing closes a descriptor. File objects stay open.
    compression_level : float, optional
        As in soundfile: 0 is the largest and best file, 1 the smallest.
    bitrate_mode : {"constant", "variable", "average"}, optional
        How a new lossy file gives out its bits; None is what is usual with the codec.
    bitrate : int, optional
        Bits a second of a new lossy file, of all channels together.
    quality : float, optional
        Of a new lossy file, instead of a bit rate: 0 (smallest) to 1 (best).
    compression : int, optional
        How much effort a codec makes to be small: 0 to 8 for FLAC, 0 to 9 for MP3, 0 to 10 for
        Opus.
    frames : int, optional
        How many frames a new file will get, if that is known. Only files that go into a pipe are
        better for it. A promise that has to be kept.
    dither : {"none", "tpdf"}, optional
        The noise that is added where samples lose bits.
    tags : mapping, optional
        What a new file says about itself; see `Tags`.

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
        compression_level: float | None = None,
        bitrate_mode: str | BitrateMode | None = None,
        *,
        bitrate: int | None = None,
        quality: float | None = None,
        compression: int | None = None,
        frames: int | None = None,
        dither: str | Dither | None = None,
        tags: Any = None,
    ) -> None:
        if not isinstance(mode, str) or mode not in _MODES:
            error = ArgumentError if isinstance(mode, str) else ArgumentTypeError
            raise error(f"mode is {shown(mode)}; it must be one of {', '.join(map(repr, _MODES))}")
        options = (samplerate, channels, subtype, endian)
        how = {
            "bitrate": bitrate,
            "bitrate_mode": bitrate_mode,
            "quality": quality,
            "compression": compression,
            "compression_level": compression_level,
            "frames": frames,
            "dither": dither,
            "tags": tags,
        }
        raw = None
        if mode != "r":
            wanted = new_format(file, *options, format)
            written = new_options(wanted, **how)
            check_encoder(wanted, written)
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
            for name, value in how.items():
                if value is not None:
                    raise ArgumentTypeError(
                        f"{name} is {shown(value)}; it is for files that are written"
                    )
            self._open_reader(file, raw, closefd)
        else:
            self._open_writer(file, mode, wanted, written, closefd)

    @classmethod
    def _create(
        cls,
        file: Any,
        mode: str,
        wanted: FileFormat,
        options: WriteOptions = DEFAULT_OPTIONS,
        closefd: bool = True,
    ) -> SoundFile:
        """Return a new file whose format and options were checked already."""
        self = cls.__new__(cls)
        self._open_writer(file, mode, wanted, options, closefd)
        return self

    def _open_reader(self, file: Any, raw: Any, closefd: bool) -> None:
        place = open_place(file, IoMode.READ, closefd)
        out, err = owner("pst_decoder *", lib.pst_decoder_release), new_error()
        try:
            bytes_of = place.pointer
            is_over = not place.may_wait

            def begin() -> int:
                nonlocal is_over
                result = int(lib.pst_decoder_open(out, bytes_of, raw or ffi.NULL, err))
                is_over = True
                return result

            if place.may_wait:
                status = interruptible(begin, lambda: lib.pst_io_cancel(bytes_of, True), out)
            else:
                status = begin()
        finally:
            # Also after Ctrl-C: what C has taken, or still uses, is not closed here.
            if out[0] or not is_over:
                place.taken()
            place.close()
        self._source, self._name, self._mode = place.source, place.name, "r"
        self._may_wait = place.may_wait
        self._check(status, err)
        info = ffi.new("pst_decoder_info *")
        lib.pst_decoder_get_info(out[0], info)
        self._told = FileFormat.from_c(info.format)
        self._n_frames = int(info.n_frames)
        self._is_seekable = bool(info.is_seekable)
        self._bitrate = int(info.bitrate_bps)
        self._tags = Tags._of(lib.pst_decoder_tags(out[0]))
        self._found = damage_of(out[0])
        self._ready(out)

    def _open_writer(
        self, file: Any, mode: str, wanted: FileFormat, options: WriteOptions, closefd: bool
    ) -> None:
        native = options.to_c()
        place = open_place(file, _MODES[mode], closefd)
        out, err = owner("pst_encoder *", lib.pst_encoder_release), new_error()
        try:
            status = lib.pst_encoder_open(out, place.pointer, wanted.to_c(), native.pointer, err)
            if status == Status.OK:
                place.taken()
        finally:
            place.close()
        self._source, self._name, self._mode = place.source, place.name, mode
        self._may_wait = place.may_wait
        self._check(status, err)
        self._told = wanted
        self._is_seekable = False
        self._bitrate = options.bitrate
        self._tags = options.tags or Tags()
        self._found = Damage()
        self._ready(out)

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
            form = sample_format(getattr(out, "dtype", None), "out")
            target = target_of("out", out, form, self.channels)
            wanted = len(target)
        else:
            form = sample_format(dtype)
            wanted = integer("frames", frames, -1, unit="frames")
            target = None
        always_2d = flag("always_2d", always_2d)
        fill_value = fill_of(fill_value, form)
        with self._lock:
            self._refuse_used()
            if target is None:
                left = -1 if self._n_frames < 0 else max(0, self._n_frames - self.tell())
                target = read_growing(
                    lambda into: self._read_into(pointer, into, form.code),
                    wanted,
                    left,
                    self.channels,
                    form.dtype,
                    self._told.encoding == Encoding.PCM,
                )
                n = len(target)
                if fill_value is not None and n < wanted:
                    whole = np.empty((wanted, self.channels), form.dtype)
                    whole[:n] = target
                    target = whole
            else:
                n = self._read_into(pointer, target, form.code)
        if fill_value is not None and n < wanted:
            target[n:] = fill_value
            n = wanted
        if out is not None:
            filled: Array = out if n == len(out) else out[:n]
            return filled
        result: Array = target[:n]
        return result if always_2d or self.channels > 1 else result.reshape(-1)

    def _read_into(self, pointer: Any, target: Array, code: int) -> int:
        """Fill an array (frames, channels), in steps between which Ctrl-C is heard."""
        n_read, err = ffi.new("uint64_t *"), new_error()
        done = 0
        while done < len(target):
            step = target[done : done + _STEP_FRAMES]
            status = self._run(
                partial(
                    lib.pst_decoder_read,
                    pointer,
                    ffi.from_buffer(step),
                    code,
                    len(step),
                    n_read,
                    err,
                ),
                lib.pst_decoder_cancel,
            )
            done += int(n_read[0])
            if status == Status.END:
                if self._n_frames < 0:
                    self._n_frames = self.tell()
                break
            self._check(status, err)
        return done

    def blocks(
        self,
        blocksize: int | None = None,
        overlap: int = 0,
        frames: int = -1,
        dtype: Any = "float32",
        always_2d: bool = False,
        fill_value: float | None = None,
        out: Any = None,
    ) -> Iterator[Array]:
        """Iterate over the frames from where the file stands, block by block.

        Parameters
        ----------
        blocksize : int, optional
            Frames of a block; not needed with `out`.
        overlap : int, optional
            How many frames of a block come again in the next one.
        frames : int, optional
            Where to end; -1 is the end of the file.
        dtype, always_2d, fill_value, out : optional
            As for `read`. Without `fill_value` the last block may be shorter. With `out` each block
            is in the same memory, and without it has its own.

        Yields
        ------
        numpy.ndarray
            (frames, channels), or (frames,) for mono.

        Raises
        ------
        SystemCallError, FileFormatError, StateError
            As for `read`.
        ArgumentError
            An overlap that is not shorter than a block.
        """
        self._to_read("blocks")
        return blocks_of(self, blocksize, overlap, frames, dtype, always_2d, fill_value, out)

    def __iter__(self) -> Iterator[Array]:
        """Iterate over blocks of 4096 frames, see `blocks`."""
        return self.blocks(4096)

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
        if whence == io.SEEK_END and self._n_frames < 0:
            raise StateError(
                "seek: the file does not tell how many frames it has; count from the start"
            )
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
            The kind of file cannot hold so much: AIFF ends at 4 GiB.
        StateError
            It is open for reading, or a stream records into it.
        """
        pointer = self._to_write("write")
        array = numbers_of("data", data)
        form = FORMATS.get(array.dtype.newbyteorder("=").name)
        if array.dtype.kind == "f" and form is None:
            form = FORMATS["float64" if array.dtype.itemsize > 4 else "float32"]
        if form is None:
            raise ArgumentError(
                f"data has dtype {array.dtype.name}; it must be one of {', '.join(FORMATS)}"
            )
        frames = frames_of("data", array, form, self.channels)
        with self._lock:
            self._refuse_used()
            err = new_error()
            for first in range(0, len(frames), _STEP_FRAMES):
                step = frames[first : first + _STEP_FRAMES]
                write = partial(
                    lib.pst_encoder_write, pointer, address(step), form.code, len(step), err
                )
                self._check(self._run(write, lib.pst_encoder_cancel), err)

    def flush(self, sync: bool = False) -> None:
        """Bring the header up to date: what is written so far can be read by others.

        On a file that is read this does nothing.

        Parameters
        ----------
        sync : bool, optional
            Whether to wait until the disk has it all, so that it survives a power cut, too, and not
            only the end of the process. That takes some milliseconds, or seconds on a busy disk.
            Pipes and file objects have nothing to wait for.

        Raises
        ------
        SystemCallError
            The first error that the file met with.
        """
        pointer = self._use()
        if self._mode != "r":
            with self._lock:
                self._refuse_used()
                err = new_error()
                bring = lib.pst_encoder_sync if sync else lib.pst_encoder_update
                update = partial(bring, pointer, err)
                self._check(self._run(update, lib.pst_encoder_cancel), err)

    def _to_write(self, what: str) -> Any:
        pointer = self._use()
        if self._mode == "r":
            raise StateError(
                f"{what}: the sound file was opened with mode 'r', for reading; open it with "
                "mode 'w' or 'x'"
            )
        return pointer

    # ---- For streams ----------------------------------------------------------------------------

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
                finish = partial(lib.pst_encoder_finish, self._pointer, err)
                status = self._run(finish, lib.pst_encoder_cancel)
        if not self._was_interrupted:
            self._check(status, err)
