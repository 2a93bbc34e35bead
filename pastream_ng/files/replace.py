# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""New files that appear under their names when they are complete."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError
from pastream_ng.files.soundfile import SoundFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng.files.formats import FileFormat
    from pastream_ng.files.options import WriteOptions

__all__ = ["new_file"]

# What a folder says that lets no new file be made.
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def new_file(
    file: Any, wanted: FileFormat, options: WriteOptions, closefd: bool, overwrite: bool
) -> Iterator[SoundFile]:
    """Give a sound file to write; complete it at the end of the block, or undo all of it."""
    if not isinstance(file, (str, bytes, os.PathLike)):
        with SoundFile._create(file, "w", wanted, options, closefd) as opened:
            yield opened
        return
    if b"\0" in os.fsencode(file):
        raise ArgumentError(f"file is {shown(file)}; a path cannot have NUL in it")
    # A link goes on being one.
    target = os.path.realpath(os.fspath(file))
    try:
        there: os.stat_result | None = os.stat(target)
    except FileNotFoundError:
        there = None
    if there is not None and not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(file))
    if there is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(file))
    # Pipes, terminals and the like are written; a folder says itself that it is one.
    made = None
    if there is None or stat.S_ISREG(there.st_mode):
        made = _open_beside(target, os.fspath(file), there)
    if made is None:
        with SoundFile._create(file, "w", wanted, options) as opened:
            yield opened
        return
    fd, name = made
    try:
        try:
            with SoundFile._create(fd, "w", wanted, options, False) as opened:
                opened._name = os.fspath(file)
                yield opened
            if there is not None:
                os.fsync(fd)
        finally:
            os.close(fd)
        _rename(name, target, os.fspath(file), overwrite)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _open_beside(target: Any, told: Any, there: os.stat_result | None) -> tuple[int, Any] | None:
    """Make a file in the target's folder, with a name that nobody can guess.

    Returns None where the folder allows none, but the target is there and may be written.
    """
    unique = f".{secrets.token_hex(12)}.part"
    name = os.path.join(
        os.path.dirname(target), os.fsencode(unique) if isinstance(target, bytes) else unique
    )
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, 0o666)
    except OSError as error:
        if error.errno in _REFUSALS and there is not None:
            return None
        raise type(error)(error.errno, os.strerror(error.errno or 0), told) from None
    if there is not None:
        with suppress(OSError):
            os.fchmod(fd, stat.S_IMODE(there.st_mode))
    return fd, name


def _rename(name: Any, target: Any, told: Any, overwrite: bool) -> None:
    if overwrite:
        os.replace(name, target)
        return
    try:
        # Unlike a rename this fails if there is such a file meanwhile.
        os.link(name, target)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), told) from None
    except OSError:  # A file system without links.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), told) from None
        os.rename(name, target)
        return
    os.unlink(name)
