# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams in a process that is forked, asked for its descriptors, or flooded with signals."""

import asyncio
import dataclasses
import faulthandler
import fcntl
import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from servers.scenario import tell, wait_for_word

import pastream_ng as ps
from pastream_ng.streams.current import current

RATE = 48000
WALL = ps.VirtualDevice(input="counter")
FREE = ps.VirtualDevice(clock="free", input="counter")
# What a child ends with that was told all it should be told.
GOOD_CHILD = 23


def _breaks(samples):
    """Return where numbers do not follow each other; at most 10 places."""
    return np.flatnonzero(np.diff(samples) != 1)[:10].tolist()


def _counts(stream):
    stats = dataclasses.asdict(stream.stats)
    return {name: stats[name] for name in ("captured_frames", "lost_frames", "dropped_frames")}


# ---- Fork ----------------------------------------------------------------------------------------


def _not_refused(stream, chunks, reader):
    """Return the names of the calls that do not say that the process was forked."""
    rings = (stream.input_ring, stream.output_ring)
    calls = {
        "start": stream.start,
        "stop": stream.stop,
        "abort": stream.abort,
        "wait": stream.wait,
        "chunks": stream.chunks,
        "with": stream.__enter__,
        "a loop that runs": lambda: list(chunks),
        "read": lambda: reader.read(5, timeout=10),
        "wait_readable": lambda: reader.wait_readable(5, timeout=10),
        "write": lambda: rings[1].write(np.full(RATE, -1, "int32")),
        "write_view": lambda: rings[1].write_view(RATE).__enter__(),
        "get_write_buffers": lambda: rings[1].get_write_buffers(RATE),
        "a new stream": lambda: ps.InputStream(WALL),
        "rec": lambda: ps.rec(5, device=WALL),
        "play": lambda: ps.play(np.zeros(5), device=WALL),
        "query_devices": ps.query_devices,
        "refresh": ps.refresh,
    }
    wrong = []
    for name, call in calls.items():
        try:
            got = call()
        except ps.ForkedError:
            continue
        except Exception as error:
            got = error
        wrong.append(f"{name}: {got!r}")
    return wrong


def _be_a_child(stream, chunks, reader):
    """Do in a child what must not disturb the parent; the interpreter then ends as usual."""
    wrong = _not_refused(stream, chunks, reader)
    ps.stop()
    stream.close()
    stream.close()
    if not stream.closed or stream.active:
        wrong.append(f"after close: {stream!r}")
    print(*wrong, sep="\n", flush=True)
    sys.exit(1 if wrong else GOOD_CHILD)


def fork_while_recording(forks):
    """Fork in the middle of a chunk loop and of a recording in the background."""
    # Newer Pythons warn that the process has threads.
    warnings.simplefilter("ignore", DeprecationWarning)
    children, kept = [], []
    take = ps.rec(RATE, RATE, 1, "int32", device=WALL, blocking=False)
    with ps.DuplexStream(WALL, RATE, 1, "int32", 64) as stream:
        reader = stream.input_ring.reader()
        chunks = iter(stream.chunks(64))
        for chunk in chunks:
            kept.append(chunk)
            if len(kept) % 10 == 5:
                children.append(os.fork())
                if children[-1] == 0:
                    _be_a_child(stream, chunks, reader)
                if len(children) == forks:
                    break
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        kept += [next(chunks) for _ in range(100)]
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_be_a_child, args=(stream, chunks, reader))
        process.start()
        process.join(30)
        ends.append(process.exitcode)
        kept += [next(chunks) for _ in range(100)]
        report = {"ends": ends, "breaks": _breaks(np.concatenate(kept)), **_counts(stream)}
    ps.wait(30)
    return report | {"recorded": bool(np.array_equal(take[:, 0], np.arange(RATE)))}


def fork_while_another_thread_is_in_play():
    """Stop and watch in a child whose parent was in the middle of a one-liner, and had a watch."""
    warnings.simplefilter("ignore", DeprecationWarning)
    ps.play(np.zeros(RATE, "float32"), RATE, device=WALL)
    watch = ps.DeviceWatch()
    with current.lock:  # As in another thread: it does not exist in the child.
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            ps.stop()
            try:
                watch.wait(0)
            except ps.ForkedError:
                watch.close()
                del watch
                os._exit(GOOD_CHILD)
            os._exit(1)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ps.get_stream().active
    ps.stop()
    assert watch.wait(0) is None
    watch.close()
    return end


def fork_while_playing():
    """Let children write to rings that they share with the parent, which plays its own frames."""
    warnings.simplefilter("ignore", DeprecationWarning)
    device = ps.VirtualDevice("loopback")
    data = np.arange(1, 20_001, dtype="int32")
    ring = ps.RingBuffer(size=len(data), dtype="int32", memory="mirrored")
    ring.write(data)
    with ps.DuplexStream(device, RATE, 1, "int32", 64) as stream:
        stream.output_ring.write(data)
        child = os.fork()
        if child == 0:
            refused = 0
            for target in (stream.output_ring, ring):
                try:
                    target.flush()
                except (ps.StateError, ps.ForkedError):
                    refused += 1
                try:
                    target.write(np.full(len(target), -1, "int32"))
                except ps.ForkedError:
                    refused += 1
            os._exit(GOOD_CHILD if refused == 4 else 1)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        heard = np.concatenate(list(stream.chunks(64, frames=len(data) + 64)))
    return {
        "end": end,
        "heard": bool(np.array_equal(heard[64:], data)),
        "ring": bool(np.array_equal(ring.read(), data)),
    }


