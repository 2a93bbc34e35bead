# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams in a process that is ended from outside, or that has come to its limits."""

import asyncio
import contextlib
import gc
import resource
import signal
import sys
import time

import psutil
from servers.scenario import tell

import pastream_ng as ps

WALL = ps.VirtualDevice(input="counter")
FREE = ps.VirtualDevice(clock="free", input="counter")


def _resources():
    gc.collect()
    process = psutil.Process()
    return process.num_fds(), process.num_threads()


def record_until_ended(handles):
    """Record until the process is ended; with a handler, tell how that went."""
    if handles:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    stream = ps.InputStream(WALL, 48000, 1)
    captured = 0
    try:
        with stream:
            for chunk in stream.chunks(480):
                captured += len(chunk)
                if captured == 4800:
                    tell("recording")
    except SystemExit:
        return {"closed": stream.closed, "captured": captured}
    raise AssertionError("nobody ended it")


def _capture(stream):
    return sum(len(chunk) for chunk in stream.chunks(50, frames=100, timeout=20))


def many_streams(n):
    """Open many streams at once and use each."""
    _capture(ps.InputStream(FREE, 48000, 1))
    gc.collect()
    before = _resources()
    streams = [ps.InputStream(FREE, 48000, 1, buffersize=4096) for _ in range(n)]
    for stream in streams:
        stream.start()
    captured = []
    for stream in streams:
        captured.append(len(stream.read(100, timeout=20)))
        stream.close()
    del stream, streams
    after = _settled(before)
    return {
        "captured": captured,
        "descriptors_before": before[0],
        "threads_before": before[1],
        "descriptors_after": after[0],
        "threads_after": after[1],
    }


def _settled(before):
    """Return the resources, once what closes in the background has closed."""
    for _ in range(200):
        after = _resources()
        if after[0] <= before[0] and after[1] <= before[1]:
            break
        time.sleep(0.02)
    return after


def without_descriptors():
    """Open streams until the system has no descriptor left, then with descriptors again."""
    _capture(ps.InputStream(FREE, 48000, 1))
    before = _resources()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    errors, streams = [], []
    loop = asyncio.new_event_loop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] + 4, hard))
    try:
        for _ in range(20):
            try:
                stream = ps.InputStream(FREE, 48000, 1, buffersize=4096)
                streams.append(stream)
                _arm(stream, loop)
            except ps.PastreamError as error:
                errors.append(type(error).__name__)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        loop.close()
    for stream in streams:
        stream.close()
    del stream, streams
    with ps.InputStream(FREE, 48000, 1) as stream:
        after = _capture(stream)
    left = _settled(before)
    return {
        "errors": errors,
        "after": after,
        "descriptors_before": before[0],
        "descriptors_after": left[0],
    }


def _arm(stream, loop):
    """Have the ring make its descriptor, as an event loop does."""
    with contextlib.suppress(ps.PastreamTimeoutError):
        loop.run_until_complete(stream.input_ring.readable(1, timeout=0.01))
