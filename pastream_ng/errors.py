# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Exceptions: one family under `PastreamError`, each also a kind of the fitting builtin.

``except OSError`` catches a missing sound card, ``except ValueError`` a wrong number, and
``except pastream_ng.PastreamError`` everything that this library raises on purpose.
"""

from __future__ import annotations

import builtins
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
    """An option that means nothing for sound, such as a video codec; the text names another."""


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
    """The operating system refused a call; `errno` says why."""


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
