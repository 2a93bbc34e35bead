# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every control call, in every state, from every thread: it does its work or says why not."""

import asyncio
import os
import random
import signal
import threading
import time
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

import pastream_ng as ps

from . import conftest

RATE = 48000
HANG = 20
# No call takes longer, unless it hangs; joins and host calls have deadlines below it.
LONG = 8.0

S = ps.StreamState


#: Waits until something is so.
until = partial(conftest.until, seconds=HANG)


# ---- States --------------------------------------------------------------------------------------


def opened(stream):
    pass


def running(stream):
    stream.start()


def finished(stream):
    stream.frames = 100
    stream.write(np.zeros(100))
    stream.start()
    until(lambda: not stream.active)
    stream.frames = -1


def stopped(stream):
    stream.start()
    stream.stop()


def aborted(stream):
    stream.start()
    stream.abort()


def overflown(stream):
    stream.start()
    until(lambda: not stream.active)


def lost(stream):
    stream.start()
    until(lambda: stream.state == S.LOST)


def closed(stream):
    stream.close()


#: How to get there, and where that is.
STATES = {
    opened: S.STOPPED,
    running: S.RUNNING,
    finished: S.FINISHED,
    stopped: S.STOPPED,
    aborted: S.ABORTED,
    overflown: S.ABORTED,
    lost: S.LOST,
    closed: S.CLOSED,
}

#: What may be called, and in which state it leaves a stream that is not closed.
CALLS = {
    "start": lambda s: s.start(),
    "stop": lambda s: s.stop(),
    "abort": lambda s: s.abort(),
    "close": lambda s: s.close(),
    "wait": lambda s: s.wait(0.01),
    "end": lambda s: s.end(),
    "drain": lambda s: s.drain(0.01),
    "read": lambda s: s.read(10, 0.01),
    "write": lambda s: s.write(np.zeros(10), 0.01),
    "chunks": lambda s: next(iter(s.chunks(10, timeout=0.5)), None),
    "set_source": lambda s: s.set_source(None),
    "set_sink": lambda s: s.set_sink(None),
    "play": lambda s: s.play(np.zeros(10), blocking=True, timeout=HANG),
    "record": lambda s: s.record(10, blocking=True, timeout=HANG),
    "playrec": lambda s: s.playrec(np.zeros(10), blocking=True, timeout=HANG),
    "lengths": lambda s: (setattr(s, "frames", 5), setattr(s, "frames", -1)),
    "look": lambda s: (repr(s), s.stats, s.events(), s.state, s.exception, s.time, s.latency),
}

#: What they may raise: errors of the library that say what is wrong, and nothing else.
EXPECTED = (
    ps.StateError,
    ps.BufferFull,
    ps.BufferEmpty,
    ps.DeviceLostError,
    ps.PastreamTimeoutError,
)


def made(state, **options):
    faults = [ps.Fault("dead", at=500)] if state is lost else []
    device = ps.VirtualDevice("loopback", faults=faults)
    size = 512 if state is overflown else None
    return ps.DuplexStream(device, RATE, 1, blocksize=64, buffersize=size, **options)


def called(call, stream):
    """Call; return what it raised, which must be one of the expected errors."""
    begin = time.monotonic()
    error = None
    try:
        CALLS[call](stream)
    except EXPECTED as raised:
        error = raised
    assert time.monotonic() - begin < LONG
    return error


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_every_call_in_every_state(state, call):
    with suppress(*EXPECTED), made(state) as stream:
        state(stream)
        assert stream.state == STATES[state]
        for _ in range(3):  # Again, and again.
            error = called(call, stream)
            if state is closed and call not in ("close", "look", "lengths"):
                assert isinstance(error, ps.ClosedError)
        if call == "close" or state is closed:
            assert stream.closed
            return
        # It is still good for a run, unless its device is gone.
        with suppress(*EXPECTED):
            stream.stop()
        if state is not lost:
            assert len(stream.record(200, blocking=True, timeout=HANG)) == 200


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("who", ["reader", "writer", "finished_callback", "thread"])
def test_every_call_from_everywhere(who, call):
    """While the stream runs, and its owner does nothing."""
    done = threading.Event()
    wrong = []

    def work(stream, *_):
        try:
            if who != "finished_callback":
                until(lambda: stream.active)
            for _ in range(2):
                called(call, stream)
        except BaseException as error:
            wrong.append(error)
        done.set()

    options = {} if who == "thread" else {who: work}
    stream = made(opened, **options)
    stream.start(prebuffer=False)
    if who == "thread":
        threading.Thread(target=work, args=(stream,)).start()
    elif who == "finished_callback":
        with suppress(*EXPECTED):
            stream.stop()
    assert done.wait(HANG)
    begin = time.monotonic()
    with suppress(*EXPECTED):
        stream.close()
    assert time.monotonic() - begin < LONG
    assert wrong == []
    assert stream.closed


