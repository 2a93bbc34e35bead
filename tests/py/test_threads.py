# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Readers, writers and finished-callbacks: Python functions on threads of a stream."""

import gc
import threading
import time
import traceback
import weakref
from functools import partial

import numpy as np
import pytest

import pastream_ng as ps

from . import conftest
from .conftest import run_python

pytestmark = pytest.mark.sanitize

WALL = ps.VirtualDevice("loopback")
RATE = 48000
HANG = 20


class Odd(Exception):
    """An exception that cannot be made again from its arguments."""

    def __init__(self, one, two):
        super().__init__("an odd one")


def ramp(stream, ring, n=10_000):
    """Write numbers from 1 on."""
    ring.write(np.arange(1, n + 1, dtype="int32"), timeout=HANG)


#: Waits until something is so.
until = partial(conftest.until, seconds=HANG)


def stuck(stream, ring):
    """Wait for frames that never come, until the run is over."""
    while stream.active:
        try:
            ring.read(len(ring) // 2, timeout=HANG)
        except ps.PastreamTimeoutError:
            raise AssertionError from None


# ---- Frames --------------------------------------------------------------------------------------


def test_a_writer_is_heard_to_the_last_frame(loopback):
    with ps.DuplexStream(loopback, RATE, 1, "int32", 64, writer=ramp) as stream:
        back = np.concatenate(list(stream.chunks(500, frames=10_064)))
    assert np.array_equal(back, np.concatenate((np.zeros(64), np.arange(1, 10_001))))


def test_a_run_ends_when_the_writer_has_returned_and_all_is_played(loopback):
    with ps.OutputStream(loopback, RATE, 1, "int32", 64, writer=ramp) as stream:
        for _ in range(3):
            stream.start()
            assert stream.wait(HANG)
            assert stream.finished
            assert stream.stats.played_frames == 10_000
            assert stream.stats.missing_frames == 0


def test_a_reader_gets_every_frame_of_each_run(counter):
    got = []

    def reader(stream, ring):
        parts = []
        while len(part := ring.read(100, timeout=HANG)):
            parts.append(part)
        got.append(np.concatenate(parts))

    with ps.InputStream(counter, RATE, 1, "int32", 64, frames=5050, reader=reader) as stream:
        for _ in range(2):
            stream.start()
            assert stream.wait(HANG)
    assert [part.tolist() for part in got] == [list(range(5050))] * 2


def test_a_reader_gets_the_rest_after_a_stop():
    got = []

    def reader(stream, ring):
        while stream.active:
            time.sleep(0.005)
        got.append(len(ring.read()))

    with ps.InputStream(WALL, RATE, 1, blocksize=64, reader=reader) as stream:
        stream.start()
        until(lambda: stream.frame_count > 1000)
        stream.stop()
        assert got == [stream.stats.captured_frames]


def test_a_slow_writer_is_an_underflow_and_not_the_end(loopback):
    """pastream took a ring that was empty for a moment for the end of the data."""

    def writer(stream, ring):
        for _ in range(5):
            ring.write(np.ones(256, "float32"), timeout=HANG)
            time.sleep(0.05)

    with ps.OutputStream(ps.VirtualDevice("null"), RATE, 1, blocksize=64, writer=writer) as stream:
        stream.start()
        assert stream.wait(HANG)
        assert stream.finished
        assert stream.stats.played_frames == 5 * 256
        assert stream.stats.missing_frames > 0
        assert stream.xruns > 0


def test_a_slow_writer_can_be_an_error():
    def writer(stream, ring):
        ring.write(np.ones(256, "float32"))
        until(lambda: stream.active)
        until(lambda: not stream.active)

    device = ps.VirtualDevice("null")
    with ps.OutputStream(device, RATE, 1, blocksize=64, writer=writer, underflow="raise") as stream:
        stream.start()
        with pytest.raises(ps.BufferEmpty):
            stream.wait(HANG)
        assert stream.aborted


def test_both_work_at_once(loopback):
    """A duplex stream whose reader feeds its writer."""
    frames, heard = [], []

    def reader(stream, ring):
        while len(part := ring.read(64, timeout=HANG)):
            heard.append(part)

    def writer(stream, ring):
        for i in range(1, 101):
            frames.append(np.full(64, i, "int32"))
            ring.write(frames[-1], timeout=HANG)

    with ps.DuplexStream(
        loopback, RATE, 1, "int32", 64, reader=reader, writer=writer, pad=64
    ) as stream:
        stream.start()
        assert stream.wait(HANG)
    back = np.concatenate(heard)
    assert np.array_equal(back[64 : 64 + 6400], np.concatenate(frames))


# ---- Prebuffer -----------------------------------------------------------------------------------


def test_start_waits_for_the_writer():
    seen = []

    def writer(stream, ring):
        time.sleep(0.05)
        seen.append(stream.active)
        ring.write(np.zeros(10))
        time.sleep(0.05)
        seen.append(stream.active)
        ring.write(np.zeros(1000))
        until(lambda: stream.active)

    with ps.OutputStream("null", RATE, 1, blocksize=64, writer=writer) as stream:
        stream.start(prebuffer=500)
        assert stream.active
        assert seen == [False, False]
        assert stream.wait(HANG)


def test_start_can_do_without():
    def writer(stream, ring):
        until(lambda: stream.active)
        ring.write(np.zeros(10))

    with ps.OutputStream("null", RATE, 1, blocksize=64, writer=writer) as stream:
        stream.start(prebuffer=False)
        assert stream.wait(HANG)
        assert stream.stats.played_frames == 10


@pytest.mark.parametrize("frames", [0, 5])
def test_a_writer_that_returns_early_is_enough(frames):
    def writer(stream, ring):
        ring.write(np.zeros(frames))

    with ps.OutputStream("null", RATE, 1, blocksize=64, writer=writer) as stream:
        stream.start(prebuffer=1000)
        assert stream.wait(HANG)
        assert stream.stats.played_frames == frames


def test_a_writer_that_never_writes_hangs_nobody():
    release = threading.Event()
    calls = []

    def writer(stream, ring):
        calls.append(ring)
        if len(calls) == 1:
            release.wait(HANG)
        else:
            ring.write(np.zeros(10))

    with ps.OutputStream(
        "null", RATE, 1, blocksize=64, writer=writer, prebuffer_timeout=0.05
    ) as stream:
        threading.Timer(0.1, release.set).start()
        with pytest.raises(ps.PastreamTimeoutError, match=r"0 of 1 frames within 0\.05 s"):
            stream.start()
        assert not stream.active
        stream.start(timeout=HANG)
        assert stream.wait(HANG)
        assert stream.stats.played_frames == 10


@pytest.mark.parametrize("end", ["stop", "abort", "close"])
def test_a_start_that_waits_for_its_writer_can_be_ended(end):
    caught = []

    def writer(stream, ring):
        while True:
            ring.write(np.zeros(0), timeout=0)
            time.sleep(0.001)

    stream = ps.OutputStream("null", RATE, 1, writer=writer, prebuffer_timeout=None)

    def start():
        try:
            stream.start()
        except ps.StateError as error:
            caught.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    until(lambda: stream._launcher._is_starting)
    getattr(stream, end)()
    thread.join(HANG)
    assert len(caught) == 1
    assert "closed while" in caught[0] or "stopped while" in caught[0]
    stream.close()


# ---- Errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["wait", "stop", "abort", "close", "start", "exit"])
@pytest.mark.parametrize("who", ["reader", "writer"])
def test_what_a_function_raises_comes_back_as_it_is(who, end):
    error = Odd(1, 2)

    def fails_here(stream, ring):
        if who == "reader":
            ring.read(100, timeout=HANG)
        else:
            ring.write(np.ones(100, "float32"))
            until(lambda: stream.active)
        raise error

    stream = ps.DuplexStream(WALL, RATE, 1, blocksize=64, **{who: fails_here})
    stream.start()
    until(lambda: not stream.active)
    assert stream.exception is error
    assert stream.aborted
    calls = {"wait": lambda: stream.wait(HANG), "exit": lambda: stream.__exit__(None, None, None)}
    with pytest.raises(Odd) as caught:
        calls.get(end, getattr(stream, end, None))()
    assert caught.value is error
    assert "fails_here" in "".join(traceback.format_tb(error.__traceback__))
    # Once.
    stream.close()
    stream.close()


def test_an_error_before_the_start_is_raised_by_it():
    def writer(stream, ring):
        raise Odd(1, 2)

    with ps.OutputStream("null", RATE, 1, writer=writer) as stream:
        for _ in range(2):
            with pytest.raises(Odd):
                stream.start()
            assert not stream.active


def test_both_fail_at_once():
    gate = threading.Barrier(2)
    errors = {"reader": Odd(1, 2), "writer": ValueError("other")}

    def fail(who):
        def function(stream, ring):
            until(lambda: stream.active)
            gate.wait(HANG)
            raise errors[who]

        return function

    with ps.DuplexStream(
        WALL, RATE, 1, blocksize=64, reader=fail("reader"), writer=fail("writer")
    ) as stream:
        stream.start(prebuffer=False)
        with pytest.raises((Odd, ValueError)) as caught:
            stream.wait(HANG)
        first = caught.value
        (second,) = (error for error in errors.values() if error is not first)
        assert first is stream.exception
        assert first.__context__ is second
        assert stream.wait(HANG)


def test_an_error_of_the_stream_comes_first():
    def reader(stream, ring):
        until(lambda: not stream.active)
        raise Odd(1, 2)

    with ps.InputStream(WALL, RATE, 1, blocksize=64, buffersize=1024, reader=reader) as stream:
        stream.start()
        with pytest.raises(ps.BufferFull) as caught:
            stream.wait(HANG)
        assert isinstance(caught.value.__context__, Odd)


# ---- Control from everywhere ---------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stop", "abort", "close", "exit"])
def test_a_function_that_waits_is_woken(end):
    def writer(stream, ring):
        ring.write(np.zeros(len(ring)))
        while True:
            ring.write(np.zeros(10 * len(ring)), timeout=HANG)

    stream = ps.DuplexStream(
        WALL, RATE, 1, blocksize=64, buffersize=(None, 2048), reader=stuck, writer=writer
    )
    stream.start()
    begin = time.monotonic()
    if end == "exit":
        with stream:
            pass
    else:
        getattr(stream, end)()
    assert time.monotonic() - begin < 4
    assert stream._launcher.run.unfinished() == []
    stream.close()


@pytest.mark.parametrize("call", ["stop", "abort", "close", "wait", "start"])
@pytest.mark.parametrize("who", ["reader", "writer", "finished_callback"])
def test_functions_may_control_their_stream(who, call):
    done = threading.Event()
    caught = []

    def function(stream, *_):
        try:
            if who == "writer":
                until(lambda: stream.active)
            if call == "wait":
                stream.wait(0.02)
            elif not done.is_set():
                getattr(stream, call)()
        except ps.ClosedError:
            pass
        except BaseException as error:
            caught.append(error)
        done.set()

    stream = ps.DuplexStream(WALL, RATE, 1, blocksize=64, **{who: function})
    stream.start(prebuffer=False)
    if who == "finished_callback":
        stream.stop()
    assert done.wait(HANG)
    begin = time.monotonic()
    stream.close()
    assert time.monotonic() - begin < 4
    assert caught == []


def test_a_function_that_does_not_return_is_left_to_itself(monkeypatch, caplog):
    monkeypatch.setattr("pastream_ng.streams.base.JOIN_S", 0.05)
    monkeypatch.setattr("pastream_ng.streams.launch.JOIN_S", 0.05)
    release = threading.Event()

    def reader(stream, ring):
        release.wait(HANG)

    with ps.InputStream(WALL, RATE, 1, reader=reader) as stream:
        stream.start()
        stream.stop()
        assert "'pastream reader' did not return" in caplog.text
        stream._launcher.see_off.__func__.__defaults__ = (0.05,)
        try:
            with pytest.raises(ps.StateError, match="'pastream reader' has not returned"):
                stream.start()
        finally:
            stream._launcher.see_off.__func__.__defaults__ = (5.0,)
        assert not stream.wait(0.01)
        release.set()
        assert stream.wait(HANG)
        stream.start()


def test_a_late_writer_does_not_reach_the_next_run(loopback):
    late = threading.Event()
    results = []

    def writer(stream, ring):
        ring.write(np.full(10, len(results) + 1, "int32"))
        if not results:
            until(lambda: not stream.active)
            late.wait(HANG)
            try:
                ring.write(np.full(500, 99, "int32"))
            except ps.StateError as error:
                results.append(str(error))

    with ps.DuplexStream(loopback, RATE, 1, "int32", 16, writer=writer) as stream:
        stream.start()
        stream._stop_quietly()
        late.set()
        stream.wait(HANG)
        assert results == ["the run that this function belongs to is over"]
        assert stream.output_ring.read_available == 0
        back = np.concatenate(list(stream.chunks(16, frames=64)))
        assert sorted(set(back.tolist())) == [0, 2]


def test_others_are_kept_out_of_the_rings():
    free = threading.Event()

    def work(stream, ring):
        free.wait(HANG)
        until(lambda: not stream.active)  # One that returns before the stop ends its ring.

    with ps.DuplexStream(WALL, RATE, 1, reader=work, writer=work) as stream:
        stream.start(prebuffer=False)
        with pytest.raises(ps.StateError, match="the reader function is reading here"):
            stream.read(1)
        with pytest.raises(ps.StateError, match="the writer function is writing here"):
            stream.write(np.zeros(1))
        free.set()
        stream.stop()
        stream.write(np.zeros(1))


def test_a_start_that_fails_can_be_tried_again():
    device = ps.VirtualDevice("null", start_error="host-error")
    with ps.DuplexStream(device, RATE, 1, reader=stuck, writer=ramp, dtype="int32") as stream:
        for _ in range(3):
            with pytest.raises(ps.HostError):
                stream.start()
            assert not stream.active
            assert stream._launcher.run.unfinished() == []
            assert stream.output_ring.read_available == 0
            assert not stream.output_ring.ended


def test_streams_with_functions_are_freed_without_the_collector(loopback):
    gc.disable()
    try:
        stream = ps.DuplexStream(
            loopback, RATE, 1, "int32", reader=stuck, writer=ramp, finished_callback=print
        )
        stream._launcher.callback = lambda _stream: None
        stream.start()
        stream.wait(HANG)
        stream.stop()
        reference = weakref.ref(stream)
        stream.close()
        del stream
        assert reference() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("end", ["pass", "raise SystemExit(0)", "import gc; gc.collect()"])
def test_the_program_may_end_in_the_middle(end):
    run_python(f"""
import pastream_ng as ps, numpy as np, time
def reader(stream, ring):
    while True:
        ring.read(64, timeout=60)
def writer(stream, ring):
    while True:
        ring.write(np.zeros(64), timeout=60)
stream = ps.DuplexStream("loopback", 48000, 1, blocksize=64, reader=reader, writer=writer,
                         finished_callback=lambda: None)
import warnings; warnings.simplefilter("ignore")
stream.start()
time.sleep(0.05)
{end}
""")


# ---- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("reader", lambda: 0, r"reader is <function .*must take \(stream, ring\)"),
        ("reader", 7, "reader is 7"),
        ("writer", lambda stream: 0, "writer is"),
        ("finished_callback", 3, "finished_callback is 3"),
        ("prebuffer_timeout", -1, "prebuffer_timeout is -1"),
        ("frames", -2, "frames is -2"),
        ("pad", 1.5, "pad is 1.5"),
        ("offset", -1, "offset is -1"),
        ("offset", True, "offset is True"),
    ],
)
def test_bad_arguments_are_refused_before_anything_opens(name, value, text):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.DuplexStream("null", **{name: value})
    if name in ("frames", "pad", "offset"):
        with ps.DuplexStream("null") as stream:
            before = (stream.frames, stream.pad, stream.offset)
            with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
                setattr(stream, name, value)
            assert (stream.frames, stream.pad, stream.offset) == before


