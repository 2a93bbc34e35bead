# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks of every kind on a sound server, while Python is kept busy."""

import ctypes
import dataclasses
import threading

import numpy as np
from servers.counting import continuity
from servers.gil_hold import GilHog
from servers.programs import compiled
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000


def python_input(device, seconds, hold):
    """Collect a callback's blocks while one C call after another holds the GIL."""
    kept, lost, done = [], [], threading.Event()
    hog = GilHog(hold)

    def callback(indata, frames, time, status):
        kept.append(indata[:, 0])
        lost.append(status.lost_frames)
        if len(kept) == 10:
            hog.start()
        if len(kept) * 128 >= seconds * RATE:
            hog.stop()
            done.set()
            raise ps.CallbackStop

    with ps.InputStream(device, RATE, 1, blocksize=128, callback=callback) as stream:
        stream.start()
        done.wait()
        stream.wait()
    return {
        **dataclasses.asdict(continuity(np.concatenate(kept))),
        "longest": hog.longest,
        "told": sum(lost),
    }


def python_through(device, seconds):
    """Pass audio on in Python, half a second late."""

    def callback(indata, outdata, frames, time, status):
        outdata[:] = indata

    options = {"blocksize": 128, "callback": callback, "callback_latency": 0.5}
    with ps.DuplexStream(device, RATE, 1, **options) as stream:
        _run(stream, seconds)
        return {"missing": stream.stats.missing_frames, "latency": stream.callback_latency}


def compiled_through(device, seconds, hold):
    """Pass audio on in C while the GIL is held."""
    function = ctypes.CDLL(compiled("copy_callback.c", library=True)).copy_through
    calls = np.zeros(1, "int64")
    with ps.DuplexStream(
        device, RATE, 1, blocksize=128, callback=function, userdata=calls
    ) as stream:
        with GilHog(hold) as hog:
            _run(stream, seconds)
        return {"longest": hog.longest, "calls": int(calls[0]), "frames": stream.stats.frames}


def _run(stream, seconds):
    stream.start()
    tell("running")
    assert wait_for_word() == "connected"
    assert not stream.wait(seconds)
    tell("over")
    wait_for_word()
    stream.stop()
