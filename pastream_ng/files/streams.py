# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that record into sound files and play them, by pastream's names."""

from __future__ import annotations

import os
from typing import Any

from pastream_ng._checks import flag, pair, shown
from pastream_ng.enums import Overflow
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.endpoints import FileSink, FileSource
from pastream_ng.files.formats import check_encoder, new_format
from pastream_ng.files.kinds import check_names, container_of, raw_wanted
from pastream_ng.files.options import WriteOptions, new_options
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.options import Side
from pastream_ng.streams.output import OutputStream

__all__ = ["SoundFileDuplexStream", "SoundFileInputStream", "SoundFileOutputStream"]

# What can be said of a file to record into, but for the format.
_OPTIONS = tuple(name for name in WriteOptions._fields if name != "frames")


def _dtype_for(file: SoundFile) -> str | None:
    """Return the dtype of a stream that keeps the samples of a file; None: the usual one."""
    if file.subtype == "DOUBLE":
        return "float64"
    return "int32" if file.subtype != "FLOAT" and (file.bits or 0) > 24 else None


class _FileNames:
    """How the file of one side is to be opened: what the arguments say, checked early."""

    def __init__(
        self, file: Any, subtype: Any, endian: Any, format: Any, how: dict[str, Any] | None = None
    ) -> None:
        self.file = file
        self.is_open = isinstance(file, SoundFile)
        self.options = (subtype, endian, format)
        self.how = how or {}
        names = ("subtype", "endian", "format")
        if self.is_open:
            told = {**dict(zip(names, self.options, strict=True)), **self.how}
            for name, value in told.items():
                if value is not None:
                    raise ArgumentTypeError(
                        f"{name} is {shown(value)}; the file is open already, and has its own"
                    )
        check_names(*self.options)

    def create(self, side: Side, samplerate: float) -> SoundFile:
        """Return the file to record into."""
        if self.is_open:
            found: SoundFile = self.file
            return found
        wanted = new_format(
            self.file, samplerate, side.channels, *self.options, side.form, fits_rate=True
        )
        written = new_options(wanted, **self.how)
        check_encoder(wanted, written)
        return SoundFile._create(self.file, "w", wanted, written)

    def open(self, samplerate: Any, channels: Any) -> SoundFile:
        """Return the file to play."""
        if self.is_open:
            found: SoundFile = self.file
            return found
        subtype, endian, kind = self.options
        raw = raw_wanted(self.file, kind)
        return SoundFile(
            self.file,
            "r",
            samplerate if raw else None,
            channels if raw else None,
            subtype,
            endian,
            kind,
        )


def _how_of(kw: dict[str, Any]) -> dict[str, Any]:
    """Take out of the arguments what is about the file to record into."""
    return {name: kw.pop(name) for name in _OPTIONS if name in kw}


def _file_rate(kw: dict[str, Any], file: SoundFile) -> None:
    """Let the file say what the arguments leave open."""
    if kw.get("samplerate") is None:
        kw["samplerate"] = file.samplerate


def _close_owned(stream: StreamBase, *files: SoundFile | None) -> None:
    """Complete files of the stream's own; what that raises is raised by the close of the stream."""
    for file in files:
        if file is not None and not file.closed and not file._is_lent():
            try:
                file.close()
            except Exception as error:
                # A full disk has been told of as the error of the run.
                if stream.exception is None:
                    stream._fail(error)


def _refuse_workers(kw: dict[str, Any], *names: str) -> None:
    """Refuse arguments that would move the frames of the file."""
    for name in names:
        if kw.get(name) is not None:
            raise ArgumentTypeError(
                f"{name} is {shown(kw[name])}; it is the sound file that is played or recorded "
                "here: use a stream without a file, and a SoundFile in the function"
            )


