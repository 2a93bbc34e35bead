# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Servers as pytest fixtures: one per test module, gone afterwards whatever happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from .jack import JackCounter, JackServer, JackSink
from .programs import MissingProgram
from .pulse import PulseServer

S = TypeVar("S", JackServer, PulseServer)

_SERVERS = {
    "jack",
    "strict_jack",
    "short_jack",
    "long_jack",
    "mortal_jack",
    "pulse",
    "mortal_pulse",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a server: other tests at the same time would take its processor away."""
    for item in items:
        if _SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


def _missing(error: MissingProgram) -> None:
    """Skip for want of a program; where the servers are promised (./dev test), fail."""
    if os.environ.get("PASTREAM_REQUIRE_SERVERS") == "1":
        pytest.fail(f"PASTREAM_REQUIRE_SERVERS is set, and {error}", pytrace=False)
    pytest.skip(str(error))


def _served(server: S) -> Iterator[S]:
    try:
        with server:
            yield server
    except MissingProgram as error:
        _missing(error)


@pytest.fixture(scope="module")
def jack() -> Iterator[JackServer]:
    """A JACK server that waits for its clients: a busy machine loses no frames of it."""
    yield from _served(JackServer(patient=True))


@pytest.fixture(scope="module")
def strict_jack() -> Iterator[JackServer]:
    """A JACK server as most people run it: who is late misses the cycle."""
    yield from _served(JackServer(patient=False, suffix="-strict"))


@pytest.fixture
def jack_counter(jack: JackServer) -> Iterator[JackCounter]:
    """A client of that server, "counter", that plays the number of each frame."""
    client = jack.counter()
    yield client
    client.stop()


@pytest.fixture
def jack_sink(jack: JackServer, tmp_path: Path) -> Iterator[JackSink]:
    """A client of that server, "sink", that keeps what it is sent."""
    client = jack.sink(tmp_path)
    yield client
    client.stop()


@pytest.fixture
def short_jack() -> Iterator[JackServer]:
    """A JACK server with very short cycles."""
    yield from _served(JackServer(period=16, suffix="-short"))


@pytest.fixture
def long_jack() -> Iterator[JackServer]:
    """A JACK server whose cycles are longer than a virtual machine is at rest for now and then.

    The dummy driver tells an xrun when it woke up later than the next cycle, whoever its clients
    are: with 128 frames that was once in two seconds on a quiet virtual machine with two idle
    clients written in C.
    """
    yield from _served(JackServer(period=1024, suffix="-long"))


@pytest.fixture
def mortal_jack() -> Iterator[JackServer]:
    """A JACK server for one test, which may kill it."""
    yield from _served(JackServer(patient=False, suffix="-mortal"))


@pytest.fixture(scope="module")
def pulse() -> Iterator[PulseServer]:
    """A PulseAudio server with two null sinks."""
    yield from _served(PulseServer())


@pytest.fixture
def mortal_pulse() -> Iterator[PulseServer]:
    """A PulseAudio server for one test, which may kill it."""
    yield from _served(PulseServer())


@pytest.fixture
def no_servers(tmp_path: Path) -> dict[str, str]:
    """An environment without any sound: no server and no ALSA device."""
    (tmp_path / "asound.conf").write_text("")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULSE")}
    return kept | {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
        "PULSE_SERVER": f"unix:{tmp_path}/none",
        "JACK_DEFAULT_SERVER": "pastream-none",
        "JACK_NO_START_SERVER": "1",
    }
