# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Where the bytes of a sound file are: paths, descriptors, and Python's own file objects."""

from __future__ import annotations

import errno
import io
import os
from functools import partial
from typing import Any

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng.enums import IoMode, Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["FileObject", "check_file", "open_place"]

# File objects that C still has in use; it tells when it closes them.
_in_use: set[FileObject] = set()


class FileObject:
    """A binary file object of the user's, as C calls it: from any thread, with the GIL.

    What it raises is kept: C only sees that something failed.

    Attributes
    ----------
    error : BaseException or None
        The first exception that the object raised.
    """

    def __init__(self, file: Any, owns: bool) -> None:
        self.error: BaseException | None = None
        self._file = file
        self._owns = owns
        self._base = 0
        self.handle: Any = None
        self.is_seekable = self._can_seek()

    def _can_seek(self) -> bool:
        # Objects that only have read or write are like pipes.
        if not hasattr(self._file, "seek") or not hasattr(self._file, "tell"):
            return False
        can = getattr(self._file, "seekable", None)
        if can is not None and not can():
            return False
        self._base = self._file.tell()
        return True

    def attempt(self, act: Any) -> int:
        """Return what a call gives, or the negative errno of what it raised."""
        try:
            return int(act())
        except BaseException as error:
            if self.error is None:
                self.error = error
            code = error.errno if isinstance(error, OSError) else None
            return -(code or errno.EIO)

    def read(self, data: Any, n_bytes: int) -> int:
        """Read up to `n_bytes` into C memory."""
        target = memoryview(ffi.buffer(data, n_bytes))
        if hasattr(self._file, "readinto"):
            n = self._file.readinto(target)
            if n is None:
                raise BlockingIOError(errno.EAGAIN, "the file object is in non-blocking mode")
            return int(n)
        got = self._file.read(n_bytes)
        target[: len(got)] = got
        return len(got)

    def write(self, data: Any, n_bytes: int) -> int:
        """Write bytes of C memory."""
        n = self._file.write(bytes(ffi.buffer(data, n_bytes)))
        return n_bytes if n is None else int(n)

    def seek(self, position: int) -> int:
        """Go to a position."""
        self._file.seek(self._base + position)
        return position

    def length(self) -> int:
        """Return how many bytes there are behind position 0."""
        here = self._file.tell()
        end = self._file.seek(0, io.SEEK_END)
        end = self._file.tell() if end is None else end
        self._file.seek(here)
        return max(0, int(end) - self._base)

    def truncate(self, n_bytes: int) -> int:
        """Cut what lies behind."""
        if hasattr(self._file, "truncate"):
            self._file.truncate(self._base + n_bytes)
        return 0

    def close(self) -> int:
        """End the use: the user's object stays open unless it was given away."""
        _in_use.discard(self)
        self.handle = None  # It holds this object; C asks for nothing after this.
        if self._owns:
            self._file.close()
        elif hasattr(self._file, "flush"):
            self._file.flush()
        return 0


def _object(user: Any) -> FileObject:
    found: FileObject = ffi.from_handle(user)
    return found


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_read(user: Any, data: Any, n_bytes: int) -> int:
    """Read for C."""
    place = _object(user)
    return place.attempt(partial(place.read, data, n_bytes))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_write(user: Any, data: Any, n_bytes: int) -> int:
    """Write for C."""
    place = _object(user)
    return place.attempt(partial(place.write, data, n_bytes))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_seek(user: Any, position: int) -> int:
    """Seek for C."""
    place = _object(user)
    return place.attempt(partial(place.seek, position))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_length(user: Any) -> int:
    """Return the length for C."""
    place = _object(user)
    return place.attempt(place.length)


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_truncate(user: Any, n_bytes: int) -> int:
    """Truncate for C."""
    place = _object(user)
    return place.attempt(partial(place.truncate, n_bytes))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_close(user: Any) -> int:
    """Close for C."""
    place = _object(user)
    return place.attempt(place.close)


