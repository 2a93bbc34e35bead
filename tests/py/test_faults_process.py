# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Faults of the process, the interpreter and its threads.

P6 has a file of its own, test_faults_interrupt; plain cases are in test_lifecycle.
"""

import asyncio
import gc
import os
import random
import signal
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from servers.scenario import Scenario, run

import pastream_ng as ps

from .conftest import run_python

WALL = ps.VirtualDevice(input="counter")
FREE = ps.VirtualDevice(clock="free", input="counter")
RATE = 48000
# Nothing here takes this long, unless it hangs.
HANG = 60.0

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")


def turns(few, many):
    """Run a few turns each time, and many now and then."""
    return pytest.mark.parametrize("n", [few, pytest.param(many, marks=pytest.mark.soak)])


def assert_usable(stream):
    """Assert that a stream starts, captures from its first frame on, and stops."""
    stream.stop()
    got = list(stream.chunks(50, frames=200, timeout=HANG))
    assert np.concatenate(got).tolist() == list(range(200))
    assert stream.stopped


# ---- P1: fork ------------------------------------------------------------------------------------


@needs_fork
def test_P1_forks_do_not_disturb_a_recording_and_children_end_as_usual():
    report = run("process.py", "fork_while_recording", forks=8)
    assert report == {
        "ends": [23] * 9,
        "breaks": [],
        "captured_frames": report["captured_frames"],
        "lost_frames": 0,
        "dropped_frames": 0,
        "recorded": True,
    }


@needs_fork
def test_P1_a_child_can_stop_though_a_thread_of_the_parent_was_in_play():
    assert run("process.py", "fork_while_another_thread_is_in_play") == 23


@needs_fork
def test_P1_a_child_cannot_write_into_what_the_parent_plays():
    report = run("process.py", "fork_while_playing")
    assert report == {"end": 23, "heard": True, "ring": True}


# ---- P2: descriptors -----------------------------------------------------------------------------


@needs_proc
def test_P2_no_descriptor_is_inherited(no_servers):
    report = run("process.py", "list_descriptors", env=no_servers)
    assert report["opened"] > 0
    assert report["without_cloexec"] == []
    assert report["more_inherited"] == 0


# ---- P3: the end of the interpreter --------------------------------------------------------------

RUNNING = """
import asyncio, sys, threading, numpy as np, pastream_ng as ps
stream = ps.DuplexStream(ps.VirtualDevice(input="counter"), 48000, 1, "int32", 64)
free = ps.InputStream(ps.VirtualDevice(clock="free", input="counter"), 48000, 1, "int32", 64)
def work(stream, frames=-1):
    try:
        for chunk in stream.chunks(64, frames=frames): pass
    except ps.ClosedError: return
    print(int(chunk[-1]))
