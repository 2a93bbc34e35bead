# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""P6: a KeyboardInterrupt, whenever it comes, leaves everything in a state to go on from."""

import asyncio
import gc
import inspect
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

WALL = ps.VirtualDevice(input="counter")
FREE = ps.VirtualDevice(clock="free", input="counter")
RATE = 48000
# Nothing here takes this long, unless it hangs.
HANG = 60.0

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc here")
needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here")


def assert_usable(stream):
    """Assert that a stream starts, captures from its first frame on, and stops."""
    stream.stop()
    got = list(stream.chunks(50, frames=200, timeout=HANG))
    assert np.concatenate(got).tolist() == list(range(200))
    assert stream.stopped


def closing():
    with suppress(ps.ClosedError):
        stream = ps.InputStream(WALL, RATE, 1, "int32", 64)
        stream.start()
        stream.close()
        stream.close()


def for_ever(call):
    while True:
        call()


def looking(ring):
    with ring.read_view(50, timeout=HANG) as frames:
        assert len(frames) == 50


def asking(ring):
    with ring.reader() as reader:
        reader.read()


def filling(ring):
    with ring.write_view(50, timeout=HANG) as frames:
        frames[:] = 1


#: What is interrupted: each does something for ever, or again and again. Of (stream, ring).
LONG_CALLS = {
    "chunks": lambda s, _: list(s.chunks(50)),
    "views": lambda s, _: [len(c) for c in s.chunks(50, copy=False)],
    "with info": lambda s, _: [len(c) for c, _ in s.chunks(50, overlap=10, with_info=True)],
    "short loops": lambda s, _: for_ever(lambda: list(s.chunks(50, frames=100))),
    "a long chunk": lambda s, _: list(s.chunks(len(s.input_ring) // 2)),
    "start and stop": lambda s, _: for_ever(lambda: (s.start(), s.stop())),
    "wait": lambda s, _: (s.start(), s.wait()),
    "close": lambda *_: for_ever(closing),
    "rec": lambda *_: for_ever(lambda: ps.rec(480, RATE, 1, device=WALL)),
    "rec for long": lambda *_: ps.rec(480_000, RATE, 1, device=WALL),
    "ring read": lambda _, r: r.read(len(r), timeout=HANG),
    "ring wait": lambda _, r: r.wait_readable(len(r), timeout=HANG),
    "ring write": lambda _, r: r.write(np.zeros(10 * len(r), "int32"), timeout=HANG),
    "ring views": lambda _, r: for_ever(lambda: (filling(r), looking(r))),
    "readers": lambda _, r: for_ever(lambda: asking(r)),
}


def interrupt(call, delay):
    """Interrupt an endless call by a timer, in the manner of Ctrl-C."""
    armed = True

    def handler(number, frame):
        if armed:
            signal.default_int_handler(number, frame)

    old = signal.signal(signal.SIGALRM, handler)
    try:
        # Again, because Python swallows what is raised while an object is freed.
        signal.setitimer(signal.ITIMER_REAL, delay, 0.5)
        call()
    except KeyboardInterrupt:
        armed = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert not armed


def assert_ring_usable(ring):
    """Assert that nobody has left anything locked in a ring, and all its readers are there."""
    ring.flush()
    with ring.write_view(10) as frames:
        frames[:] = 7
    with ring.read_view(10) as frames:
        assert frames.tolist() == [7] * 10
    gc.collect(0)
    readers = [ring.reader() for _ in range(15)]
    for reader in readers:
        reader.close()


@needs_timer
@pytest.mark.parametrize("call", LONG_CALLS)
@pytest.mark.parametrize("n", [30, pytest.param(500, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
# Python swallows what is raised while an object is freed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_P6_an_interrupt_at_any_time_leaves_all_usable(call, n):
    choose = random.Random(call)
    ring = ps.RingBuffer(size=1000, dtype="int32", memory="copying")
    with ps.InputStream(WALL, RATE, 1, "int32", 64) as stream:
        for _ in range(n):
            # Short enough to meet beginnings and ends, not only waits.
            interrupt(lambda: LONG_CALLS[call](stream, ring), choose.uniform(2e-5, 5e-3))
            assert_ring_usable(ring)
            stream.stop()
        assert_usable(stream)
        ps.stop()
        assert ps.rec(10, RATE, 1, "int32", device=FREE)[:, 0].tolist() == list(range(10))


#: The same with an end: one step each.
SHORT_CALLS = {
    "chunks": lambda s, _: list(s.chunks(50, frames=150)),
    "views": lambda s, _: [len(c) for c in s.chunks(50, frames=150, copy=False)],
    "with info": lambda s, _: list(s.chunks(50, 10, frames=150, with_info=True)),
    "async": lambda s, _: asyncio.run(gather(s.chunks(50, frames=150))),
    "start and stop": lambda s, _: (s.start(), s.stop()),
    "wait": lambda s, _: (s.start(), s.wait(0.001)),
    "close": lambda *_: closing(),
    "rec": lambda *_: ps.rec(480, RATE, 1, device=FREE),
    "ring read": lambda _, r: (r.write([1, 2]), r.read(2, timeout=HANG)),
    "ring views": lambda _, r: (filling(r), looking(r)),
    "readers": lambda _, r: r.reader().read(),
}

PACKAGE = str(Path(ps.__file__).parent)
# Python calls them when an object is freed, and swallows what is raised there.
DESTRUCTORS = ("__del__", "drop", "_release")


async def gather(chunks):
    return [chunk async for chunk in chunks]


def isgenerator(code):
    """Whether it may also be called to end: then nothing is looked for."""
    return code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE)


class Interrupter:
    """Raises a KeyboardInterrupt at the n-th place where Python could have looked for signals.

    Those are where a function of the package begins, and where a C function that it called ends.
    """

    def __init__(self, n):
        self._left = n

    def __call__(self, frame, event, _argument):
        is_place = event == "c_return" or (event == "call" and not isgenerator(frame.f_code))
        if not is_place or not self._is_ours(frame):
            return
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    @staticmethod
    def _is_ours(frame):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return False
        while frame is not None and frame.f_code.co_name not in DESTRUCTORS:
            frame = frame.f_back
        return frame is None


@pytest.mark.parametrize("call", SHORT_CALLS)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_P6_an_interrupt_at_every_place_leaves_all_usable(call):
    ring = ps.RingBuffer(size=1000, dtype="int32", memory="copying")
    with ps.InputStream(FREE, RATE, 1, "int32", 64) as stream:
        for n in range(1, 5000):
            sys.setprofile(Interrupter(n))
            try:
                SHORT_CALLS[call](stream, ring)
                break
            except KeyboardInterrupt:
                pass
            finally:
                sys.setprofile(None)
            try:
                assert_ring_usable(ring)
                stream.stop()
                assert next(iter(stream.chunks(50, timeout=HANG)))[-1] == 49
            except Exception as error:
                raise AssertionError(f"after an interrupt at place {n}") from error
        assert n > 5
        assert_usable(stream)


@needs_proc
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_P6_an_interrupt_while_opening_leaves_no_device_open():
    def own_threads():
        names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
        return sum(name.startswith("pst") for name in names)

    before = own_threads()
    for n in range(1, 5000):
        sys.setprofile(Interrupter(n))
        try:
            ps.InputStream(WALL, RATE, 1).start()
            break
        except KeyboardInterrupt:
            continue
        finally:
            sys.setprofile(None)
    end = time.monotonic() + HANG
    while own_threads() > before:
        assert time.monotonic() < end
        time.sleep(0.005)