class SoundFileInputStream(InputStream):
    """A stream that records into a sound file.

    Each run appends to the file; the end of the run leaves a complete file, and the close of the
    stream closes it. The frames go from the device to the disk in C, so a program that holds
    Python's lock loses nothing.

    Parameters
    ----------
    inpf : str, os.PathLike, int, binary file object or SoundFile
        Where to record to. All but a `SoundFile` are opened here, in the stream's rate (or the
        next one that such a file can have), channels and dtype, and closed with the stream.
    format, subtype, endian : str, optional
        As for `SoundFile`. None takes the format from the file's extension, and the subtype that
        holds the samples of the stream as they are, if there is one.
    **kw
        `bitrate`, `bitrate_mode`, `quality`, `compression`, `dither` and `tags` of the file, as for
        `SoundFile`; the rest as for `InputStream`. `samplerate` and `channels` of an open
        `SoundFile` are its own; with others the sound is resampled and mixed on its way.

    Raises
    ------
    ArgumentError
        The kind of file cannot hold the stream's samples; or the rates of an open file and of the
        stream are more than a factor of 256 apart.
    OSError
        The file cannot be made.
    Exception
        As for `InputStream`.

    Examples
    --------
    >>> import io, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> device = ps.VirtualDevice(clock="free", input="sine")
    >>> with ps.SoundFileInputStream(place, format="WAV", device=device, channels=1) as stream:
    ...     stream.frames = 1000
    ...     stream.start()
    ...     stream.wait()
    True
    >>> n = place.seek(0)
    >>> with ps.SoundFile(place) as file:
    ...     print(file.frames, file.subtype)
    1000 FLOAT
    """

    _owned_file: SoundFile | None = None

    def __init__(
        self,
        inpf: Any,
        *,
        format: str | None = None,
        subtype: str | None = None,
        endian: str | None = None,
        **kw: Any,
    ) -> None:
        _refuse_workers(kw, "reader", "callback")
        names = _FileNames(inpf, subtype, endian, format, _how_of(kw))
        if names.is_open:
            _file_rate(kw, inpf)
            kw.setdefault("channels", inpf.channels)
        else:
            container_of(inpf, format)
        super().__init__(**kw)
        side = self._input
        assert side is not None
        try:
            file = names.create(side, self.samplerate)
            self._owned_file = None if names.is_open else file
            self._file = file
            self._launcher.sink = FileSink(file, side, self.samplerate)
        except BaseException:
            self.close()
            raise
        if self._owned_file is not None:
            file._warns = False  # The stream does.

    @property
    def inp_fh(self) -> SoundFile:
        """The sound file."""
        return self._file

    def _close(self) -> None:
        super()._close()
        _close_owned(self, self._owned_file)


class SoundFileOutputStream(OutputStream):
    """A stream that plays a sound file.

    Each run goes on where the last one ended; `SoundFile.seek` of `out_fh` goes elsewhere. The
    frames go from the disk to the device in C.

    Parameters
    ----------
    outf : str, os.PathLike, int, binary file object or SoundFile
        What to play. All but a `SoundFile` are opened here, and closed with the stream.
    buffersize : int, optional
        Frames that are read ahead.
    loop : bool, optional
        Play the file again and again, without a gap.
    format, subtype, endian : str, optional
        As for `SoundFile`: only RAW files need them, and `samplerate` and `channels`.
    **kw
        As for `OutputStream`. Where they are not given, rate and channels are the file's, and so
        is the dtype where float32 could not hold its samples; with others the sound is resampled
        and mixed on its way.

    Raises
    ------
    FileFormatError, OSError
        The file cannot be read.
    ArgumentError
        The arguments do not fit the file; or it is to be a loop, and empty or a pipe.
    Exception
        As for `OutputStream`.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> with ps.SoundFile(place, "w", 48000, 2, format="WAV") as file:
    ...     file.write(np.zeros((100, 2)))
    >>> n = place.seek(0)
    >>> with ps.SoundFileOutputStream(place, device=ps.VirtualDevice(clock="free")) as stream:
    ...     stream.start()
    ...     stream.wait()
    ...     stream.stats.played_frames
    True
    100
    """

    _owned_file: SoundFile | None = None

    def __init__(
        self,
        outf: Any,
        buffersize: int | None = 65536,
        *,
        loop: bool = False,
        format: str | None = None,
        subtype: str | None = None,
        endian: str | None = None,
        **kw: Any,
    ) -> None:
        _refuse_workers(kw, "writer", "callback")
        names = _FileNames(outf, subtype, endian, format)
        file = names.open(kw.get("samplerate"), kw.get("channels"))
        try:
            _file_rate(kw, file)
            if kw.get("channels") is None:
                kw["channels"] = file.channels
            if kw.get("dtype") is None:
                kw["dtype"] = _dtype_for(file)
            super().__init__(buffersize=buffersize, **kw)
        except BaseException:
            if not names.is_open:
                file.close()
            raise
        self._file = file
        self._owned_file = None if names.is_open else file
        side = self._output
        assert side is not None
        try:
            self._launcher.source = FileSource(file, side, self.samplerate, flag("loop", loop))
        except BaseException:
            self.close()
            raise
        if self._owned_file is not None:
            file._warns = False  # The stream does.

    @property
    def out_fh(self) -> SoundFile:
        """The sound file."""
        return self._file

    def _close(self) -> None:
        super()._close()
        _close_owned(self, self._owned_file)