def test_a_writer_cannot_change_its_stream_while_a_start_waits_for_it():
    caught = []

    def writer(stream, ring):
        for call in (lambda: stream.set_source(None), lambda: stream.set_sink(None)):
            try:
                call()
            except ps.StateError as error:
                caught.append(str(error))
        stream.start()  # Is under way.
        ring.write(np.zeros(10))

    with ps.DuplexStream("null", RATE, 1, writer=writer, prebuffer_timeout=None) as stream:
        stream.start()
        assert len(caught) == 2
        assert "waits for the function" in caught[0]
        assert stream.wait(HANG)


def test_a_writer_that_does_not_know_of_the_end_is_told_by_the_next_start():
    """It was not waiting when its run ended, and fills the ring before it waits for good."""
    fills = threading.Event()

    def writer(stream, ring):
        ring.write(np.zeros(200))
        assert fills.wait(HANG)
        while True:
            ring.write(np.zeros(64), timeout=HANG)

    device = ps.VirtualDevice("null")
    with ps.OutputStream(device, 48000, 1, blocksize=32, buffersize=4096, writer=writer) as stream:
        stream.frames = 100
        stream.start()
        worker = stream._launcher.run.workers[0]
        until(lambda: not stream.active)
        fills.set()
        until(lambda: stream.write_available < 64)
        stream.start()
        assert not worker.is_alive()
