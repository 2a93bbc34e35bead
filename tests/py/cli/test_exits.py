# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How the command ends: its codes, and the line on stderr."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
import warnings
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click
import pytest

import pastream_ng as ps
from pastream_ng.cli.exits import Stopped, ended


def raising(error: BaseException) -> Callable[[], Any]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ps.DeviceNotFoundError("there is none\nat all"), 1, "pastream: there is none at all"),
        (
            ps.ArgumentError("device is 'x', which fits several devices; use more:\n  a\n  b"),
            1,
            "pastream: device is 'x', which fits several devices; use more; 'pastream devices'",
        ),
        (click.ClickException("that is bad"), 1, "pastream: that is bad"),
        (click.UsageError("no"), 2, "pastream: no ('pastream --help' tells more)"),
        (FileNotFoundError(2, "No such file", "a.wav"), 1, "pastream: a.wav: No such file or "),
        (
            FileExistsError(17, "x", "a.wav"),
            1,
            "pastream: a.wav: File exists; --overwrite replaces it",
        ),
        (ps.SystemCallError(17, "a.wav: is there"), 1, "pastream: a.wav: is there; --overwrite"),
        (PermissionError(13, "x", b"\xff.wav"), 1, "pastream: \ufffd.wav: Permission denied"),
        (ps.SystemCallError(errno.EIO, "reading failed"), 1, "pastream: reading failed"),
        (FileNotFoundError(2, "No such file", "a\nb  c"), 1, "pastream: a b  c: No such file or "),
        (MemoryError(), 1, "pastream: there is not enough memory"),
        (KeyboardInterrupt(), 130, "pastream: interrupted"),
        (Stopped(signal.SIGTERM), 143, "pastream: stopped by SIGTERM"),
        (BrokenPipeError(errno.EPIPE, "x"), 141, ""),
        (ps.SystemCallError(errno.EPIPE, "x"), 141, ""),
        (click.exceptions.Exit(7), 7, ""),
    ],
)
def test_errors_are_a_line_and_a_code(
    error: BaseException, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("pastream", raising(error)) == code
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(told)
    assert len(err.splitlines()) == bool(told)


def test_faults_of_the_command_itself_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ended("pastream", raising(ZeroDivisionError()))


def test_warnings_are_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        warnings.simplefilter("always")
        warnings.warn("two words", ps.DamagedFileWarning, stacklevel=1)

    assert ended("pastream", work) == 0
    assert capsys.readouterr().err == "pastream: two words\n"


def test_a_reader_that_went_away_is_no_fault(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "pastream_ng.cli", "--help"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(write_end)
    assert done.returncode == 141
    assert not done.stderr


def wait_until_read(pipe: IO[bytes]) -> None:
    """Wait until the other side has taken all that was written."""
    left = array("i", [1])
    deadline = time.monotonic() + 30
    while left[0]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
        fcntl.ioctl(pipe, termios.FIONREAD, left)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_with_their_code(number: signal.Signals) -> None:
    """It waits for the rest of a file, which never comes."""
    running = subprocess.Popen(
        [sys.executable, "-m", "pastream_ng.cli", "info", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin is not None
    assert running.stderr is not None
    with running:
        running.stdin.write(b"RIFF")
        running.stdin.flush()
        wait_until_read(running.stdin)
        running.send_signal(number)
        told = running.stderr.read()
        code = running.wait(60)
    assert code == 128 + number
    assert told.startswith(b"pastream info: ")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("closed", "code", "told"),
    [
        ("0<&-", 2, b"standard input is closed"),
        ("1>&-", 2, b"standard output is closed"),
        ("2>&-", 1, b""),
        ("0<&- 1>&- 2>&-", 2, b""),
    ],
)
def test_closed_standard_files_are_no_accident(
    closed: str, code: int, told: bytes, tmp_path: Path
) -> None:
    """No file that is opened later takes their place, and what needs them says so."""
    line = f"{sys.executable} -m pastream_ng.cli transcode - - --format wav {closed}"
    done = subprocess.run(["bash", "-c", line], input=b"", capture_output=True, timeout=60)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == bool(told)
    assert not done.stdout
