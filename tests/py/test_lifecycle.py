# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that are dropped, forked, closed under somebody's feet, or alive at the end."""

import gc
import os
import signal
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path

import numpy as np
import psutil
import pytest

import pastream_ng as ps

from .conftest import run_python, until

WALL = ps.VirtualDevice(input="counter")
HAS_FORK = hasattr(os, "fork")


def collect(leaks):
    """Collect garbage; return the ResourceWarnings about streams."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        leaks()
        gc.collect()
    return [str(w.message) for w in caught if w.category is ResourceWarning]


def threads():
    """Return how many threads the process has, those of C included."""
    return psutil.Process().num_threads()


# ---- Dropped -------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("cycle", [False, True])
def test_a_dropped_running_stream_is_closed(cycle):
    before = threads()

    def leak():
        stream = ps.InputStream(WALL, 48000, 1)
        stream.start()
        if cycle:
            stream.me = stream

    (text,) = collect(leak)
    assert text.startswith("unclosed <pastream_ng.InputStream on 'loopback'")
    until(lambda: threads() <= before)


@pytest.mark.sanitize
def test_dropping_does_not_wait_for_a_host_that_hangs():
    device = ps.VirtualDevice(stop_hang=2.0)

    def leak():
        ps.InputStream(device, 48000, 1).start()

    def seconds():
        begin = time.monotonic()
        assert len(collect(leak)) == 1
        return time.monotonic() - begin

    # The hang is 2 s, the deadline of host calls 1 s. A busy machine may take its time once.
    assert any(seconds() < 0.9 for _ in range(3))


@pytest.mark.sanitize
def test_closed_streams_and_failed_ones_are_dropped_quietly(counter):
    def leak():
        stream = ps.InputStream(counter)
        stream.start()
        stream.close()
        with pytest.raises(ps.ArgumentError):
            ps.InputStream(counter, samplerate=-1)
        with pytest.raises(ps.DeviceBusyError):
            ps.InputStream(ps.VirtualDevice(open_error="device-busy"))

    assert collect(leak) == []


@pytest.mark.sanitize
def test_streams_are_freed_without_the_collector(counter):
    gc.disable()
    try:
        stream = ps.DuplexStream(counter, channels=1)
        stream.start()
        rings = (stream.input_ring, stream.output_ring)
        rings[0].wait_readable(1, timeout=30)
        reference = weakref.ref(stream)
        stream.close()
        del stream
        assert reference() is None
        assert rings[0].read_available > 0  # Rings outlive their stream.
    finally:
        gc.enable()


@pytest.mark.sanitize
def test_memory_that_is_recorded_into_outlives_the_recording():
    from pastream_ng.streams.current import current

    def leak():
        ps.rec(480_000, 48000, 1, device=WALL, blocking=False)
        until(lambda: ps.get_stream().stats.callbacks > 2)
        current.stream = None

    assert len(collect(leak)) == 1
    ps.rec(480, 48000, 1, device=WALL)


@pytest.mark.sanitize
def test_a_ring_that_outlives_its_stream_waits_by_itself():
    stream = ps.InputStream(WALL, 48000, 1)
    ring = stream.input_ring
    stream.start()
    stream.close()
    del stream
    ring.flush()
    with pytest.raises(ps.ClosedError):
        ring.read(1, timeout=30)


@pytest.mark.sanitize
def test_streams_cannot_be_copied(counter):
    import copy
    import pickle

    with ps.InputStream(counter) as stream:
        for call in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="InputStream cannot be pickled or copied"):
                call(stream)


# ---- Nothing grows -------------------------------------------------------------------------------


def test_a_thousand_streams_leave_nothing():
    process = psutil.Process()

    # However late this thread is, a full ring is no error here.
    options = {"blocksize": 64, "buffersize": 4096, "overflow": "drop-newest"}

    def turn(n):
        for i in range(n):
            with ps.DuplexStream(WALL, 48000, 2, **options) as stream:
                if i % 2:
                    stream.start()
                if i % 4 == 1:
                    next(iter(stream.chunks(16)))
                if i % 8 == 0:
                    stream.input_ring.reader()
        gc.collect()

    turn(100)
    memory, files, count = process.memory_info().rss, process.num_fds(), threads()
    turn(1000)
    assert process.num_fds() == files
    until(lambda: threads() <= count)
    assert process.memory_info().rss - memory < 4 * 2**20


def test_many_rings_leave_nothing():
    process = psutil.Process()

    def turn(n):
        for i in range(n):
            ring = ps.RingBuffer(size=5000, dtype="int16", memory=("mirrored", "copying")[i % 2])
            ring.write(np.zeros(10, "int16"))
            ring.reader().read()
            with ring.read_view(1):
                pass
        gc.collect()

    turn(200)
    memory, files = process.memory_info().rss, process.num_fds()
    turn(2000)
    assert process.num_fds() == files
    assert process.memory_info().rss - memory < 4 * 2**20


def test_descriptors_are_not_inherited(counter):
    code = "import os; print(sorted(os.listdir('/proc/self/fd')))"
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    import asyncio
    import subprocess

    def listed():
        command = [sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, check=True, close_fds=False).stdout

    before = listed()
    ring = ps.RingBuffer(1, 10_000)

    async def arm():
        with pytest.raises(ps.PastreamTimeoutError):
            await ring.readable(1, timeout=0.001)

    with ps.InputStream(counter) as stream:
        stream.start()
        asyncio.run(arm())
        assert listed() == before


# ---- The end of the program ----------------------------------------------------------------------

RUNNING = """
import pastream_ng as ps, sys, threading
device = ps.VirtualDevice()
stream = ps.DuplexStream(device, 48000, 1, blocksize=64)
stream.start()
stream.input_ring.wait_readable(10, timeout=30)
"""

ENDINGS = {
    "returns": "",
    "exits": "sys.exit(0)",
    "in a loop": "for _ in stream.chunks(64): sys.exit(0)",
    "in a generator": "chunks = iter(stream.chunks(64)); next(chunks)",
    "in a view": "view = stream.input_ring.read_view(1); view.__enter__()",
    "in a cycle": "stream.me = stream; del stream",
    "recording": "take = ps.rec(480000, 48000, 1, device=device, blocking=False)",
    "playing": "import numpy as np; ps.play(np.zeros(480000), 48000, device=device)",
    "waiting in a thread": "threading.Thread(target=stream.wait, daemon=True).start()",
    "looping in a thread": (
        "threading.Thread(target=lambda: list(stream.chunks(64)), daemon=True).start()"
    ),
    "with a late atexit": "import atexit; atexit.register(stream.stop)",
    "with a global in a module": "sys.kept = stream",
    "hanging": (
        "other = ps.InputStream(ps.VirtualDevice(stop_hang=float('inf')), control_timeout=0.2);"
        "other.start()"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_program_ends_cleanly_with_a_running_stream(ending):
    done = run_python(RUNNING + ENDINGS[ending], check=False)
    complaints = [
        line
        for line in done.stderr.splitlines()
        # A cycle is only collected at the very end, a thread may find its stream closed.
        if not (ending == "hanging" and "did not close" in line)
    ]
    if ending in ("waiting in a thread", "looping in a thread"):
        complaints = [line for line in complaints if "ClosedError" in line and "pytest" in line]
    assert complaints == []
    assert done.returncode == 0


def test_an_unhandled_exception_ends_the_program_as_usual():
    done = run_python(RUNNING + "raise KeyError('mine')", check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("KeyError: 'mine'")


def test_sigterm_ends_the_program():
    code = RUNNING + "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    assert run_python(code, check=False).returncode == -signal.SIGTERM


def test_sigint_ends_a_blocking_call():
    code = RUNNING + (
        "import signal\n"
        "threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()\n"
        "try: stream.wait()\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "stream.close()"
    )
    assert run_python(code).stdout == "interrupted\n"


def test_importing_touches_no_device_and_starts_no_thread():
    code = """