"""

# What a program ends with, its exit code, and the last line on each of its streams.
ENDINGS = {
    "an exception in a chunk loop": (
        "for chunk in stream.chunks(64): raise KeyError('mine')",
        (1, "", "KeyError: 'mine'"),
    ),
    "an exception in a loop over views": (
        "for chunk in free.chunks(64, copy=False): raise KeyError('mine')",
        (1, "", "KeyError: 'mine'"),
    ),
    "sys.exit in a with block": (
        "with stream:\n  for chunk in stream.chunks(64): sys.exit(3)",
        (3, "", ""),
    ),
    "sys.exit in an event loop": (
        "async def main():\n  async for chunk in stream.chunks(64): sys.exit(4)\n"
        "asyncio.run(main())",
        (4, "", ""),
    ),
    "an exception in an event loop": (
        "async def main():\n  async for chunk in free.chunks(64): raise KeyError('mine')\n"
        "asyncio.run(main())",
        (1, "", "KeyError: 'mine'"),
    ),
    "a thread that records on after the main program": (
        "threading.Thread(target=work, args=(stream, 9600)).start()",
        (0, "9599", ""),
    ),
    "sys.exit in a thread": (
        "def leave():\n  for chunk in stream.chunks(64): sys.exit(5)\n"
        "threading.Thread(target=leave).start()",
        (0, "", ""),
    ),
    "daemon threads that are never without work": (
        "for _ in range(4):\n"
        "  other = ps.InputStream(ps.VirtualDevice(clock='free'), 48000, 1, blocksize=64)\n"
        "  threading.Thread(target=work, args=(other,), daemon=True).start()\n"
        "next(iter(stream.chunks(640)))",
        (0, "", ""),
    ),
    "an exception with a daemon thread in a loop": (
        "threading.Thread(target=work, args=(free,), daemon=True).start()\n"
        "next(iter(stream.chunks(640)))\nraise KeyError('mine')",
        (1, "", "KeyError: 'mine'"),
    ),
    "os._exit in a loop": (
        "import os\nfor chunk in stream.chunks(64): os._exit(6)",
        (6, "", ""),
    ),
    "all one-liners": (
        "d = ps.VirtualDevice('loopback')\nps.play(np.zeros(48000), 48000, device=d)\n"
        "take = ps.playrec(np.zeros(48000), 48000, 1, device=d, blocking=False)\n"
        "next(ps.chunks(device=d))",
        (0, "", ""),
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
@turns(1, 200)
def test_P3_the_program_ends_as_it_would_without_streams(ending, n):
    script, expected = ENDINGS[ending]
    for _ in range(n):
        done = run_python(RUNNING + script, check=False, timeout=HANG)
        last = [(text.rstrip().splitlines() or [""])[-1] for text in (done.stdout, done.stderr)]
        assert (done.returncode, *last) == expected, done.stderr
        assert "Exception ignored" not in done.stderr


# ---- P7: exceptions of the user's ----------------------------------------------------------------


class MineError(Exception):
    pass


def leave(chunks, error):
    for _ in chunks:
        raise error


async def leave_async(chunks, error):
    async for _ in chunks:
        raise error


@pytest.mark.sanitize
@pytest.mark.parametrize("way", ["sync", "async", "two loops", "in a thread"])
@pytest.mark.parametrize("device", [WALL, FREE], ids=["wall", "free"])
@pytest.mark.parametrize("kind", [MineError, KeyboardInterrupt, GeneratorExit])
def test_P7_the_same_exception_reaches_the_caller(way, device, kind):
    mine, caught = kind("mine"), []

    def run_loop(stream):
        try:
            if way == "async":
                asyncio.run(leave_async(stream.chunks(64), mine))
            elif way == "two loops":
                for _ in stream.chunks(64):
                    leave(other.chunks(64), mine)
            else:
                leave(stream.chunks(64, copy=False), mine)
        except BaseException as error:
            caught.append(error)

    with ps.InputStream(device, RATE, 1, "int32") as stream, ps.InputStream(device) as other:
        if way == "in a thread":
            thread = threading.Thread(target=run_loop, args=(stream,))
            thread.start()
            thread.join(HANG)
        else:
            run_loop(stream)
        assert stream.stopped
        assert other.stopped
        assert stream.exception is None
        assert_usable(stream)
    (error,) = caught
    assert error is mine
    assert error.__context__ is None
    names = []
    trace = error.__traceback__
    while trace:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names[-1] in ("leave", "leave_async")


@pytest.mark.sanitize
@pytest.mark.parametrize("is_async", [False, True])
def test_P7_the_function_closes_its_stream_first(is_async):
    mine, chunks = MineError("mine"), ps.chunks(64, device=FREE)

    def run_loop():
        if is_async:
            asyncio.run(leave_async(chunks, mine))
        leave(chunks, mine)

    with pytest.raises(MineError) as caught:
        run_loop()
    assert caught.value is mine
    assert chunks.stream.closed


@pytest.mark.sanitize
def test_P7_an_error_of_the_stream_does_not_hide_the_users():
    mine = MineError("mine")
    stream = ps.InputStream(WALL, RATE, 1, blocksize=64, buffersize=512)

    def run_loop():
        with stream:
            for _ in stream.chunks(64, copy=False):
                while stream.active:  # Until the ring is full.
                    time.sleep(0.001)
                raise mine

    with pytest.raises(MineError) as caught:
        run_loop()
    assert caught.value is mine
    assert isinstance(stream.exception, ps.BufferFull)


# ---- P8, P9: memory that is kept, and calls from inside ------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("device", [WALL, FREE], ids=["wall", "free"])
@pytest.mark.parametrize("channels", [1, 2])
def test_P8_views_can_be_read_after_all_is_gone(device, channels):
    stream = ps.DuplexStream(device, RATE, channels, "int32", 64, buffersize=4096)
    output = stream.output_ring.get_write_buffers(100)
    ring, reader = stream.input_ring, stream.input_ring.reader()
    kept = []
    for chunk in stream.chunks(50, frames=500, copy=False):
        kept += [chunk, chunk[10:], chunk[::2]]
    with reader.read_view(50) as frames:
        kept.append(frames)
    kept += [*reader.get_read_buffers(50)[1:], *output[1:]]
    stream.close()
    del stream, ring, reader, frames, chunk, output
    gc.collect()
    churn = [ps.RingBuffer(size=4096, dtype="int32") for _ in range(20)]
    for array in kept:
        assert array.sum() is not None
        assert array.tobytes() is not None
    assert len(churn) == 20


@pytest.mark.sanitize
@pytest.mark.parametrize("memory", ["mirrored", "copying", "flat"])
def test_P8_bytes_of_a_ring_can_be_read_after_it_is_gone(memory):
    if memory == "flat":
        ring = ps.RingBuffer(4, buffer=bytearray(4 * 1024))
    else:
        ring = ps.RingBuffer(4, 1024, memory=memory)
    ring.write(bytes(range(200)))
    first = ring.get_read_buffers(50)[1]
    view = ring.read_view(50)
    with view as frames:
        array = np.frombuffer(frames, "uint8")
    del ring, view, frames
    gc.collect()
    assert bytes(first) == array.tobytes() == bytes(range(200))


@pytest.mark.sanitize
def test_P8_what_was_recorded_into_may_go_first():
    out = np.zeros(480_000, "float32")
    ps.rec(out=out, samplerate=RATE, device=WALL, blocking=False)
    view = out[:100]
    del out
    gc.collect()
    ring = ps.get_stream().input_ring
    ring.wait_readable(200, timeout=HANG)
    ps.stop()
    del ring
    assert view[1] == 2.0**-24


@pytest.mark.sanitize
@pytest.mark.parametrize("device", [WALL, FREE], ids=["wall", "free"])
def test_P9_a_loop_may_close_its_own_stream(device):
    stream = ps.InputStream(device, RATE, 1, "int32", 64)
    got = []

    def run_loop():
        for chunk in stream.chunks(64):
            got.append(chunk)
            stream.close()

    with pytest.raises(ps.ClosedError):
        run_loop()
    assert np.array_equal(np.concatenate(got), np.arange(64 * len(got)))


@pytest.mark.sanitize
def test_P9_calls_from_inside_a_loop_are_answered_or_refused():
    with ps.InputStream(WALL, RATE, 1, "int32", 64) as stream:
        for chunk in stream.chunks(64):
            for call in (
                lambda: stream.input_ring.read(64, timeout=HANG),
                lambda: stream.input_ring.wait_readable(1),
                lambda: next(iter(stream.chunks(64))),
            ):
                with pytest.raises(ps.StateError, match="a chunk loop is reading here"):
                    call()
            stream.start()  # It runs already.
            assert stream.wait(0.001) is False
            assert len(stream.input_ring.reader().read(64, timeout=HANG)) == 64
            stop = chunk[0] >= 640
            if stop:
                break
        assert stream.stopped


# ---- P10: close while others are inside ----------------------------------------------------------


def many_chunks(stream):
    for chunk in stream.chunks(64, copy=False):
        assert len(chunk) == 64


def many_views(stream):
    reader = stream.input_ring.reader()
    while True:
        with reader.read_view(64, timeout=HANG) as frames:
            assert len(frames) == 64


def much_output(stream):
    data = np.zeros(10 * len(stream.output_ring), "int32")
    while True:
        stream.output_ring.write(data, timeout=HANG)


def many_questions(stream):
    while not stream.closed:
        assert repr(stream)
        assert stream.stats.frames >= 0
        stream.events()
    raise ps.ClosedError("as the others")


async def many_async(stream):
    reader = stream.input_ring.reader()
    while True:
        await reader.readable(64, timeout=HANG)
        reader.skip(64)


INSIDE = [
    many_chunks,
    many_views,
    much_output,
    many_questions,
    lambda stream: stream.wait(HANG),
    lambda stream: stream.input_ring.reader().wait_readable(30_000, timeout=HANG),
    lambda stream: stream.output_ring.wait_writable(len(stream.output_ring), timeout=HANG),
    lambda stream: asyncio.run(many_async(stream)),
]


@pytest.mark.parametrize(
    "n",
    [pytest.param(50, marks=pytest.mark.sanitize), pytest.param(10_000, marks=pytest.mark.soak)],
)
@pytest.mark.timeout(7200)
def test_P10_all_who_are_inside_are_told_of_the_close(n):
    choose = random.Random(10)
    for turn in range(n):
        stream = ps.DuplexStream(WALL, RATE, 1, "int32", 64, buffersize=48_000)
        stream.output_ring.write(np.zeros(24_000, "int32"))
        stream.start()
        caught = {}
        ready = threading.Barrier(4)

        def inside(number, stream=stream, ready=ready, caught=caught):
            ready.wait(HANG)
            try:
                caught[number] = INSIDE[number](stream)
            except BaseException as error:
                caught[number] = error

        numbers = choose.sample(range(len(INSIDE)), 3)
        threads = [threading.Thread(target=inside, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        ready.wait(HANG)
        time.sleep(choose.choice([0, 0.0005, 0.005]))
        closers = [threading.Thread(target=stream.close) for _ in range(turn % 3)]
        for closer in closers:
            closer.start()
        stream.close()
        for thread in threads + closers:
            thread.join(HANG)
            assert not thread.is_alive()
        wrong = {k: v for k, v in caught.items() if not isinstance(v, ps.ClosedError)}
        assert wrong == {}
        assert len(caught) == 3
        assert stream.closed


# ---- P11: dropped --------------------------------------------------------------------------------


def dropped(leak):
    """Return how many complaints there are about what `leak` leaves."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leak()
        gc.collect()
    assert {str(w.message).split()[0] for w in caught} <= {"unclosed"}
    assert {w.category for w in caught} <= {ResourceWarning}
    return len(caught)


