# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""New files that appear under their names when they are complete."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError
from pastream_ng.files.soundfile import SoundFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng.files.formats import FileFormat
    from pastream_ng.files.options import WriteOptions

__all__ = ["NewFile", "new_file"]

# What a folder says that lets no new file be made.
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


class NewFile:
    """A file that gets its name when it is complete; see ``pastream/new_file.h``.

    Parameters
    ----------
    path : str, bytes or os.PathLike
        Its name.
    overwrite : bool
        Whether to replace a file that is there.

    Attributes
    ----------
    pointer : cdata
        The ``pst_new_file *``, until it is closed or taken.

    Raises
    ------
    OSError
        What the system says to the path: `FileNotFoundError`, `FileExistsError`,
        `IsADirectoryError`, `PermissionError` and so on.
    ArgumentError
        There is a NUL in the path.
    """

    def __init__(self, path: Any, overwrite: bool) -> None:
        self.pointer: Any = ffi.NULL
        self._told = os.fspath(path)
        name = os.fsencode(path)
        if b"\0" in name:
            raise ArgumentError(f"file is {shown(path)}; a path cannot have NUL in it")
        out, err = ffi.new("pst_new_file **"), new_error()
        while True:
            status = lib.pst_new_file_create(out, name, overwrite, err)
            if status != Status.SYSTEM_ERROR or err.native_code != errno.EINTR:
                break
        self._check(status, err)
        self.pointer = out[0]

    def fileno(self) -> int:
        """Return the descriptor to write with; it belongs to the file."""
        return int(lib.pst_new_file_fd(self.pointer))

    def complete(self) -> None:
        """Give the file its name."""
        err = new_error()
        self._check(lib.pst_new_file_complete(self.pointer, False, err), err)

    def taken(self) -> None:
        """Tell that C owns the file from now on."""
        self.pointer = ffi.NULL

    def close(self) -> None:
        """Close the file; what was not completed is gone."""
        pointer, self.pointer = self.pointer, ffi.NULL
        lib.pst_new_file_destroy(pointer)

    def _check(self, status: int, err: Any) -> None:
        if status == Status.SYSTEM_ERROR:
            raise OSError(err.native_code, os.strerror(err.native_code), self._told)
        check(status, err)


@contextmanager
def new_file(
    file: Any, wanted: FileFormat, options: WriteOptions, closefd: bool, overwrite: bool
) -> Iterator[SoundFile]:
    """Give a sound file to write; complete it at the end of the block, or undo all of it."""
    made = None
    if isinstance(file, (str, bytes, os.PathLike)):
        made = _begin(file, overwrite)
    if made is None:
        with SoundFile._create(file, "w", wanted, options, closefd) as opened:
            yield opened
        return
    try:
        with SoundFile._create(made.fileno(), "w", wanted, options, False) as opened:
            opened._name = os.fspath(file)
            yield opened
        made.complete()
    finally:
        made.close()


def _begin(file: Any, overwrite: bool) -> NewFile | None:
    """Begin a file; None where the folder takes no new ones, but this one may be written."""
    try:
        return NewFile(file, overwrite)
    except OSError as error:
        may_write = overwrite and os.path.isfile(file) and os.access(file, os.W_OK)
        if error.errno not in _REFUSALS or not may_write:
            raise
        return None