class SoundFileDuplexStream(DuplexStream):
    """A stream that records into one sound file while it plays another.

    Parameters
    ----------
    inpf : optional
        Where to record to, as for `SoundFileInputStream`. None: the input can be read as that of a
        `DuplexStream`, of which the oldest frames are dropped if nobody does.
    outf : optional
        What to play, as for `SoundFileOutputStream`. None: what is written to the stream.
    buffersize : int, optional
        Frames that are read ahead of the output.
    loop : bool, optional
        Play the file again and again, without a gap.
    format, subtype, endian : str, optional
        As for the other two; a pair (input, output) where they differ.
    **kw
        As for `DuplexStream`.

    Raises
    ------
    ArgumentError
        Neither file is given, or both are the same; or as for the other two.
    Exception
        As for the other two.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> take, song = io.BytesIO(), io.BytesIO()
    >>> with ps.SoundFile(song, "w", 48000, 1, format="WAV") as file:
    ...     file.write(np.zeros(100))
    >>> n = song.seek(0)
    >>> device = ps.VirtualDevice("loopback", clock="free")
    >>> with ps.SoundFileDuplexStream(take, song, format="WAV", device=device) as stream:
    ...     stream.start()
    ...     stream.wait()
    ...     stream.inp_fh.frames >= 100
    True
    True
    """

    _owned_files: tuple[SoundFile, ...] = ()

    def __init__(
        self,
        inpf: Any = None,
        outf: Any = None,
        buffersize: int | None = 65536,
        *,
        loop: bool = False,
        format: Any = None,
        subtype: Any = None,
        endian: Any = None,
        **kw: Any,
    ) -> None:
        if inpf is None and outf is None:
            raise ArgumentTypeError("inpf and outf are None; at least one of them must be a file")
        _refuse_workers(kw, "callback", *["reader"][inpf is None :], *["writer"][outf is None :])
        _refuse_same(inpf, outf)
        pairs = (pair("subtype", subtype), pair("endian", endian), pair("format", format))
        (sub_i, sub_o), (end_i, end_o), (form_i, form_o) = pairs
        recorded = None
        if inpf is not None:
            recorded = _FileNames(inpf, sub_i, end_i, form_i, _how_of(kw))
        if recorded is not None and not recorded.is_open:
            container_of(inpf, form_i)
        in_channels, out_channels = pair("channels", kw.get("channels"))
        in_dtype, out_dtype = pair("dtype", kw.get("dtype"))
        played = None
        owned: list[SoundFile] = []
        try:
            if outf is not None:
                names = _FileNames(outf, sub_o, end_o, form_o)
                played = names.open(kw.get("samplerate"), out_channels)
                if not names.is_open:
                    owned.append(played)
                _file_rate(kw, played)
                out_channels = played.channels if out_channels is None else out_channels
                out_dtype = _dtype_for(played) if out_dtype is None else out_dtype
            if recorded is not None and recorded.is_open:
                _file_rate(kw, inpf)
                in_channels = inpf.channels if in_channels is None else in_channels
            if inpf is None:
                kw.setdefault("overflow", Overflow.DROP_OLDEST)
            kw["channels"] = (in_channels, out_channels)
            kw["dtype"] = (in_dtype, out_dtype)
            super().__init__(buffersize=(None, buffersize), **kw)
            self._owned_files = tuple(owned)
            self._inp_fh: SoundFile | None = None
            self._out_fh = played
            self._attach(recorded, played, flag("loop", loop))
        except BaseException:
            if hasattr(self, "_pointer"):
                self.close()
            for file in owned:
                file.close()
            raise
        for file in self._owned_files:
            file._warns = False  # The stream does.

    def _attach(self, recorded: _FileNames | None, played: SoundFile | None, loop: bool) -> None:
        assert self._input is not None
        assert self._output is not None
        if played is not None:
            self._launcher.source = FileSource(played, self._output, self.samplerate, loop)
        if recorded is not None:
            file = recorded.create(self._input, self.samplerate)
            self._inp_fh = file
            if not recorded.is_open:
                self._owned_files += (file,)
            self._launcher.sink = FileSink(file, self._input, self.samplerate)

    @property
    def inp_fh(self) -> SoundFile | None:
        """The sound file that is recorded into, or None."""
        return self._inp_fh

    @property
    def out_fh(self) -> SoundFile | None:
        """The sound file that is played, or None."""
        return self._out_fh

    def _close(self) -> None:
        super()._close()
        _close_owned(self, *self._owned_files)


def _refuse_same(inpf: Any, outf: Any) -> None:
    """Refuse to record into the file that is played: making it would empty it."""
    if inpf is None or outf is None:
        return
    paths = [file.name if isinstance(file, SoundFile) else file for file in (inpf, outf)]
    same = inpf is outf
    if all(isinstance(path, (str, bytes, os.PathLike)) for path in paths):
        first, second = (os.path.realpath(os.fsdecode(os.fspath(path))) for path in paths)
        same = first == second or (
            os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second)
        )
    if same:
        raise ArgumentError(
            f"inpf and outf are both {shown(outf)}; a file cannot be played and recorded into at "
            "the same time"
        )
