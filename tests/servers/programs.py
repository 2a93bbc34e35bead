# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A child process that is always bounded, and the C programs of this folder."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


class ProgramFailed(Exception):
    """A helper program did not do its part; the message holds what it printed."""


class MissingProgram(Exception):
    """A program that a server needs is not installed."""


def wait_until(condition: Callable[[], object], timeout: float, interval: float = 0.02) -> bool:
    """Look again and again whether a condition holds, for at most `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def find_program(name: str) -> str:
    """Return the path of an installed program."""
    path = shutil.which(name)
    if path is None:
        raise MissingProgram(f"the program {name!r} is not installed")
    return path


class Program:
    """One child process in a session of its own.

    It dies with its parent where the system can arrange that, and writes what it prints to a file,
    so that it never waits for a reader.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        stdin: bool = False,
        cwd: Path | None = None,
    ) -> None:
        self.argv = list(argv)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the program)
        tied = (
            [setpriv, "--pdeathsig", "KILL", "--"] if (setpriv := shutil.which("setpriv")) else []
        )
        self._process = subprocess.Popen(
            tied + self.argv,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return os.pread(self._log.fileno(), 1 << 20, 0).decode(errors="replace")

    def failed(self, what: str) -> ProgramFailed:
        return ProgramFailed(f"{self.argv[0]} {what}; it printed:\n{self.output}")

    def wait_for(self, condition: Callable[[], object], timeout: float, what: str) -> None:
        """Wait until a condition has held once; raise if it does not, or if the program ends."""
        holds = False

        def is_over() -> bool:
            nonlocal holds
            was_alive = self.alive
            holds = bool(condition())
            return holds or not was_alive

        if not wait_until(is_over, timeout):
            raise self.failed(f"did not get to: {what}, in {timeout} s")
        if not holds:
            raise self.failed(f"ended (code {self.returncode}) before: {what}")

    def wait_for_output(self, text: str, timeout: float) -> None:
        self.wait_for(lambda: text in self.output, timeout, repr(text))

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.alive:
            self._process.send_signal(number)

    def pause(self) -> None:
        """Stop it, all of it: a thread that runs on a little may still answer somebody."""
        self.send(signal.SIGSTOP)
        self.wait_for(self._stands_still, 10, "a standstill")

    def _stands_still(self) -> bool:
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # A thread that has ended.
                # The name before may have spaces and brackets in it.
                state = (task / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "T":
                    return False
        return True

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all that it started."""
        if self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def write(self, text: str) -> None:
        """Write to its standard input."""
        assert self._process.stdin is not None, "made without stdin=True"
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def wait_end(self, timeout: float) -> bool:
        """Wait for its end; return whether it came."""
        return wait_until(lambda: not self.alive, timeout)

    def finish(self, timeout: float) -> int:
        """Close its input and return its exit code; raise if it goes on for `timeout` seconds."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.failed(f"did not end within {timeout} s") from None

    def stop(self, timeout: float = 5.0) -> None:
        """Ask it to end, then force it. Safe to call again, and after it ended."""
        self.resume()
        self.send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.kill()
        if self._process.stdin:
            self._process.stdin.close()
        self._log.close()


@functools.cache
def compiled(
    source: str, *, library: bool = False, package: str | None = None, flags: tuple[str, ...] = ()
) -> str:
    """Compile a C file of this folder once per process and return the result's path."""
    name = Path(source).stem + (".so" if library else "")
    first, *more = os.environ.get("CC", "cc").split()  # Such as "ccache gcc".
    if package is not None:
        query = [find_program("pkg-config"), "--cflags", "--libs", package]
        found = subprocess.run(query, capture_output=True, text=True)
        if found.returncode != 0:
            raise MissingProgram(f"the development files of {package!r} are not installed")
        flags = tuple(found.stdout.split())
    folder = _folder_for_programs()
    path = Path(folder.name) / name
    shape = ["-shared", "-fPIC"] if library else []
    command = [
        find_program(first),
        *more,
        "-std=c11",
        "-D_GNU_SOURCE",
        "-O2",
        *shape,
        "-o",
        str(path),
    ]
    subprocess.run([*command, str(HERE / source), *flags], check=True, timeout=60)
    return str(path)


class Counter:
    """One of our C programs: it says when it is ready, and in the end what it counted."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._program = Program(argv, env=env, stdin=True)
        self._program.wait_for_output("ready\n", 10)

    def finish(self) -> dict[str, int]:
        """End it in order and return what it counted."""
        if self._program.finish(10) != 0:
            raise self._program.failed("ended badly")
        return self._last_line()

    def _last_line(self) -> dict[str, int]:
        counts: dict[str, int] = json.loads(self._program.output.splitlines()[-1])
        return counts

    def stop(self) -> None:
        """End it, in order if it can: a client that just dies upsets a patient server."""
        with contextlib.suppress(ProgramFailed):
            self._program.finish(2)
        self._program.stop()


@functools.cache
def _folder_for_programs() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pastream-programs-")
