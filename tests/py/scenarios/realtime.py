# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams in a process that is held up, stopped, starved, or told a wrong time."""

import contextlib
import gc
import os
import subprocess
import sys
import time

import numpy as np
from servers.counting import continuity
from servers.gil_hold import GilHog
from servers.scenario import tell

import pastream_ng as ps

RATE = 48000
_COUNTS = ("frames", "captured_frames", "dropped_frames", "lost_frames", "inserted_frames")


def _report(samples, stream, gaps, state="RUNNING"):
    stats = stream.stats
    found = continuity(samples)
    return {
        "n": len(samples),
        "breaks": found.breaks,
        "lost": found.lost,
        "doubled": found.doubled,
        "silent_start": found.silent_start,
        "gaps": gaps,
        "state": state,
        "stats": {name: getattr(stats, name) for name in _COUNTS},
        "events": [(e.kind.name, e.frame, e.frames) for e in stream.events()],
    }


def _collect(stream, is_enough, **keywords):
    """Record numbered frames until `is_enough(frames so far)`."""
    kept, gaps, n = [], [], 0
    for chunk, info in stream.chunks(128, with_info=True, **keywords):
        if info.lost:
            gaps.append([n, info.lost])
        kept.append(chunk)
        n += len(chunk)
        if is_enough(n):
            state = stream.state.name
            break
    return _report(np.concatenate(kept), stream, gaps, state)


@contextlib.contextmanager
def _busy_cores():
    """Twice as many spinning processes as there are processors."""
    spin = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spin) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def held_by_a_thread(seconds, hold):
    """Capture and play on the wall clock, with the GIL held nearly all the time."""
    frames = int(seconds * RATE)
    data = (np.arange(1, frames + 1) % 2**24 / 2**24).astype("float32")
    chunks = ps.chunks(
        128, playback=data, device="loopback", samplerate=RATE, channels=1, blocksize=128
    )
    kept, hog = [], GilHog(hold)
    for chunk in chunks:
        if not kept:
            hog.start()
        kept.append(chunk)
    hog.stop()
    got = np.concatenate(kept)
    stats = chunks.stream.stats
    return {
        "holds": hog.n_holds,
        "n": len(got),
        # A block of the device lies between what is played and what comes back.
        "is_equal": bool(np.array_equal(got[128:], data[: len(got) - 128])),
        "lost": stats.lost_frames + stats.dropped_frames + stats.missing_frames,
    }


def held_by_the_collector(seconds, objects):
    """Record while the garbage collector looks through a heap of cycles, again and again."""
    heap = []
    for _ in range(objects):
        pair = [None]
        pair[0] = pair
        heap.append(pair)
    device = ps.VirtualDevice(input="counter")
    longest = 0.0
    with ps.InputStream(device, RATE, 1, blocksize=128) as stream:
        n, kept = 0, []
        for chunk in stream.chunks(128):
            kept.append(chunk)
            n += len(chunk)
            if len(kept) % 100 == 0:
                began = time.monotonic()
                gc.collect()
                longest = max(longest, time.monotonic() - began)
            if n >= seconds * RATE:
                break
        report = _report(np.concatenate(kept), stream, [])
    return {**report, "longest": longest}


def starved(device, seconds):
    """Record on a machine that has something else to do."""
    with _busy_cores(), ps.InputStream(_device(device), RATE, 1, blocksize=128) as stream:
        return _collect(stream, lambda n: n >= seconds * RATE)


def stopped_and_continued(device, overflow, seconds_after, patience):
    """Record; the test stops this process for a while once it is told that all is running."""
    told = False
    ends = time.monotonic() + patience

    def is_enough(n):
        nonlocal told, ends
        now = time.monotonic()
        if not told and n >= RATE // 2:
            told = True
            last = now
            tell("running")
            # The stop shows as a jump of the clock.
            while (now := time.monotonic()) - last < 0.05 and now < ends:
                last = now
                time.sleep(0.002)
            ends = now + seconds_after
        return told and now > ends

    stream = ps.InputStream(_device(device), RATE, 1, blocksize=128, overflow=overflow)
    report = _collect(stream, is_enough)
    began = time.monotonic()
    try:
        report["again"] = _collect(stream, lambda n: n >= RATE // 10)
        stream.close()
        report["error"] = None
    except ps.PastreamError as error:
        report["error"] = type(error).__name__
    report["closed"] = stream.closed
    report["ending_seconds"] = time.monotonic() - began
    return report


def _device(name):
    return ps.VirtualDevice(input="counter") if name == "virtual" else name


def told_a_wrong_time(seconds):
    """Record, wait and look at the clock while the calendar jumps back and forth by an hour."""
    calendar, n, late = [], 0, 0
    times = []
    device = ps.VirtualDevice(input="counter")
    with ps.InputStream(device, RATE, 1, blocksize=128) as stream:
        kept = []
        for chunk, info in stream.chunks(128, with_info=True, timeout=5):
            kept.append(chunk)
            n += len(chunk)
            times.append(info.adc_time)
            calendar.append(time.time())
            late += abs(stream.time - time.monotonic()) > 1
            if n >= seconds * RATE:
                break
        report = _report(np.concatenate(kept), stream, [])
        stream.start()
        began = time.monotonic()
        waited = stream.wait(0.5)
        report["wait"] = [waited, time.monotonic() - began]
        began = time.monotonic()
        try:
            stream.input_ring.read(2**20, timeout=0.5)
        except ps.PastreamTimeoutError:
            report["read"] = time.monotonic() - began
    return {
        **report,
        "calendar_jumped": bool(np.any(np.abs(np.diff(calendar)) > 1800)),
        "late": int(late),
        "steps": [float(np.min(np.diff(times))), float(np.max(np.diff(times)))],
    }
