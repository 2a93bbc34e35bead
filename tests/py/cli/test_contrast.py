# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The other run of the demo: a Python callback, simulated or through sounddevice."""

import dataclasses
import os
import sys
import threading
import time
import types
from typing import Any

import numpy as np
import pytest

from pastream_ng.cli.demo import contrast
from pastream_ng.cli.demo.setup import Setup, choose

BLOCK = 512


@pytest.fixture
def setup() -> Setup:
    return choose("loopback", seconds=0.3, hold_s=0, rest_s=0.1)


class FakeStream:
    """A host that calls on time, and goes on like that until the callback has enough."""

    lost_blocks = 0
    gives_up = False

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        shape = (BLOCK, self.settings["channels"][0])
        seconds = BLOCK / self.settings["samplerate"]
        fine = types.SimpleNamespace(input_overflow=False, output_underflow=False)
        late = types.SimpleNamespace(input_overflow=True, output_underflow=False)
        for number in range(3 if self.gives_up else 1000):
            time.sleep(seconds * (1 + self.lost_blocks * (number == 1)))
            status = late if number == 1 and self.lost_blocks else fine
            try:
                self.settings["callback"](np.ones(shape), np.empty(shape), BLOCK, None, status)
            except CallbackStop:
                return

    def __enter__(self) -> "FakeStream":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.thread.join()


class CallbackStop(Exception):
    pass


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeStream]:
    module: Any = types.ModuleType("sounddevice")
    module.CallbackStop = CallbackStop
    module.Stream = type("Stream", (FakeStream,), {})
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    monkeypatch.setattr(contrast, "PATIENCE_S", 0.1)
    stream: type[FakeStream] = module.Stream
    return stream


def test_simulation_loses_nothing_if_nobody_disturbs(setup: Setup) -> None:
    outcome = contrast.simulated(setup)
    assert outcome.expected == setup.n_frames
    assert outcome.captured + outcome.lost == outcome.expected
    assert outcome.wakeups.count > 0
    assert "simulated" in outcome.how


def test_simulation_loses_about_what_the_gil_was_held_for(setup: Setup) -> None:
    setup = dataclasses.replace(setup, hold_s=0.2, rest_s=0.05)
    outcome = contrast.simulated(setup)
    assert outcome.xruns >= 1
    assert outcome.lost >= 0.15 * setup.samplerate
    assert outcome.captured + outcome.lost == outcome.expected


def test_counts_of_sounddevice(setup: Setup, fake: type[FakeStream]) -> None:
    fake.lost_blocks = 10
    outcome = contrast.through_sounddevice(setup)
    assert outcome.xruns == 1
    assert outcome.lost >= 9 * BLOCK
    assert outcome.captured + outcome.lost == outcome.expected
    assert outcome.wakeups.count == 0
    assert "sounddevice" in outcome.how


def test_host_that_gives_up_is_not_praised(setup: Setup, fake: type[FakeStream]) -> None:
    fake.gives_up = True
    outcome = contrast.through_sounddevice(setup)
    assert outcome.captured == 3 * BLOCK
    assert outcome.expected == setup.n_frames
    assert outcome.lost == setup.n_frames - 3 * BLOCK


def test_device_decides_what_is_run(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrast, "simulated", lambda setup: "simulated")
    monkeypatch.setattr(contrast, "through_sounddevice", lambda setup: "sounddevice")
    real = dataclasses.replace(setup, input=dataclasses.replace(setup.input, is_virtual=False))
    monkeypatch.setattr(contrast, "has_sounddevice", lambda: True)
    assert contrast.contrast(setup) == "simulated"
    assert contrast.contrast(real) == "sounddevice"
    monkeypatch.setattr(contrast, "has_sounddevice", lambda: False)
    assert contrast.contrast(real) == "simulated"


def test_stderr_is_quiet_and_comes_back(capfd: pytest.CaptureFixture[str]) -> None:
    with contrast.quiet_stderr():
        os.write(2, b"chatter\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"
