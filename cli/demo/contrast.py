# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The same job done by a Python callback, for contrast."""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .gilhog import GilHog
from .measure import Outcome, Quantiles, WakeUps
from .melody import melody
from .setup import Setup

__all__ = ["contrast", "has_sounddevice", "simulated", "through_sounddevice"]

BUFFER_BLOCKS = 2
SIMULATED_BLOCK = 128
PATIENCE_S = 5.0


def has_sounddevice() -> bool:
    """Tell whether the package is installed, without importing it: that would open PortAudio."""
    return importlib.util.find_spec("sounddevice") is not None


def contrast(setup: Setup) -> Outcome:
    """Run the Python callback on the same device where that is possible, else simulate it."""
    if not setup.is_virtual and has_sounddevice():
        return through_sounddevice(setup)
    return simulated(setup)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep what host APIs print on every xrun from covering the table."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def simulated(setup: Setup) -> Outcome:
    """Run a Python callback against a simulated host.

    The host has the clock of this machine and a buffer of two blocks of 128 frames. Its thread is a
    Python thread, as every Python callback needs the GIL: each block has to be served before two
    more are complete. Blocks that are not are gone, as on a sound card.
    """
    n_blocks = setup.n_frames // SIMULATED_BLOCK
    shape = (n_blocks * SIMULATED_BLOCK, setup.input_channels)
    tune = melody(shape[0], setup.samplerate, setup.input_channels)
    heard = np.zeros(shape, np.float32)
    block_s = SIMULATED_BLOCK / setup.samplerate
    wakeups = WakeUps()
    served = lost = xruns = 0

    def host() -> None:
        nonlocal served, lost, xruns
        start = time.monotonic()
        while served + lost < n_blocks:
            due = start + (served + lost + 1) * block_s
            asked = time.monotonic()
            time.sleep(max(0.0, due - asked))
            woke = time.monotonic()
            complete = min(int((woke - start) / block_s), n_blocks)
            gone = complete - (served + lost) - BUFFER_BLOCKS
            if gone > 0:
                lost += gone
                xruns += 1
            frame = (served + lost) * SIMULATED_BLOCK
            heard[frame : frame + SIMULATED_BLOCK] = tune[frame : frame + SIMULATED_BLOCK]
            wakeups.add(asked, due, woke)
            served += 1

    with GilHog(setup.hold_s, setup.rest_s) as hog:
        thread = threading.Thread(target=host, name="simulated host", daemon=True)
        thread.start()
        thread.join()
    return Outcome(
        name="Python callback",
        how="simulated host, same machine, same GIL holder",
        expected=n_blocks * SIMULATED_BLOCK,
        captured=served * SIMULATED_BLOCK,
        lost=lost * SIMULATED_BLOCK,
        xruns=xruns,
        longest_hold_s=hog.longest_s,
        wakeups=wakeups.quantiles(hog.holds),
    )


def through_sounddevice(setup: Setup) -> Outcome:
    """Run a Python callback through the sounddevice package, on the same devices.

    What was to be expected comes from the clock, first callback to last. Its wake-ups cannot be
    measured from here: when the host had the block ready is not told to the callback.
    """
    with quiet_stderr():
        sounddevice: Any = importlib.import_module("sounddevice")
    tune = melody(setup.n_frames, setup.samplerate, setup.output_channels)
    heard = np.zeros((setup.n_frames, setup.input_channels), np.float32)
    seconds = setup.n_frames / setup.samplerate
    done = threading.Event()
    start = time.monotonic()
    captured = xruns = 0
    first = last = 0.0
    last_block = 0

    def callback(indata: Any, outdata: Any, frames: int, _time: Any, status: Any) -> None:
        nonlocal captured, xruns, first, last, last_block
        now = time.monotonic()
        first = first or now
        xruns += bool(status.input_overflow or status.output_underflow)
        outdata[:] = 0
        room = max(0, min(frames, setup.n_frames - captured))
        heard[captured : captured + room] = indata[:room]
        outdata[:room] = tune[captured : captured + room]
        captured += frames
        last, last_block = now, frames
        if now - first >= seconds:
            done.set()
            raise sounddevice.CallbackStop

    with (
        GilHog(setup.hold_s, setup.rest_s) as hog,
        quiet_stderr(),
        sounddevice.Stream(
            device=(setup.input.index, setup.output.index),
            samplerate=setup.samplerate,
            channels=(setup.input_channels, setup.output_channels),
            dtype="float32",
            blocksize=setup.blocksize,
            latency=setup.latency,
            callback=callback,
        ),
    ):
        # Some hosts give up on a callback that is late, without a word.
        done.wait(PATIENCE_S + seconds + setup.hold_s)
    if not done.is_set():
        first, last, last_block = start, start + seconds, 0
    expected = max(captured, round((last - first) * setup.samplerate) + last_block)
    return Outcome(
        name="Python callback",
        how="sounddevice, same devices, same GIL holder",
        expected=expected,
        captured=captured,
        lost=expected - captured,
        xruns=xruns,
        longest_hold_s=hog.longest_s,
        wakeups=Quantiles(0, None, None),
    )