import sys, threading
import pastream_ng
assert threading.active_count() == 1
assert not {"asyncio", "logging", "email", "concurrent.futures"} & set(sys.modules)
from pastream_ng._native import system
assert system._process.pointer is None
"""
    run_python(code)


def test_what_most_programs_do_without_is_imported_when_it_is_looked_at():
    code = """
import sys
import pastream_ng as ps
late = ("classic", "files.whole", "hosts.watch", "measuring", "mixing", "simple", "transcoding")
parts = ("pastream_ng.streams", "pastream_ng.hosts", "pastream_ng.rings")
assert not [name for name in sys.modules if name.startswith(parts)]
assert not {f"pastream_ng.{name}" for name in late} & set(sys.modules)
assert set(ps.__all__) <= set(dir(ps))
with ps.OutputStream(ps.VirtualDevice("null"), samplerate=48000): pass
assert not {f"pastream_ng.{name}" for name in late} & set(sys.modules)
assert ps.SoundFile.__module__ == "pastream_ng.files.soundfile"
assert "SoundFile" in vars(ps)
assert "pastream_ng.mixing" not in sys.modules
for name in ps.__all__:
    assert getattr(ps, name) is not None
try:
    ps.no_such_name
except AttributeError as error:
    assert str(error) == "module 'pastream_ng' has no attribute 'no_such_name'"
else:
    raise AssertionError
