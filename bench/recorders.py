# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Each library records a JACK counter while a second thread holds the GIL: contestants of gil_hold.

All get the same task: hand every frame to Python until the counter has gone on by `seconds`. Each
is written as its own documentation shows it, with the library's default settings. Frames that come
in the end, after Python was free again, count as well: what matters is that none is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .servers import PERIOD, RATE, GilHog, continuity, numbers

# Python is held up for a while, so a deadline is far behind the last frame.
_SLACK_SECONDS = 15.0


class Take:
    """What has reached Python."""

    def __init__(self, seconds: float) -> None:
        self.chunks: list[Any] = []
        self.n_wanted = int(seconds * RATE)
        self.first: int | None = None
        self.last = 0
        self.deadline = time.monotonic() + seconds + _SLACK_SECONDS

    def put(self, chunk: Any) -> None:
        """Keep a chunk; it must be a copy."""
        mono = np.asarray(chunk, np.float32).reshape(-1)
        if not mono.size:
            return
        if self.first is None:
            if not mono[-1]:
                return  # The counter is not connected yet.
            self.first = int(numbers(mono[np.flatnonzero(mono)[0] :][:1])[0])
        self.chunks.append(mono)
        self.last = int(numbers(mono[-1:])[0])

    @property
    def running(self) -> bool:
        """Whether frames have begun to come."""
        return self.first is not None

    @property
    def complete(self) -> bool:
        """Whether the counter has gone far enough, or there is no hope of that."""
        if self.first is None:
            return time.monotonic() > self.deadline
        gone = (self.last - self.first) % PERIOD
        return gone >= self.n_wanted or time.monotonic() > self.deadline

    def verdict(self, hog: GilHog, ended_early: str = "") -> dict[str, Any]:
        """Count the wanted frames that came."""
        samples = np.concatenate(self.chunks) if self.chunks else np.zeros(0, np.float32)
        found = continuity(samples)
        places = (numbers(samples) - (self.first or 0)) % PERIOD
        kept = np.unique(places[places < self.n_wanted]).size if self.first is not None else 0
        return {
            "wanted": self.n_wanted,
            "kept": int(kept),
            "gaps": sum(step > 1 for _, step in found.breaks),
            "longest_hold": hog.longest,
            "ended_early": ended_early,
        }


def _start_hog_when_running(take: Take, hog: GilHog) -> None:
    if take.running and not hog.started:
        hog.start()


def pastream_ng(device: str, seconds: float, hold: float) -> dict[str, Any]:
    import pastream_ng as ps

    take, hog = Take(seconds), GilHog(hold)
    for chunk in ps.chunks(device=device, samplerate=RATE, channels=1, blocksize=128):
        take.put(chunk)
        _start_hog_when_running(take, hog)
        if take.complete:
            break
    hog.stop()
    return take.verdict(hog)


def sounddevice(device: str, seconds: float, hold: float) -> dict[str, Any]:
    import sounddevice as sd

    take, hog = Take(seconds), GilHog(hold)

    def callback(indata: Any, frames: int, when: Any, status: Any) -> None:
        take.put(indata.copy())

    settings: dict[str, Any] = {
        "device": device,
        "samplerate": RATE,
        "channels": 1,
        "blocksize": 128,
    }
    with sd.InputStream(callback=callback, dtype="float32", **settings):
        while not take.complete:
            _start_hog_when_running(take, hog)
            time.sleep(0.05)
        hog.stop()
    return take.verdict(hog)


def pastream(
    device: str, seconds: float, hold: float, buffersize: int | None = None
) -> dict[str, Any]:
    import pastream as old

    take, hog = Take(seconds), GilHog(hold)
    ended = ""
    settings: dict[str, Any] = {
        "device": device,
        "samplerate": RATE,
        "channels": 1,
        "blocksize": 128,
    }
    try:
        for chunk in old.chunks(128, buffersize=buffersize, dtype="float32", **settings):
            take.put(np.array(chunk))
            _start_hog_when_running(take, hog)
            if take.complete:
                break
    except old.BufferFull as error:
        ended = type(error).__name__
    hog.stop()
    return take.verdict(hog, ended)


def rtmixer(device: str, seconds: float, hold: float, buffersize: int = 1 << 16) -> dict[str, Any]:
    import rtmixer as rt

    take, hog = Take(seconds), GilHog(hold)
    ended = ""
    ring = rt.RingBuffer(4, buffersize)
    with rt.Recorder(device=device, channels=1, blocksize=128, samplerate=RATE) as stream:
        action = stream.record_ringbuffer(ring)
        while not take.complete:
            take.put(np.frombuffer(ring.read(), np.float32).copy())
            _start_hog_when_running(take, hog)
            if action not in stream.actions and not ring.read_available:
                ended = "the ring was full"
                break
            time.sleep(0.002)
        hog.stop()
    return take.verdict(hog, ended)


CONTESTANTS: list[tuple[str, Callable[..., Any], dict[str, Any]]] = [
    ("pastream_ng, chunks()", pastream_ng, {}),
    ("sounddevice, callback", sounddevice, {}),
    ("pastream, chunks()", pastream, {}),
    ("pastream, chunks(buffersize=2**20)", pastream, {"buffersize": 1 << 20}),
    ("rtmixer, record_ringbuffer(2**16)", rtmixer, {}),
    ("rtmixer, record_ringbuffer(2**20)", rtmixer, {"buffersize": 1 << 20}),
]
