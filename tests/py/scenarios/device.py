# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on devices and servers that go away, hang, come back, or refuse."""

import asyncio
import dataclasses
import gc
import logging
import math
import os
import select
import signal
import threading
import time

import numpy as np
import psutil
from servers.counting import continuity
from servers.programs import wait_until
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000
PATIENCE = 60.0

_COUNTS = ("frames", "captured_frames", "dropped_frames", "skipped_frames", "lost_frames")


def _counts(stream):
    stats = stream.stats
    return {name: getattr(stats, name) for name in _COUNTS}


def _timed(call):
    """Call; return the seconds it took and the name of what it raised."""
    began = time.monotonic()
    try:
        call()
    except ps.PastreamError as error:
        return time.monotonic() - began, type(error).__name__
    return time.monotonic() - began, ""


def _faulty(device, fault):
    """Return what a test has named; with a fault, a virtual device."""
    if fault is None:
        return device
    return ps.VirtualDevice(input="counter", faults=[ps.Fault(fault, at=RATE // 2)])


def _resources():
    gc.collect()
    process = psutil.Process()
    return [process.num_fds(), process.num_threads()]


# ---- D1: gone ------------------------------------------------------------------------------------


def _ending(stream, error, delivered):
    """Close a stream that was lost, and tell all about it."""
    report = {
        "error": type(error).__name__,
        "text": str(error),
        "frame": error.frame,
        "state": stream.state.name,
        "delivered": delivered,
        "again": _timed(stream.stop)[1],
        **_counts(stream),
    }
    report["close_seconds"], report["close_error"] = _timed(stream.close)
    report["closed"] = stream.closed
    report["left_at"] = time.monotonic()
    return report


def loop_until_lost(device, told_after=0, fault=None):
    """Collect chunks until the device goes away."""
    delivered = 0
    stream = ps.InputStream(_faulty(device, fault), RATE, 1, blocksize=128)
    try:
        for chunk in stream.chunks(100):
            if delivered <= told_after < delivered + len(chunk):
                tell("running")
            delivered += len(chunk)
    except ps.DeviceLostError as error:
        return _ending(stream, error, delivered)
    raise AssertionError("the loop ended as if nothing had happened")


def wait_until_lost(device, told_after=0, fault=None):
    """Let a stream run by itself until the device goes away, and read what it left afterwards."""
    stream = ps.InputStream(_faulty(device, fault), RATE, 1, blocksize=128)
    stream.start()
    stream.input_ring.wait_readable(told_after + 1, timeout=PATIENCE)
    tell("running")
    try:
        stream.wait()
    except ps.DeviceLostError as error:
        seen = stream.state.name
        return {**_ending(stream, error, len(stream.input_ring.read())), "state": seen}
    raise AssertionError("the wait ended as if nothing had happened")


def play_until_lost(device):
    """The same while playing."""
    stream = ps.OutputStream(device, RATE, 2, blocksize=256)
    stream.start()
    delivered = 0
    try:
        while True:
            stream.output_ring.write(np.zeros((4800, 2)), timeout=PATIENCE)
            if delivered == 5 * 4800:
                tell("running")
            delivered += 4800
            stream.wait(0.05)
    except ps.DeviceLostError as error:
        return _ending(stream, error, delivered)


def end_before_the_news(device, pid, call):
    """End a stream of a server that is dead already, though nobody has said so yet."""
    stream = ps.InputStream(device, RATE, 1, blocksize=128)
    stream.start()
    stream.input_ring.wait_readable(RATE // 2, timeout=PATIENCE)
    watched = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([watched], [], [], PATIENCE)
    os.close(watched)
    report = {"call": _timed(getattr(stream, call)), "close": _timed(stream.close)}
    report["closed"] = stream.closed
    report["left_at"] = time.monotonic()
    return report


# ---- D2: stopped, and back -----------------------------------------------------------------------


def stall(device, is_counter):
    """Be held up by a server that is stopped, and go on when it comes back."""
    with ps.InputStream(device, RATE, 1, blocksize=128, lost_after=PATIENCE) as stream:
        stream.start()
        # Hosts may begin slowly; that would be a stall, too.
        stream.input_ring.wait_readable(RATE // 2, timeout=PATIENCE)
        assert wait_until(lambda: stream.state == ps.StreamState.RUNNING, PATIENCE)
        tell("running")
        assert wait_until(lambda: stream.state == ps.StreamState.STALLED, PATIENCE, 0.005)
        assert stream.active
        assert stream.exception is None
        tell("stalled")
        assert wait_until(lambda: stream.state == ps.StreamState.RUNNING, PATIENCE, 0.005)
        n_before = stream.stats.captured_frames
        stream.input_ring.wait_readable(n_before + RATE // 2, timeout=PATIENCE)
        stream.stop()
        kept = stream.input_ring.read()
        found = dataclasses.asdict(continuity(kept)) if is_counter else {}
        return {**_counts(stream), "read": len(kept), "counter": found}


# ---- D3: restarted -------------------------------------------------------------------------------


def restarts(device, rounds):
    """Lose the server again and again; a new stream must work each time it is back."""
    seen = []
    for number in range(rounds + 1):
        row = {"refreshed": ps.refresh()}
        stream = ps.InputStream(device, RATE, 1, blocksize=128)
        stream.start()
        row["read"] = len(stream.input_ring.read(4000, timeout=PATIENCE))
        row["resources"] = _resources()
        tell(f"running {number}")
        row["lost"] = _timed(stream.wait)[1]
        row["close_seconds"] = _timed(stream.close)[0]
        # No server: opening fails, in time.
        row["refused_seconds"], row["refused"] = _timed(lambda: ps.InputStream(device, RATE, 1))
        seen.append(row)
        tell(f"down {number}")
        assert wait_for_word() == "back"
    return seen


def refreshes(device, rounds):
    """Read the list again and again while a stream records from a device that counts."""
    with ps.InputStream(device, RATE, 1, blocksize=128) as stream:
        stream.start()
        stream.input_ring.wait_readable(RATE // 2, timeout=PATIENCE)
        tell("running")
        report = {"before": [info.uid for info in ps.query_devices()], "device": stream.device.uid}
        report["refreshed"], report["resources"] = [], []
        for _ in range(rounds):
            report["refreshed"].append(ps.refresh())
            report["resources"].append(_resources())
        report["after"] = [info.uid for info in ps.query_devices()]
        # One more, from the new list.
        report["second"] = len(ps.rec(4800, RATE, 1, device=device))
        report["still"] = stream.device.uid
        kept = stream.input_ring.read(stream.stats.captured_frames, timeout=PATIENCE)
        report.update(_counts(stream))
    report["counter"] = dataclasses.asdict(continuity(kept))
    report["refreshed"].append(ps.refresh())
    return report


def refresh_without_a_server(device):
    """Read the list again while a stream of a server that has died is still open."""
    stream = ps.InputStream(device, RATE, 1, blocksize=128)
    stream.start()
    stream.input_ring.read(4800, timeout=PATIENCE)
    tell("running")
    report = {"lost": _timed(stream.wait)[1]}
    report["refreshed"] = [ps.refresh() for _ in range(3)]
    report["devices"] = [info.name for info in ps.query_devices() if not info.is_virtual]
    report["close"] = _timed(stream.close)[1]
    report["refreshed"].append(ps.refresh())
    tell("down")
    assert wait_for_word() == "back"
    report["refreshed"].append(ps.refresh())
    report["read"] = len(ps.rec(4800, RATE, 1, device=device))
    return report


def outlive(device, rounds):
    """Record on while the server goes and comes back again and again; nobody helps the stream."""
    seen, ends, lost_before = [], [], 0
    with ps.InputStream(
        device, RATE, 1, blocksize=128, on_lost="reopen", lost_after=0.5, overflow="drop-newest"
    ) as stream:
        stream.start()
        for number in range(rounds + 1):
            n = stream.stats.captured_frames
            stream.input_ring.wait_readable(n + RATE // 2, timeout=PATIENCE)
            row = {"state": stream.state.name, "lost": stream.stats.lost_frames - lost_before}
            lost_before = stream.stats.lost_frames
            row["resources"] = _resources()
            seen.append(row)
            if number == rounds:
                break
            tell(f"running {number}")
            assert wait_until(lambda: stream.state == ps.StreamState.REOPENING, PATIENCE)
            assert stream.active
            assert stream.exception is None
            ends.append(stream.stats.captured_frames)
            tell(f"away {number}")
        stream.stop()
        kept = stream.input_ring.read()
        events = stream.events()
        kinds = [event.kind.name for event in events]
        span = stream.stats.last_callback_time - stream.stats.start_time
        report = {
            "rounds": seen,
            "told": sum(e.frames for e in events if e.kind == ps.EventKind.DEVICE_LOSS),
            "kinds": [kind for kind in kinds if kind.startswith("DEVICE_")],
            "span": span,
            "lives": [dataclasses.asdict(continuity(life)) for life in np.split(kept, ends)],
            **_counts(stream),
        }
    report["left_at"] = time.monotonic()
    return report


# ---- D4: a stop that never returns ---------------------------------------------------------------


def hang(device):
    """Give up on a host that does not come back, and go on without it."""
    other = ps.InputStream(ps.VirtualDevice(input="counter"), RATE, 1, "int32", 64)
    other.start()
    if device == "virtual":
        device = ps.VirtualDevice(stop_hang=math.inf)
    stream = ps.OutputStream(device, RATE, 2, blocksize=256)
    stream.start()
    assert wait_until(lambda: stream.stats.frames > 20000, PATIENCE)
    tell("running")
    assert wait_for_word() == "go on"
    report = {"stop": _timed(stream.stop), "state": stream.state.name, "closed": stream.closed}
    report["text"] = str(stream.exception)
    calls = [stream.start, stream.stop, stream.abort, stream.wait]
    report["refused"] = [_timed(call)[1] for call in calls]
    report["close"] = _timed(stream.close)
    # The other one has lost nothing, and new ones can be opened.
    numbers = other.input_ring.read(other.stats.captured_frames, timeout=PATIENCE)
    report["other"] = bool(np.array_equal(numbers, np.arange(len(numbers))))
    report["other_lost"] = other.stats.lost_frames
    other.close()
    report["new"] = len(ps.rec(480, RATE, 1, device=ps.VirtualDevice()))
    tell("given up")
    wait_for_word()
    # The call comes back after all, and the device is free again; or the server is gone for good.
    report["refreshed"] = wait_until(ps.refresh, PATIENCE)
    report["left_at"] = time.monotonic()
    return report


# ---- D5: nothing ---------------------------------------------------------------------------------


class _Keep(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append([record.name, record.levelname, record.getMessage()])


def without_sound():
    """Use all that needs a sound device, where there is none."""
    log, chatter = _Keep(), logging.getLogger("pastream_ng.host")
    chatter.addHandler(log)
    chatter.setLevel(logging.DEBUG)
    calls = {
        "InputStream": ps.InputStream,
        "OutputStream": ps.OutputStream,
        "DuplexStream": ps.DuplexStream,
        "chunks": ps.chunks,
        "rec": lambda: ps.rec(10),
        "play": lambda: ps.play(np.zeros(10)),
        "query_devices": lambda: ps.query_devices(kind="input"),
        "default_device": lambda: ps.default_device("output"),
        "check_input_settings": ps.check_input_settings,
        "supported_samplerates": ps.supported_samplerates,
    }
    errors = {}
    for name, call in calls.items():
        try:
            call()
        except ps.DeviceNotFoundError as error:
            errors[name] = str(error)
    refreshed = ps.refresh()
    recorded = ps.rec(480, RATE, 1, device="loopback")
    return {
        "devices": [info.uid for info in ps.query_devices()],
        "calls": sorted(calls),
        "errors": errors,
        "refreshed": refreshed,
        "recorded": len(recorded),
        "log": log.lines,
    }


# ---- D6: refused ---------------------------------------------------------------------------------


def refusals(attempts):
    """Try to open streams; return what came of each."""
    outcomes = []
    for attempt in attempts:
        kind = getattr(ps, attempt.pop("kind"))
        try:
            kind(**attempt).close()
        except ps.PastreamError as error:
            outcomes.append([type(error).__name__, str(error)])
        else:
            outcomes.append(["", ""])
    return outcomes


# ---- D10: many on one device ---------------------------------------------------------------------


def two_on_one(device):
    """Record from one device by two streams at once; one of them ends early."""
    first = ps.InputStream(device, RATE, 1, blocksize=128)
    second = ps.InputStream(device, RATE, 1, blocksize=128)
    with first, second:
        first.start()
        second.start()
        early = first.input_ring.read(RATE // 4, timeout=PATIENCE)
        first.close()
        late = second.input_ring.read(RATE, timeout=PATIENCE)
        lost = second.stats.lost_frames
    return {
        "early": dataclasses.asdict(continuity(early)),
        "late": dataclasses.asdict(continuity(late)),
        "lost": lost,
    }


def crowd(device, turns, n_threads):
    """Open and close streams from several threads at once; return errors and what they left."""
    errors = []

    def run(count):
        try:
            for turn in range(count):
                with ps.InputStream(device, RATE, 1, blocksize=128) as stream:
                    if turn % 2:
                        stream.start()
                        stream.input_ring.read(100, timeout=PATIENCE)
        except BaseException as error:
            errors.append(repr(error))

    def all_at_once(count):
        workers = [threading.Thread(target=run, args=(count,)) for _ in range(n_threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    all_at_once(2)
    before = _resources()
    all_at_once(turns // n_threads)
    # A thread that has done its work may still be on its way out.
    wait_until(lambda: _resources() <= before, 10)
    return {"errors": errors, "before": before, "after": _resources()}


# ---- Row 46: devices that come and go ------------------------------------------------------------


def _change(change):
    return {
        "added": [info.name for info in change.added],
        "removed": [info.name for info in change.removed],
        "default": change.default_changed,
        "total": len(change.devices),
    }


def watch(rounds):
    """Tell what a loop over changes sees, and that an asynchronous one sees the same."""

    async def see(aiter):
        return await asyncio.wait_for(anext(aiter), PATIENCE)

    with ps.DeviceWatch(PATIENCE) as first, ps.watch_devices(PATIENCE) as second:
        tell("watching")
        seen = []
        for number in range(rounds):
            change = next(first)
            assert asyncio.run(see(second)) == change
            seen.append(_change(change))
            tell(f"seen {number}")
        stream = ps.InputStream("null", RATE, 1)
        stream.close()
        assert first.wait(0) is None
    return seen


def watch_quietly(device):
    """Return how often the list was read while streams of our own came and went."""
    with ps.DeviceWatch() as watch:
        watch.wait(1.0)
        before = watch._number
        for _ in range(3):
            with ps.InputStream(device, RATE, 1) as stream:
                stream.start()
                stream.input_ring.read(4800, timeout=PATIENCE)
            time.sleep(0.3)
        assert watch.wait(1.0) is None
        return watch._number - before


def leave_a_watch_open():
    """End the program while a thread waits for changes."""
    watch = ps.DeviceWatch()
    threading.Thread(target=lambda: [*watch], daemon=True).start()
    time.sleep(0.2)
    return time.monotonic()


def outlive_a_pause(device):
    """Record on while the server is stopped for longer than a device may be silent."""
    with ps.InputStream(device, RATE, 1, blocksize=128, on_lost="reopen", lost_after=0.5) as stream:
        stream.start()
        stream.input_ring.wait_readable(RATE // 2, timeout=PATIENCE)
        tell("running")
        assert wait_until(lambda: stream.state == ps.StreamState.REOPENING, PATIENCE)
        time.sleep(1)
        tell("away")
        assert wait_until(lambda: stream.state == ps.StreamState.RUNNING, PATIENCE)
        n = stream.stats.captured_frames
        began = time.monotonic()
        stream.input_ring.wait_readable(n + RATE // 2, timeout=PATIENCE)
        report = {
            "state": stream.state.name,
            "seconds": time.monotonic() - began,
            **_counts(stream),
        }
        close_seconds, _ = _timed(stream.close)
    report["close_seconds"] = close_seconds
    return report


# ---- D7: other places in the list ----------------------------------------------------------------


def open_by_an_old_index(name):
    """Open a device that has moved to another place in the list since it was looked up."""
    info = ps.query_devices(name)
    tell("looked up")
    assert wait_for_word() == "moved"
    assert ps.refresh()
    with ps.InputStream(info, RATE, 1) as stream:
        stream.start()
        kept = stream.input_ring.read(RATE // 4, timeout=PATIENCE)
        return {
            "before": info.index,
            "after": stream.device.index,
            "same": stream.device.uid == info.uid,
            "counter": dataclasses.asdict(continuity(kept)),
        }