@pytest.mark.sanitize
@pytest.mark.parametrize("cycle", [False, True])
def test_P11_a_stream_with_loop_reader_and_view_is_dropped(cycle):
    survivors = []

    def leak():
        stream = ps.DuplexStream(WALL, RATE, 1, "int32", 64)
        chunks = iter(stream.chunks(64))
        survivors.append(next(chunks))
        reader = stream.input_ring.reader()
        view = reader.read_view(64, timeout=HANG)
        view.__enter__()
        survivors.append(stream.output_ring)
        if cycle:
            stream.all = (stream, chunks, reader, view)

    assert dropped(leak) == 1
    chunk, ring = survivors
    assert chunk.tolist() == list(range(64))
    assert len(ring) > 0


@pytest.mark.sanitize
def test_P11_many_streams_dropped_at_once_hold_nobody_up():
    # One after the other they would take longer than a test may.
    device = ps.VirtualDevice(stop_hang=8)

    def leak():
        streams = [ps.InputStream(device, RATE, 1) for _ in range(20)]
        for stream in streams:
            stream.start()
            stream.others = streams

    assert dropped(leak) == 20


@pytest.mark.sanitize
def test_P11_dropped_in_a_thread_while_another_records():
    n = 0

    def leak():
        nonlocal n
        while not done.is_set():
            stream = ps.InputStream(FREE, RATE, 1)
            stream.me = stream
            stream.start()
            del stream
            gc.collect()
            n += 1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        done = threading.Event()
        thread = threading.Thread(target=leak)
        thread.start()
        try:
            with ps.InputStream(FREE, RATE, 1, "int32", 64) as stream:
                got = []
                while n < 5 or len(got) < 5:
                    got.append(np.concatenate(list(stream.chunks(64, frames=6400))))
        finally:
            done.set()
            thread.join(HANG)
    assert all(np.array_equal(take, np.arange(6400)) for take in got)