# ---- Descriptors ---------------------------------------------------------------------------------


def _descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # That of the listing itself.
            continue
    return found


def _inherited():
    code = "import os; print(len(os.listdir('/proc/self/fd')))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, close_fds=False)
    return int(done.stdout)


def list_descriptors():
    """Use everything that opens descriptors; return those that a program would inherit."""
    asyncio.run(asyncio.sleep(0))
    before, inherited = _descriptors(), _inherited()
    ps.query_devices()
    ring = ps.RingBuffer(1, 10_000)

    async def wait_for_both(stream):
        for call in (ring.readable(1, 0.01), stream.input_ring.readable(len(ring), 0.01)):
            try:
                await call
            except ps.PastreamTimeoutError:
                continue

    with ps.DuplexStream(WALL, RATE, 1) as stream:
        stream.start()
        asyncio.run(wait_for_both(stream))
        after = _descriptors()
        now_inherited = _inherited()
    opened = {fd: link for fd, link in after.items() if before.get(fd) != link}
    return {
        "opened": len(opened),
        "without_cloexec": [
            link
            for fd, link in opened.items()
            if not fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        ],
        "more_inherited": now_inherited - inherited,
    }


# ---- Signals -------------------------------------------------------------------------------------


def _own_threads_with(number):
    """Return the names of the library's threads, and of those that would take this signal."""
    names, open_ones = [], []
    for task in Path("/proc/self/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if status["Name"].startswith("pst"):
            names.append(status["Name"])
            if not int(status["SigBlk"], 16) & 1 << (number - 1):
                open_ones.append(status["Name"])
    return names, open_ones


def record_in_a_storm(signals):
    """Record until that many signals have come, in a loop, from another process."""
    seen = 0

    def count(_number, _frame):
        nonlocal seen
        seen += 1

    signal.signal(signal.SIGUSR1, count)
    kept = []
    with ps.InputStream(WALL, RATE, 1, "int32", 64) as stream:
        reader = stream.input_ring.reader()
        for chunk in stream.chunks(64):
            if not kept:
                tell("running")
                names, open_ones = _own_threads_with(signal.SIGUSR1)
            kept.append(chunk)
            if seen >= signals and len(kept) >= 500:
                break
        # Waits of rings are interrupted as well, and go on.
        read = []
        while len(read) < 100:
            read.append(reader.read(64, timeout=30))
        report = _counts(stream)
    # The end of Python gives the signal its own meaning back: it would kill.
    tell("done")
    wait_for_word()
    return report | {
        "breaks": _breaks(np.concatenate(kept)),
        "read_breaks": _breaks(np.concatenate(read)),
        "first": int(kept[0][0]),
        "threads": names,
        "unblocked": open_ones,
        "seen": seen,
    }


# ---- Many threads --------------------------------------------------------------------------------


def control_from_many_threads(seconds, workers, hang):
    """Call all there is from many threads, on the same streams; a hang ends the process."""
    faulthandler.dump_traceback_later(hang, exit=True)
    warnings.simplefilter("ignore", ResourceWarning)
    sys.setswitchinterval(1e-5)
    shared = [
        ps.DuplexStream(WALL, RATE, 1, "int32", 64, control_timeout=hang),
        ps.InputStream(FREE, RATE, 1, "int32", 64, control_timeout=hang),
    ]
    refusals = (ps.StateError, ps.PastreamTimeoutError, ps.BufferFull)
    errors, calls = [], 0
    end = time.monotonic() + seconds

    def open_and_drop():
        ps.InputStream(FREE, RATE, 1).start()

    def open_and_close():
        with ps.InputStream(WALL, RATE, 1, "int32") as stream:
            stream.start()

    def call_one(number):
        nonlocal calls
        choose = random.Random(number)
        while time.monotonic() < end:
            stream = choose.choice(shared)
            ring = stream.input_ring
            call = choose.choice(
                [
                    stream.start,
                    stream.stop,
                    stream.abort,
                    lambda s=stream: s.wait(0.001),
                    lambda s=stream: list(s.chunks(50, frames=500)),
                    lambda r=ring: r.read(10, timeout=0.001),
                    lambda r=ring: r.reader().read(10, timeout=0.001),
                    lambda s=stream: (s.stats, s.events(), repr(s), s.exception),
                    lambda: shared[0].output_ring.write(np.zeros(64, "int32"), timeout=0.001),
                    lambda: ps.rec(100, RATE, 1, device=FREE),
                    lambda: ps.play(np.zeros(1000), RATE, device=WALL),
                    lambda: ps.wait(0.001),
                    ps.stop,
                    ps.query_devices,
                    ps.refresh,
                    gc.collect,
                    open_and_drop,
                    open_and_close,
                ]
            )
            try:
                call()
            except refusals:
                pass
            except BaseException as error:
                errors.append(repr(error))
                return
            calls += 1

    threads = [threading.Thread(target=call_one, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for stream in shared:
        # What a run ended with may still be pending.
        try:
            stream.close()
        except ps.BufferFull:
            continue
    faulthandler.cancel_dump_traceback_later()
    return {"errors": errors, "calls": calls, "closed": [stream.closed for stream in shared]}