"""
    run_python(code)


def test_a_star_import_brings_all_names():
    run_python("from pastream_ng import *; import pastream_ng as ps; assert play is ps.play")


def test_the_version_is_that_of_the_build():
    project = (Path(__file__).resolve().parents[2] / "meson.build").read_text(encoding="utf-8")
    assert f"version: '{ps.__version__}'" in project


# ---- Fork ----------------------------------------------------------------------------------------


def in_child(function):
    """Run a function in a forked child; return what it returned or raised, as a text."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Newer Pythons warn that the process has threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            text = repr(function())
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    assert status == 0
    return text


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_a_forked_child_is_told_and_the_parent_goes_on():
    with ps.InputStream(WALL, 48000, 1, "int32", 64) as stream:
        chunks = iter(stream.chunks(64))
        got = [next(chunks)]
        for call in (
            stream.start,
            stream.wait,
            stream.stop,
            lambda: ps.InputStream(WALL),
            lambda: ps.rec(5, device=WALL),
            ps.query_devices,
            ps.refresh,
        ):
            text = in_child(call)
            assert text.startswith("ForkedError: "), text
            got.append(next(chunks))
        assert "'spawn'" in in_child(ps.query_devices)
        for _ in range(100):
            got.append(next(chunks))
        assert np.array_equal(np.concatenate(got), np.arange(64 * len(got)))
        assert stream.stats.lost_frames == stream.stats.dropped_frames == 0


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_closing_and_dropping_in_a_forked_child_is_harmless():
    stream = ps.InputStream(WALL, 48000, 1, "int32", 64)
    stream.start()

    def close():
        nonlocal stream
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            stream.close()
            closed = stream.closed
            stream = None
            gc.collect()
        return closed

    def drop():
        nonlocal stream
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            stream = None
            gc.collect()
        return True

    assert in_child(close) == "True"
    assert in_child(drop) == "True"
    assert stream.active
    assert stream.input_ring.read(1000, timeout=30).tolist() == list(range(1000))
    stream.close()


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_rings_work_on_in_a_forked_child():
    ring = ps.RingBuffer(size=100, dtype="int16")
    ring.write([1, 2, 3])
    assert in_child(lambda: len(ring)) == repr(len(ring))


@pytest.mark.skipif(not HAS_FORK, reason="no fork here")
def test_a_child_may_be_the_first_to_use_sound():
    code = """
import os, pastream_ng as ps
child = os.fork()
if child == 0:
    device = ps.VirtualDevice(clock="free", input="counter")
    assert ps.rec(5, channels=1, dtype="int32", device=device)[:, 0].tolist() == [0, 1, 2, 3, 4]
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert len(ps.query_devices()) >= 2
"""
    # The warning is about threads of NumPy.
    run_python("import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n" + code)


# ---- Many hands ----------------------------------------------------------------------------------


@pytest.mark.sanitize
def test_closing_while_another_thread_waits():
    for turn in range(30):
        options = {"blocksize": 64, "buffersize": 48_000, "overflow": "drop-newest"}
        stream = ps.DuplexStream(WALL, 48000, 1, **options)
        stream.start()
        ring = stream.output_ring
        waits = [
            lambda stream=stream: stream.wait(60),
            lambda ring=stream.input_ring: ring.read(len(ring), timeout=60),
            lambda ring=ring: ring.write(np.zeros(10 * len(ring)), timeout=60),
            lambda stream=stream: next(iter(stream.chunks(40_000))),
        ]
        caught = []

        def run(call, caught=caught):
            try:
                call()
            except BaseException as error:
                caught.append(type(error))

        thread = threading.Thread(target=run, args=(waits[turn % len(waits)],))
        thread.start()
        if turn % 3:
            time.sleep(0.002)
        stream.close()
        thread.join(30)
        assert not thread.is_alive()
        assert caught == [ps.ClosedError]


@pytest.mark.sanitize
def test_everything_at_once_from_many_threads(counter):
    """Calls of all kinds on one stream: each works or is refused, and the end is clean."""
    stream = ps.InputStream(counter, 48000, 1, "int32", 64)
    errors = []
    leave = threading.Event()

    def run(call):
        while not leave.is_set():
            try:
                call()
            except (ps.StateError, ps.PastreamTimeoutError):
                pass
            except BaseException as error:
                errors.append(error)
                return

    calls = [
        stream.start,
        stream.stop,
        lambda: stream.wait(0.001),
        lambda: list(stream.chunks(50, frames=500)),
        lambda: stream.input_ring.read(10, timeout=0.001),
        lambda: (stream.stats, stream.events(), repr(stream)),
    ]
    workers = [threading.Thread(target=run, args=(call,)) for call in calls]
    for worker in workers:
        worker.start()
    time.sleep(0.5)
    stream.close()
    time.sleep(0.02)
    leave.set()
    for worker in workers:
        worker.join(30)
    assert errors == []


@pytest.mark.sanitize
def test_opening_from_many_threads(counter):
    def run(results):
        for _ in range(10):
            with ps.InputStream(counter, 48000, 1, "int32") as stream:
                results.append(next(iter(stream.chunks(3))).tolist())

    results = []
    workers = [threading.Thread(target=run, args=(results,)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results == [[0, 1, 2]] * 60


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal here")
def test_signals_do_not_disturb_the_audio_thread(counter):
    seen = []
    old = signal.signal(signal.SIGUSR1, lambda *_: seen.append(threading.current_thread()))
    try:
        with ps.InputStream(counter, 48000, 1, "int32", 64) as stream:
            position = 0
            for turn, chunk in enumerate(stream.chunks(64, frames=64_000)):
                if turn % 10 == 0:
                    os.kill(os.getpid(), signal.SIGUSR1)
                assert chunk[0] == position
                position += len(chunk)
    finally:
        signal.signal(signal.SIGUSR1, old)
    assert len(seen) > 0
