# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The exceptions: one family, each also a builtin's, one for every status."""

import builtins
import errno
import pickle

import pytest

import pastream_ng as ps
from pastream_ng import errors
from pastream_ng._native import lib
from pastream_ng._native.errors import CLASSES, check, error_for, new_error
from pastream_ng._native.text import decode
from pastream_ng.enums import Status

BUILTINS = {
    "ArgumentError": ValueError,
    "ArgumentTypeError": TypeError,
    "UnsupportedOptionError": ps.ArgumentError,
    "StateError": RuntimeError,
    "ClosedError": ps.StateError,
    "ForkedError": ps.StateError,
    "FileFormatError": ValueError,
    "DamagedFileError": ps.FileFormatError,
    "CodecMissingError": NotImplementedError,
    "LimitError": RuntimeError,
    "MeasurementError": RuntimeError,
    "PastreamTimeoutError": builtins.TimeoutError,
    "OutOfMemoryError": MemoryError,
    "SystemCallError": OSError,
    "TranscodeCancelledError": RuntimeError,
    "DeviceError": OSError,
    "DeviceNotFoundError": LookupError,
    "DeviceBusyError": ps.DeviceError,
    "DeviceLostError": ps.DeviceError,
    "UnsupportedSettingsError": ValueError,
    "HostError": ps.DeviceError,
    "BufferFull": Exception,
    "BufferEmpty": Exception,
}


def test_every_exception_is_of_the_family_and_of_its_builtin():
    names = set(errors.__all__) - {"PastreamError"}
    assert names == set(BUILTINS)
    for name in names:
        made = getattr(ps, name)("text")
        assert isinstance(made, ps.PastreamError)
        assert isinstance(made, BUILTINS[name])
        assert str(made) == "text"


def test_every_failing_status_has_a_class_and_a_sentence():
    assert set(CLASSES) == {status for status in Status if status < 0}
    for status in CLASSES:
        error = error_for(status)
        assert type(error) is CLASSES[status]
        text = decode(lib.pst_strerror(status))
        assert text in str(error)
        assert text[0].isupper()
        assert not text.endswith(".")


def test_success_is_passed_on():
    assert check(0) == 0
    assert check(Status.END) == Status.END


def test_the_text_from_c_comes_through():
    err = new_error()
    err.status = Status.HOST_ERROR
    err.native_code = -9996
    err.text = "Grüße".encode()
    with pytest.raises(ps.HostError, match="Grüße") as caught:
        check(Status.HOST_ERROR, err)
    assert caught.value.native_code == -9996


def test_an_older_error_in_the_same_memory_is_not_told():
    err = new_error()
    err.status = Status.NO_DEVICE
    err.text = b"something else"
    assert "something else" not in str(error_for(Status.TIMEOUT, err))


def test_system_calls_keep_their_errno():
    err = new_error()
    err.status = Status.SYSTEM_ERROR
    err.native_code = 12
    err.text = b"no room"
    error = error_for(Status.SYSTEM_ERROR, err)
    assert error.errno == 12
    assert "no room" in str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EPIPE, BrokenPipeError),
        (errno.EEXIST, FileExistsError),
        (errno.ENOENT, FileNotFoundError),
        (errno.EACCES, PermissionError),
    ],
)
def test_system_calls_are_of_the_builtin_class_for_their_errno(code, kind):
    error = ps.SystemCallError(code, "text", "a.wav")
    assert isinstance(error, kind)
    assert isinstance(error, ps.SystemCallError)
    assert type(error).__name__ == "SystemCallError"
    assert (error.errno, error.strerror, error.filename) == (code, "text", "a.wav")
    assert type(pickle.loads(pickle.dumps(error))) is type(error)
    assert type(ps.SystemCallError("text")) is type(ps.SystemCallError(errno.ENOSPC, "text"))


@pytest.mark.parametrize(
    "error",
    [
        ps.DeviceLostError("gone", 480),
        ps.BufferFull("full", 3),
        ps.HostError("odd", -1),
        ps.ArgumentError("x is 1"),
        ps.DeviceNotFoundError("none"),
        ps.SystemCallError(28, "full"),
        ps.SystemCallError(32, "broken", "a.wav"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