@pytest.mark.sanitize
def test_a_storm_of_calls_from_many_threads():
    """P10, P12: nothing hangs, nothing crashes, and only errors that are documented come."""
    wrong = []
    stop, lock = threading.Event(), threading.Lock()

    def reader(stream, ring):
        while len(ring.read(64, timeout=HANG)):
            pass

    def writer(stream, ring):
        with suppress(ps.StateError):
            while True:
                ring.write(np.zeros(64), timeout=HANG)

    def storm(seed):
        chance = random.Random(seed)
        names = [name for name in CALLS if name != "close"]
        while not stop.is_set():
            stream = streams[chance.randrange(len(streams))]
            name = chance.choice(names) if chance.random() < 0.98 else "close"
            try:
                called(name, stream)
                with lock:
                    if stream.closed and stream in streams:
                        streams[streams.index(stream)] = new()
            except BaseException as error:
                wrong.append((name, error))
                return

    def new():
        return ps.DuplexStream(
            ps.VirtualDevice("loopback"),
            RATE,
            1,
            blocksize=32,
            reader=reader,
            writer=writer,
            overflow="drop-newest",
            finished_callback=lambda: None,
        )

    streams = [new(), new()]
    threads = [threading.Thread(target=storm, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join(3 * HANG)
        assert not thread.is_alive()
    for stream in streams:
        with suppress(*EXPECTED):
            stream.close()
    assert wrong == []


@pytest.mark.sanitize
@pytest.mark.parametrize("end", ["read", "write", "wait"])
def test_close_wakes_whoever_waits(end):
    for _ in range(10):
        stream = made(opened)
        stream.start()
        caught = []

        def wait(stream=stream, caught=caught):
            try:
                if end == "read":
                    stream.read(10**6)
                elif end == "write":
                    stream.write(np.zeros(10**7, "float32"))
                else:
                    stream.wait()
            except ps.StateError as error:
                caught.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(random.random() * 0.005)
        stream.close()
        thread.join(HANG)
        assert not thread.is_alive()
        assert len(caught) == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here")
@pytest.mark.parametrize(
    "call", ["read", "write", "wait", "drain", "start", "stop", "record", "play"]
)
def test_ctrl_c_interrupts_every_wait(call):
    """P6, also where the wait is for a function of the user's."""
    release = threading.Event()
    stubborn = call in ("stop", "start")

    def writer(stream, ring):
        release.wait(HANG)

    stream = made(opened, writer=writer if stubborn else None, prebuffer_timeout=None)
    calls = {
        "read": lambda: stream.read(10**6),
        "write": lambda: stream.write(np.zeros(10**7, "float32")),
        "wait": stream.wait,
        "drain": lambda: (stream.write(np.zeros(10**6)), stream.drain()),
        "start": stream.start,
        "stop": stream.stop,
        "record": lambda: stream.record(10**7, blocking=True),
        "play": lambda: stream.play(np.zeros(10**6), blocking=True),
    }
    if call not in ("start", "record", "play"):
        stream.start(prebuffer=False)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    begin = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            calls[call]()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        release.set()
    assert time.monotonic() - begin < LONG
    with suppress(*EXPECTED):
        stream.stop()
    stream.set_source(None)
    assert len(stream.record(100, blocking=True, timeout=HANG)) == 100
    stream.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_told_so():
    def work(stream, ring):
        while len(ring.read(64, timeout=HANG)):
            pass

    with made(opened, reader=work) as stream:
        stream.start()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                refused = 0
                for name in ("start", "stop", "wait", "read", "write", "play", "record", "end"):
                    try:
                        CALLS[name](stream)
                    except ps.ForkedError:
                        refused += 1
                stream.close()
                code = 0 if refused == 8 else 2
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        count = stream.frame_count
        until(lambda: stream.frame_count > count)


def test_every_call_beside_an_event_loop():
    """Control from a thread while tasks wait; the tasks end, and the loop is silent."""

    async def main():
        noise = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: noise.append(context))
        for end in ("stop", "abort", "close"):
            stream = made(opened)
            await stream.aio.start()
            tasks = [
                asyncio.create_task(stream.aio.read(10**6)),
                asyncio.create_task(stream.aio.write(np.zeros(10**7, "float32"))),
                asyncio.create_task(stream.aio.finished()),
            ]
            await asyncio.sleep(0.01)
            thread = threading.Thread(target=getattr(stream, end))
            thread.start()
            results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), HANG)
            for result in results:
                assert result is None or isinstance(result, (np.ndarray, ps.StateError))
            thread.join()
            stream.close()
        assert noise == []

    asyncio.run(main())
