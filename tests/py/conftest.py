# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What all tests share: a clean environment, and virtual devices whose results are known."""

import gc
import os
import signal
import sys
import time

import hypothesis
import numpy as np
import pytest

import pastream_ng as ps

pytest_plugins = ["pytester", "servers.fixtures", "servers.again"]

# The machine may be busy or instrumented: examples may take as long as they take.
hypothesis.settings.register_profile("pastream", deadline=None, print_blob=True)
hypothesis.settings.load_profile("pastream")


def pytest_configure():
    """Undo what a shell does to programs in its background: tests are sent SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """No default device from outside, and no stream of one test alive in the next."""
    monkeypatch.delenv("PASTREAM_DEVICE", raising=False)
    yield
    # What set_application_name left must not become the name of other tests' programs.
    for name in ("PASTREAM_NAME", "PULSE_PROP_OVERRIDE_application.name"):
        os.environ.pop(name, None)
    ps.stop()
    # What a test has dropped complains here, not in the middle of another test.
    gc.collect(1)


@pytest.fixture
def counter():
    """A device without a clock of its own whose input numbers the frames."""
    return ps.VirtualDevice(clock="free", input="counter")


@pytest.fixture
def loopback():
    """A device without a clock of its own that gives back what is played, a block later."""
    return ps.VirtualDevice("loopback", clock="free")


@pytest.fixture
def mixer(loopback):
    """A mixer whose output comes back as input one block later."""
    with ps.DuplexMixer(loopback, 48000, channels=1, blocksize=16) as stream:
        yield stream


@pytest.fixture
def live_mixer():
    """A mixer that runs in real time."""
    with ps.Mixer(ps.VirtualDevice("null"), 48000, channels=2, blocksize=64) as stream:
        stream.start()
        yield stream


def heard(mixer, frames):
    """Start a mixer on a loopback; return what is heard from frame 0 on, (frames, channels)."""
    mixer.start()
    block = mixer.blocksize
    return mixer.read(frames + block, always_2d=True)[block:]


def counted(dtype, frames, channels=1, first=0):
    """Return what a counter device captures: each sample is the number of its frame."""
    n = np.arange(first, first + frames, dtype="uint64")
    if dtype == "float32":
        column = ((n & 0xFFFFFF) / 2.0**24).astype(dtype)
    elif dtype == "float64":
        column = (n & 0x7FFFFFFF) / 2.0**31
    elif dtype == "int24":
        column = ((n & 0x7FFFFF) << 8).astype("int32")
    elif dtype == "uint8":
        column = (128 + (n & 0x7F)).astype(dtype)
    else:
        column = (n & np.iinfo(dtype).max).astype(dtype)
    return np.repeat(column[:, None], channels, axis=1)


def until(condition, seconds=30):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def run_python(code, *arguments, env=None, check=True, timeout=60):
    """Run a script in a fresh interpreter with this one's package; return the finished process."""
    import subprocess

    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    return done
