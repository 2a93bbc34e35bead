# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A private JACK server with the dummy driver, and two clients to judge streams by."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .programs import Counter, Program, compiled, find_program, wait_until
from .stalls import Stalls

RATE = 48000
_START_SECONDS = 20.0


@functools.cache
def _place() -> int:
    """Return a small number that no other living process has, for the names of servers.

    JACK has room for eight names, and frees one only when its server ends in order or a new one of
    the same name starts. So names are few, and taken again by the next run.
    """
    for place in itertools.count():
        path = Path(tempfile.gettempdir()) / f"pastream-jack-{os.getuid()}-{place}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place  # The lock is given back by the end of the process.
        os.close(lock)
    raise AssertionError


class JackServer:
    """A `jackd` of our own, told apart from others by its name.

    Parameters
    ----------
    period : int
        Frames of one cycle.
    patient : bool
        Let the server wait for its clients (JACK's synchronous mode). Then a busy machine makes the
        whole graph late, but loses no frame of a client that is merely late; a client that does not
        come for half a second still does. Without it, a client that is not done in time misses the
        cycle.
    suffix : str
        Tells servers of one process apart.
    """

    def __init__(
        self, period: int = 128, rate: int = RATE, *, patient: bool = True, suffix: str = ""
    ) -> None:
        self.period = period
        self.rate = rate
        self.patient = patient
        self.name = f"pastream-test{_place()}{suffix}"
        self._program: Program | None = None
        self._clients: list[Counter] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment in which programs find this server, and only this."""
        return dict(os.environ, JACK_DEFAULT_SERVER=self.name, JACK_NO_START_SERVER="1")

    @property
    def is_realtime(self) -> bool:
        """Whether it, and so its clients, have realtime scheduling."""
        return _may_be_realtime()

    @property
    def program(self) -> Program:
        assert self._program is not None, "the server was not started"
        return self._program

    def start(self) -> None:
        """Start it, with realtime scheduling where that is allowed, and wait until it answers."""
        server = [find_program("jackd"), "--no-mlock", "--port-max", "64", "--name", self.name]
        compiled("jack_patch.c", package="jack")
        scheduling = ["--realtime"] if _may_be_realtime() else ["--no-realtime"]
        waiting = ["--sync"] if self.patient else []
        driver = ["-d", "dummy", "-r", str(self.rate), "-p", str(self.period)]
        self._program = Program([*server, *scheduling, *waiting, *driver], env=self.env)
        self._program.wait_for(lambda: self.ports(), _START_SECONDS, "a server that answers")

    def stop(self) -> None:
        """End it, and what a killed one left behind: a name that JACK would never give back."""
        for client in self._clients:
            client.stop()
        self._clients.clear()
        if self._program is None:
            return
        if not self._program.alive:
            self._program.stop()
            self.start()
        self._program.stop()
        self._program = None
        # Semaphores of clients that were killed, which JACK forgets.
        for left in Path("/dev/shm").glob(f"jack_sem.{os.getuid()}_{self.name}_*"):
            left.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill it without a warning."""
        self.program.kill()

    def restart(self) -> None:
        """Start it again after it was killed."""
        self.program.stop()
        self.start()

    def watch(self) -> Stalls:
        """Count from now on how often the machine stands still for half a cycle.

        A server cannot wake up in time then: more xruns than that, and somebody was late.
        """
        period_us = self.period * 1000000 // self.rate
        return self._add(Stalls(period_us, period_us // 2))

    def _patch(self, *ports: str) -> subprocess.CompletedProcess[str]:
        command = [compiled("jack_patch.c", package="jack"), *ports]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=10)

    def ports(self) -> list[str]:
        """Return the names of all ports; an empty list if the server does not answer."""
        found = self._patch()
        return found.stdout.splitlines() if found.returncode == 0 else []

    def connect(self, source: str, destination: str, timeout: float = 5.0) -> None:
        """Connect two ports, which may still be about to appear."""
        if not wait_until(lambda: self._patch(source, destination).returncode == 0, timeout):
            raise self.program.failed(f"could not connect {source} to {destination}")

    def counter(
        self,
        name: str = "counter",
        n_ports: int = 2,
        *,
        latency: int | None = 128,
        log: Path | None = None,
    ) -> JackCounter:
        """Start a client that plays the number of each frame; its ports are out_1, out_2, ...

        It reports `latency` frames, as a sound card would; None leaves JACK to report nonsense.
        `log` names a file for (first frame, monotonic nanosecond) of each cycle, as int64.
        """
        # JACK may take a moment to forget a client of the same name that was killed.
        wait_until(lambda: not any(port.startswith(f"{name}:") for port in self.ports()), 5.0)
        word = "unknown" if latency is None else str(latency)
        return self._add(JackCounter(self, name, n_ports, word, log))

    def sink(
        self, folder: Path, name: str = "sink", n_ports: int = 1, *, seconds: int = 120
    ) -> JackSink:
        """Start a client that keeps so much of what its ports in_1, in_2, ... are sent."""
        return self._add(JackSink(self, name, n_ports, folder, seconds))

    def loop(self, delay: int, name: str = "loop") -> JackLoop:
        """Start a client that gives back what its port in_1 is sent, `delay` frames later."""
        wait_until(lambda: not any(port.startswith(f"{name}:") for port in self.ports()), 5.0)
        return self._add(JackLoop(self, name, delay))

    def _add(self, client: Any) -> Any:
        self._clients.append(client)
        return client

    def __enter__(self) -> JackServer:
        try:
            self.start()
        except BaseException:
            self._abandon()
            raise
        return self

    def _abandon(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            self._abandon()


class JackCounter(Counter):
    """Plays (frame number modulo 2**24) / 2**24 on all its ports."""

    def __init__(
        self, server: JackServer, name: str, n_ports: int, latency: str, log: Path | None
    ) -> None:
        program = compiled("jack_counter.c", package="jack")
        logging = [] if log is None else [str(log)]
        super().__init__([program, name, str(n_ports), latency, *logging], server.env)


class JackLoop(Counter):
    """Gives back what it is sent, and reports just that delay."""

    def __init__(self, server: JackServer, name: str, delay: int) -> None:
        program = compiled("jack_loop.c", package="jack")
        super().__init__([program, name, str(delay)], server.env)


class JackSink(Counter):
    """Keeps the beginning of what it is sent."""

    def __init__(
        self, server: JackServer, name: str, n_ports: int, folder: Path, seconds: int
    ) -> None:
        self._n_ports = n_ports
        self._file = folder / f"{name}.raw"
        n_frames = str(seconds * server.rate)
        program = compiled("jack_sink.c", package="jack")
        super().__init__([program, name, str(n_ports), n_frames, str(self._file)], server.env)

    def take(self) -> NDArray[np.float32]:
        """End the client in order and return its frames, (frames, channels)."""
        self.finish()
        return np.fromfile(self._file, np.float32).reshape(-1, self._n_ports)


def _may_be_realtime() -> bool:
    """Whether this process may ask for realtime scheduling, tried on a child of its own."""
    trial = ["chrt", "--fifo", "10", "true"]
    try:
        return subprocess.run(trial, capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False
