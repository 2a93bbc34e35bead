# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How the command ends: exit codes, signals, and errors as one line on stderr."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from types import FrameType
from typing import Any, NoReturn, TextIO

import click

import pastream_ng as ps

__all__ = ["Code", "Stopped", "code_of", "ended", "listen_to_signals", "one_line", "told_of"]


class Code(IntEnum):
    """The exit codes, which the manual lists."""

    DONE = 0
    FAILED = 1  # The work could not be done, or not all of it.
    USAGE = 2  # The command line makes no sense.
    XRUNS = 3  # --fatal-xruns was asked for, and there were some.
    INTERRUPTED = 130  # Ctrl-C: 128 and the number of the signal, as with all such codes.
    BROKEN_PIPE = 141  # Whoever read the output went away.
    TERMINATED = 143


class Stopped(KeyboardInterrupt):
    """A signal asks the command to end; what can be finished is, as with Ctrl-C."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(signum)


def listen_to_signals() -> None:
    """Let what ends programs end this one as Ctrl-C does; signals that are ignored stay so."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _stop)


def code_of(asked: KeyboardInterrupt) -> int:
    """Return the exit code for a request to end."""
    return 128 + asked.signum if isinstance(asked, Stopped) else Code.INTERRUPTED


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def told_of(error: BaseException) -> str:
    """Return what an error says, in a line for people at a terminal."""
    if isinstance(error, click.ClickException):
        return one_line(error.format_message())
    if isinstance(error, OSError) and error.errno is not None:
        text = _text_of(error)
        return f"{text}; --overwrite replaces it" if error.errno == errno.EEXIST else text
    if isinstance(error, MemoryError):
        return one_line(str(error)) or "there is not enough memory"
    # What lists devices does it in lines, of which there may be many.
    head, _, rest = str(error).partition("\n")
    listing = re.fullmatch(r"(.*?[;.]?) The devices[^.]* are:|(.*):", head) if rest else None
    if listing is not None and isinstance(error, (ps.ArgumentError, ps.DeviceError)):
        return f"{(listing[1] or listing[2]).rstrip('.')}; 'pastream devices' lists them"
    return one_line(str(error)).replace('device="loopback"', "--device loopback")


def _text_of(error: OSError) -> str:
    name = error.filename
    if not isinstance(name, (str, bytes)):
        return one_line(str(error).removeprefix(f"[Errno {error.errno}] "))
    return f"{click.format_filename(name)}: {os.strerror(error.errno or 0)}"


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    click.echo(f"pastream: {one_line(str(message))}", err=True)


def ended(program: str, work: Callable[[], Any]) -> int:
    """Do the work and return the exit code; what went wrong is one line on stderr.

    Errors that are nobody's but the command's own go on as they are.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            work()
            sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else program
        return _say(path, f"{told_of(error)} ('{path} --help' tells more)", error.exit_code)
    except click.ClickException as error:
        return _say(program, told_of(error), error.exit_code)
    except KeyboardInterrupt as asked:
        how = f"stopped by {asked}" if isinstance(asked, Stopped) else "interrupted"
        return _say(program, how, code_of(asked))
    except (ps.PastreamError, OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            _close_broken_pipe()
            return Code.BROKEN_PIPE
        return _say(program, told_of(error), Code.FAILED)
    return Code.DONE


def _say(program: str, text: str, code: int) -> int:
    with suppress(OSError):  # Perhaps nobody listens to stderr, either.
        click.echo(one_line(f"{program}: {text}"), err=True)
    return code


def _close_broken_pipe() -> None:
    """Let what is still to be written go nowhere, or Python complains of it at its exit."""
    with suppress(OSError, ValueError):  # It may be no file, as in tests.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
