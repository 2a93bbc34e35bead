# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a transcoding reads and writes: opened, and refused if both are the same."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown_file
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.places import Place, open_place
from pastream_ng.enums import IoMode, Status
from pastream_ng.errors import ArgumentError
from pastream_ng.transcoding.option_values import is_path

if TYPE_CHECKING:
    from pastream_ng._native.places import FileObject

__all__ = ["NOBODY", "Ends", "identity_of", "is_pipe", "look_at_ends", "may_wait", "open_pipe"]


#: What there is in place of a descriptor while nobody reads a named pipe.
NOBODY = -1


class Ends:
    """Input and output of a job that is to be made, open.

    Parameters
    ----------
    given, wanted : object
        What the user calls them.
    overwrite : bool
        Whether a file that is there may be replaced.
    pipe : int, optional
        What `open_pipe` gave for an output that is a named pipe.

    Attributes
    ----------
    sources : list of FileObject
        The objects of the user's among them, whose exceptions come back as they are.
    paths : tuple
        Those of the two, None of what has none.
    memory : cdata or None
        An input in memory, which has to live as long as somebody reads it.
    """

    def __init__(self, given: Any, wanted: Any, overwrite: bool, pipe: int | None = None) -> None:
        self.sources: list[FileObject] = []
        self.memory: Any = None
        self.paths = tuple(place if is_path(place) else None for place in (given, wanted))
        self._input: Place | None = None
        self._output: Place | None = None
        self._file = owner("pst_new_file *", lib.pst_new_file_destroy)
        # Before anything waits for the other end of a pipe.
        refuse_same(given, wanted)
        if pipe is not None:
            self._output = open_place(pipe, IoMode.WRITE)
        try:
            self._input = self._open("input", given, IoMode.READ)
            if pipe is not None:
                return
            if is_path(wanted):
                _begin(self._file, wanted, overwrite)
            else:
                self._output = self._open("output", wanted, IoMode.WRITE)
        except BaseException:
            self.close()
            raise

    def _open(self, name: str, file: Any, mode: IoMode) -> Place:
        if isinstance(file, (bytearray, memoryview)):
            self.memory = ffi.from_buffer(file)
            out, err = ffi.new("pst_io **"), new_error()
            check(lib.pst_io_open_memory(out, self.memory, len(self.memory), err), err)
            return Place(out[0], file)
        if is_path(file) and is_pipe(file):
            # Its reads wait for whoever writes, and can be called back; opening it could not.
            return open_place(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), mode)
        try:
            place = open_place(file, mode, closefd=False)
        except OSError as error:
            if not isinstance(file, int):
                raise
            code = error.errno or 0
            raise type(error)(code, f"{os.strerror(code)}: {name} is {file}") from None
        if place.source is not None:
            self.sources.append(place.source)
        return place

    def give(self, config: Any) -> None:
        """Put them into a ``pst_job_config``."""
        assert self._input is not None
        config.input = self._input.pointer
        config.file = self._file[0]
        config.output = ffi.NULL if self._output is None else self._output.pointer

    def taken(self) -> None:
        """Tell that a job has them."""
        self._file[0] = ffi.NULL
        for place in (self._input, self._output):
            if place is not None:
                place.taken()

    def close(self) -> None:
        """Close what no job has taken; there is no new file then."""
        for place in (self._input, self._output):
            if place is not None:
                place.close()
        lib.pst_new_file_destroy(self._file[0])
        self._file[0] = ffi.NULL


def _begin(out: Any, path: Any, overwrite: bool) -> None:
    """Begin the file that is to have a path."""
    err = new_error()
    status = lib.pst_new_file_create(out, os.fsencode(path), overwrite, err)
    if status == Status.SYSTEM_ERROR:
        code = err.native_code
        hint = "; overwrite=True replaces it" if code == errno.EEXIST else ""
        raise OSError(code, os.strerror(code) + hint, path)
    check(status, err)


# ---- Before anything is opened -------------------------------------------------------------------


def _stat(place: Any) -> os.stat_result | None:
    """Return what the system knows of a path, a descriptor or a file object; None if nothing."""
    try:
        if is_path(place) or isinstance(place, int):
            return os.stat(place)
        return os.fstat(place.fileno())
    except (OSError, AttributeError, ValueError, TypeError):
        return None


def identity_of(place: Any) -> tuple[int, int] | None:
    """Return what tells a file from all others; None of what is no path, or is not there."""
    found = _stat(place) if is_path(place) else None
    return None if found is None else (found.st_dev, found.st_ino)


def refuse_same(given: Any, wanted: Any) -> None:
    """Refuse an output that is the input, whatever the two are called.

    Raises
    ------
    ArgumentError
        They are the same file, pipe or object.
    """
    is_same = given is wanted and not is_path(given) and not isinstance(given, int)
    ours, theirs = _stat(given), _stat(wanted)
    if ours is not None and theirs is not None and _keeps_bytes(ours.st_mode):
        is_same = os.path.samestat(ours, theirs)
    if is_same:
        raise ArgumentError(
            f"output is {shown_file(wanted)}, the same file as input, {shown_file(given)}; write "
            "to another one, and replace the input when that is done"
        )


def _keeps_bytes(mode: int) -> bool:
    """Whether what is written to such a file is what is read from it: not so of terminals."""
    return stat.S_ISREG(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode)


def is_pipe(place: Any) -> bool:
    """Whether a place is a named pipe, told by its path."""
    found = _stat(place) if is_path(place) else None
    return found is not None and stat.S_ISFIFO(found.st_mode)


def open_pipe(path: Any) -> int:
    """Open a named pipe for writing; return the descriptor, or `NOBODY`."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
    return NOBODY


def may_wait(place: Any) -> bool:
    """Whether a place may depend on what others do: anything but a file that has a path."""
    if not is_path(place):
        return True
    found = _stat(place)
    return found is not None and not stat.S_ISREG(found.st_mode)


def look_at_ends(given: Any, wanted: Any, overwrite: bool) -> None:
    """Raise what opening the two would raise, without keeping them open.

    Raises
    ------
    OSError
        There is no such file, it must not be read, or such an output cannot be made.
    ArgumentError
        They are the same.
    """
    refuse_same(given, wanted)
    if is_path(given) and not may_wait(given):
        open_place(given, IoMode.READ).close()
    if is_path(wanted) and not may_wait(wanted):
        tried = owner("pst_new_file *", lib.pst_new_file_destroy)
        _begin(tried, wanted, overwrite)