class Place:
    """A place that no decoder or encoder has taken yet.

    Attributes
    ----------
    pointer : cdata
        The ``pst_io *``.
    source : FileObject or None
        The user's object, if it is one.
    name : object
        What the user gave.
    """

    def __init__(self, pointer: Any, name: object, source: FileObject | None = None) -> None:
        self.pointer = pointer
        self.name = name
        self.source = source
        #: Whether calls may wait for the other end of a pipe, deaf to signals.
        self.may_wait = source is None and not lib.pst_io_is_seekable(pointer)

    def taken(self) -> None:
        """Tell that C closes the place from now on."""
        self.pointer = ffi.NULL

    def close(self) -> None:
        """Close it, unless it was taken."""
        if self.pointer:
            lib.pst_io_close(self.pointer, ffi.NULL)
            self.pointer = ffi.NULL


def open_place(file: Any, mode: IoMode, closefd: bool = True) -> Place:
    """Open what the user calls a file.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        A path, a file descriptor, or an object with ``read`` or ``write``.
    mode : IoMode
        What for.
    closefd : bool
        Whether to close a descriptor at the end. File objects stay open.

    Raises
    ------
    OSError
        What the system says to the path: `FileNotFoundError`, `PermissionError` and so on.
    ArgumentError, ArgumentTypeError
        Not a file.
    """
    out, err = ffi.new("pst_io **"), new_error()
    if isinstance(file, bool):
        raise ArgumentTypeError(f"file is {file}; it must be a path, not a bool")
    if isinstance(file, (str, bytes, os.PathLike)):
        path = os.fsencode(file)
        if b"\0" in path:
            raise ArgumentError(f"file is {shown(file)}; a path cannot have NUL in it")
        while True:
            status = lib.pst_io_open_path(out, path, mode, err)
            if status != Status.SYSTEM_ERROR or err.native_code != errno.EINTR:
                break
        if status == Status.SYSTEM_ERROR:
            code = err.native_code
            raise OSError(code, os.strerror(code), os.fspath(file))
        check(status, err)
        return Place(out[0], os.fspath(file))
    if isinstance(file, int):
        integer("file", file, 0, 2**31 - 1)
        simple = IoMode.READ if mode == IoMode.READ else IoMode.WRITE
        status = lib.pst_io_open_fd(out, file, closefd, simple, err)
        if status == Status.SYSTEM_ERROR:
            raise OSError(err.native_code, f"{os.strerror(err.native_code)}: file is {file}")
        check(status, err)
        return Place(out[0], file)
    return _open_object(file, mode, out, err)


def check_file(file: Any, *, writes: bool) -> None:
    """Refuse what is neither a path, nor a descriptor, nor an object that reads or writes."""
    method = "write" if writes else "read"
    if isinstance(file, (str, bytes, os.PathLike, int)) or hasattr(file, method):
        return
    raise ArgumentTypeError(
        f"file is {shown(file)} of type {type(file).__name__}; it must be a path, a file "
        f"descriptor, or a binary file object that can {method}"
    )


def _open_object(file: Any, mode: IoMode, out: Any, err: Any) -> Place:
    reads = mode == IoMode.READ
    check_file(file, writes=not reads)
    if isinstance(file, io.TextIOBase):
        raise ArgumentTypeError(
            f"file is {shown(file)}, which holds text; it must be open in binary mode"
        )
    source = FileObject(file, owns=False)
    functions = ffi.new("pst_io_functions *")
    if reads:
        functions.read = lib.pst_python_read
    else:
        functions.write = lib.pst_python_write
        functions.truncate = lib.pst_python_truncate
    # What is written to a file that appends goes to its end, wherever one has gone before.
    appends = not reads and "a" in str(getattr(file, "mode", ""))
    if source.is_seekable and not appends:
        functions.seek = lib.pst_python_seek
        functions.length = lib.pst_python_length
    functions.close = lib.pst_python_close
    source.handle = ffi.new_handle(source)
    simple = IoMode.READ if reads else IoMode.WRITE
    check(lib.pst_io_open_user(out, functions, source.handle, simple, err), err)
    _in_use.add(source)
    return Place(out[0], file, source)
