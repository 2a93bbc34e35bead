# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Exceptions: one family under `PastreamError`, each also a kind of the fitting builtin.

``except OSError`` catches a missing sound card, ``except ValueError`` a wrong number, and
``except pastream_ng.PastreamError`` everything that this library raises on purpose.
"""

from __future__ import annotations

import builtins
import errno
from typing import Any

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "BufferEmpty",
    "BufferFull",
    "ClosedError",
    "CodecMissingError",
    "DamagedFileError",
    "DeviceBusyError",
    "DeviceError",
    "DeviceLostError",
    "DeviceNotFoundError",
    "FileFormatError",
    "ForkedError",
    "HostError",
    "LimitError",
    "MeasurementError",
    "OutOfMemoryError",
    "PastreamError",
    "PastreamTimeoutError",
    "StateError",
    "SystemCallError",
    "TranscodeCancelledError",
    "UnsupportedOptionError",
    "UnsupportedSettingsError",
]


class PastreamError(Exception):
    """Base of all errors that this library raises."""


class ArgumentError(PastreamError, ValueError):
    """An argument has a value outside its documented range."""


class UnsupportedOptionError(ArgumentError):
    """Something that is not to be had here, as a video codec, or not with what there is already.

    The text says what is.
    """


class ArgumentTypeError(PastreamError, TypeError):
    """An argument has a type that is not accepted."""


class StateError(PastreamError, RuntimeError):
    """The object is not in a state that allows the call."""


class ClosedError(StateError):
    """The object was closed, perhaps by another thread while the call was waiting."""


class ForkedError(StateError):
    """The process was forked after the audio system was used: the child cannot use it."""


class MeasurementError(PastreamError, RuntimeError):
    """What was captured does not allow a result: there is no loop, or it is too weak."""


class LimitError(PastreamError, RuntimeError):
    """A fixed limit of the library was reached."""


class PastreamTimeoutError(PastreamError, builtins.TimeoutError):
    """The time given for a call ran out; the object is still usable unless the text says so.

    Attributes
    ----------
    frames : int
        How many frames a read or write had moved by then.
    partial : numpy.ndarray, bytearray or None
        The frames that a read had taken out by then, if it was one.
    """

    frames: int = 0
    partial: Any = None


class OutOfMemoryError(PastreamError, MemoryError):
    """An allocation failed; nothing was changed."""


class SystemCallError(PastreamError, OSError):
    """The operating system refused a call; `errno` says why.

    Where Python has a class of its own for that errno, such as `BrokenPipeError`, it is one of
    these, too.
    """

    def __new__(cls, *args: Any) -> SystemCallError:
        """Make one of the class that fits the errno."""
        kind = _OF_ERRNO.get(args[0], cls) if len(args) > 1 else cls
        return super().__new__(kind if cls is SystemCallError else cls, *args)

    def __reduce__(self) -> tuple[Any, ...]:
        # The classes behind it have no names of their own.
        args = self.args if self.filename is None else (*self.args, self.filename)
        return SystemCallError, args, vars(self)


class _BrokenPipe(SystemCallError, BrokenPipeError):
    pass


class _FileExists(SystemCallError, FileExistsError):
    pass


class _FileNotFound(SystemCallError, FileNotFoundError):
    pass


class _NotPermitted(SystemCallError, PermissionError):
    pass


_OF_ERRNO: dict[int, type[SystemCallError]] = {
    errno.EPIPE: _BrokenPipe,
    errno.EEXIST: _FileExists,
    errno.ENOENT: _FileNotFound,
    errno.EACCES: _NotPermitted,
    errno.EPERM: _NotPermitted,
}
for _kind in set(_OF_ERRNO.values()):
    _kind.__name__ = _kind.__qualname__ = SystemCallError.__name__
    _kind.__doc__ = SystemCallError.__doc__


class FileFormatError(PastreamError, ValueError):
    """A file is not a sound file of a known kind, or it is damaged."""


class CodecMissingError(PastreamError, NotImplementedError):
    """The library was built without the codec for that; the text tells what would bring it."""


class DamagedFileError(FileFormatError):
    """Parts of a sound file are missing or damaged, and the caller wanted none of it.

    Attributes
    ----------
    damage : Damage or None
        What was found.
    """

    damage: Any = None


class TranscodeCancelledError(PastreamError, RuntimeError):
    """A transcoding was cancelled before it was done; there is no new file."""


class DeviceError(PastreamError, OSError):
    """A sound device, or the host API behind it, failed."""


class DeviceNotFoundError(DeviceError, LookupError):
    """No device matches, or there is no device at all."""


class DeviceBusyError(DeviceError):
    """Another program, or another stream, holds the device."""


class UnsupportedSettingsError(DeviceError, ValueError):
    """The device exists but cannot do this sample rate, format or channel count."""


class HostError(DeviceError):
    """The host API failed in a way of its own.

    Attributes
    ----------
    native_code : int
        The host API's error number, 0 if it gave none.
    """

    def __init__(self, message: str, native_code: int = 0) -> None:
        super().__init__(message)
        self.native_code = native_code


class _FrameError(PastreamError):
    """An error that happened at a known frame."""

    def __init__(self, message: str, frame: int = -1) -> None:
        super().__init__(message)
        self.frame = frame


class DeviceLostError(_FrameError, DeviceError):
    """The device or its server went away while the stream ran.

    Attributes
    ----------
    frame : int
        How many frames the stream had passed, -1 if unknown. All of them that were captured can
        still be read.
    """


class BufferFull(_FrameError):
    """A ring had no room and the policy was to stop.

    Attributes
    ----------
    frame : int
        The stream's frame count when that happened, -1 if no stream was involved.
    """


class BufferEmpty(_FrameError):
    """A ring had no frames and the policy was to stop.

    Attributes
    ----------
    frame : int
        The stream's frame count when that happened, -1 if no stream was involved.
    """