# ---- P12: who waits for whom ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "workers"), [(2, 8), pytest.param(60, 32, marks=pytest.mark.soak)]
)
def test_P12_no_deadlock_whoever_calls_what(seconds, workers):
    report = run(
        "process.py",
        "control_from_many_threads",
        timeout=seconds + 2 * HANG,
        seconds=seconds,
        workers=workers,
        hang=seconds + HANG,
    )
    assert report["errors"] == []
    assert report["closed"] == [True, True]
    assert report["calls"] > 0


# ---- P15: signals --------------------------------------------------------------------------------


@needs_proc
@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal here")
def test_P15_a_storm_of_signals_loses_nothing():
    with Scenario("process.py", "record_in_a_storm", signals=500) as scenario:
        scenario.wait_for("running")
        end = time.monotonic() + HANG
        while "told: done" not in scenario.output and time.monotonic() < end:
            for _ in range(20):
                scenario.program.send(signal.SIGUSR1)
                time.sleep(0.0002)
        report = scenario.result()
    assert report["seen"] >= 500
    assert report["first"] == 0
    assert report["breaks"] == report["read_breaks"] == []
    assert report["lost_frames"] == report["dropped_frames"] == 0
    assert len(report["threads"]) > 0
    assert report["unblocked"] == []


# ---- P17: no memory ------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", ["auto", "mirrored", "copying"])
def test_P17_a_ring_that_does_not_fit_is_refused(memory):
    with pytest.raises(ps.OutOfMemoryError, match="fit into memory"):
        ps.RingBuffer(size=2**50, dtype="float64", channels=2, memory=memory)
    assert issubclass(ps.OutOfMemoryError, MemoryError)
    ring = ps.RingBuffer(size=10, dtype="int16", memory=memory)
    ring.write([1, 2, 3])
    assert ring.read().tolist() == [1, 2, 3]


def test_P17_what_does_not_fit_leaves_what_is_there_usable():
    with ps.InputStream(WALL, RATE, 1, "int32", 64) as stream:
        chunks = iter(stream.chunks(64))
        got = [next(chunks)]
        for call in (
            lambda: ps.InputStream(WALL, RATE, 2, "float64", buffersize=2**40),
            lambda: ps.DuplexStream(WALL, RATE, 2, "float64", buffersize=(4800, 2**40)),
            lambda: ps.chunks(device=WALL, channels=64, dtype="float64", buffersize=2**40),
            lambda: ps.rec(2**40, RATE, 64, "float64", device=WALL),
            lambda: ps.RingBuffer(size=2**50, dtype="float64"),
        ):
            with pytest.raises(ps.OutOfMemoryError):
                call()
            got += [next(chunks) for _ in range(10)]
        chunks.close()
        assert np.array_equal(np.concatenate(got), np.arange(64 * len(got)))
        assert_usable(stream)
