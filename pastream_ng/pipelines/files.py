# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files at the ends of a runner: C reads and writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import Format
from pastream_ng.files.reader import AudioFileReader
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.files.writer import AudioFileWriter
from pastream_ng.formats import sample_format
from pastream_ng.pipelines.ends import End

if TYPE_CHECKING:
    from pastream_ng.pipelines.build import Build
    from pastream_ng.pipelines.line import Line

__all__ = ["FileIn", "FileOut", "file_sink_of", "file_source_of"]


def _code_for(file: SoundFile) -> Format:
    """Return the format that holds the samples of a file."""
    if file.subtype == "DOUBLE":
        return Format.F64
    return Format.I32 if file.subtype != "FLOAT" and (file.bits or 0) > 24 else Format.F32


class _FileEnd(End):
    """A file that is lent to the chain for as long as it runs."""

    _user = ""

    def __init__(self, file: SoundFile, code: Format) -> None:
        self.name = f"the sound file {file.name!r}"
        self._file = file
        self._code = code
        self._is_lent = False

    def _lend(self) -> Any:
        pointer = self._file._lend(self._user)
        self._is_lent = True
        return pointer

    def end(self, line: Line | None) -> None:
        """Give the file back."""
        if not self._is_lent:
            return
        self._is_lent = False
        if line is None or line.is_over:
            self._file._give_back()
        else:
            self._file._leave_to(lambda: line.is_over, line.join)

    def error_of(self, error: BaseException) -> BaseException:
        """Return what the place of the file has raised, if that is the reason."""
        source = self._file._source
        if source is not None and source.error is not None:
            error, source.error = source.error, None
        return error


class FileIn(_FileEnd):
    """A file to be read, from where it stands."""

    _user = "a runner reads it"

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_source``."""
        self._file._to_read("run")
        out, err = owner("pst_source *", lib.pst_source_destroy), new_error()
        check(lib.pst_source_file(out, self._lend(), self._code, False, err), err)
        return out


class FileOut(_FileEnd):
    """A file to be written, behind what it holds."""

    _user = "a runner writes it"

    def __init__(self, file: SoundFile, code: Format, writer: AudioFileWriter | None) -> None:
        super().__init__(file, code)
        self.code = code
        self._writer = writer

    def make(self, build: Build, kind: str) -> Any:
        """Return an owner of a ``pst_sink``."""
        self._file._to_write("run")
        out, err = owner("pst_sink *", lib.pst_sink_destroy), new_error()
        check(lib.pst_sink_file(out, self._lend(), ffi.NULL, self._code, err), err)
        return out

    def end(self, line: Line | None) -> None:
        """Give the file back; writers complete it."""
        super().end(line)
        if self._writer is not None and line is not None and line.is_over:
            self._writer.finalize()


def file_source_of(source: Any) -> FileIn | None:
    """Return the end for a sound file that is open for reading, None for anything else."""
    if isinstance(source, SoundFile):
        return FileIn(source, _code_for(source))
    if isinstance(source, AudioFileReader):
        return FileIn(source._file, sample_format(source._dtype).code)
    return None


def file_sink_of(sink: Any) -> FileOut | None:
    """Return the end for a sound file that is open for writing, None for anything else.

    So is a writer that does not know its format yet: it learns it from the first buffer.
    """
    if isinstance(sink, SoundFile):
        return FileOut(sink, _code_for(sink), None)
    if isinstance(sink, AudioFileWriter) and sink._file is not None:
        return FileOut(sink._file, _code_for(sink._file), sink)
    return None
