# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams with a callback in Python: what it may call, how it is dropped, what is refused."""

import gc
import os
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import run_python, until

WALL = ps.VirtualDevice("loopback")
STREAMS = [ps.InputStream, ps.OutputStream, ps.DuplexStream]


def ignore(*_):
    """Do nothing, as a callback of any kind."""


# ---- What it may call ----------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("call", ["stop", "abort", "close"])
def test_it_may_end_its_own_stream(kind, call):
    def callback(*_):
        calls.append(1)
        if len(calls) == 30:
            getattr(stream, call)()
            done.set()

    calls, done = [], threading.Event()
    stream = kind(WALL, blocksize=64, callback=callback)
    stream.start()
    assert done.wait(30)
    until(lambda: threading.active_count() == 1)
    assert not stream.active
    assert len(calls) == 30
    stream.close()


@pytest.mark.parametrize("kind", STREAMS)
def test_it_may_not_wait_for_itself(kind):
    def callback(*_):
        if not texts:
            with pytest.raises(ps.StateError) as caught:
                stream.wait()
            texts.append(str(caught.value))
            stream.stop()
            with pytest.raises(ps.StateError) as caught:
                stream.start()
            texts.append(str(caught.value))

    texts = []
    stream = kind(WALL, callback=callback)
    stream.start()
    until(lambda: len(texts) == 2)
    assert texts[0].startswith("wait() was called by the stream's own callback")
    assert texts[1].startswith("start() was called by the stream's own callback")
    stream.close()


def test_it_may_not_drain_its_own_output_and_goes_on_then():
    def callback(outdata, frames, time, status):
        if not texts:
            with pytest.raises(ps.StateError) as caught:
                stream.drain()
            texts.append(str(caught.value))
        else:
            calls.append(frames)

    texts, calls = [], []
    stream = ps.OutputStream(WALL, callback=callback)
    stream.start()
    until(lambda: len(calls) > 20)
    assert texts[0].startswith("drain() was called by the stream's own callback")
    assert stream.active
    stream.close()


@pytest.mark.parametrize("call", ["stop", "abort", "close"])
def test_a_start_that_waits_for_the_first_blocks_can_be_ended(call):
    inside, go_on = threading.Event(), threading.Event()

    def callback(*_):
        inside.set()
        go_on.wait(30)

    stream = ps.OutputStream(WALL, blocksize=64, callback=callback)
    starter = threading.Thread(target=stream.start)
    starter.start()
    assert inside.wait(30)
    ender = threading.Thread(target=getattr(stream, call))
    ender.start()
    until(lambda: stream._callback._run.is_over)
    go_on.set()
    starter.join(30)
    ender.join(30)
    assert not starter.is_alive()
    assert not ender.is_alive()
    assert not stream.active
    assert stream.stats.callbacks == 0
    stream.close()


@pytest.mark.parametrize("kind", STREAMS)
def test_it_goes_on_when_the_device_comes_back(kind):
    device = ps.VirtualDevice(input="counter", faults=[ps.Fault("vanish", 2400)], away=0.1)
    calls = []
    options = {"blocksize": 64, "stall_after": 0.05, "lost_after": 0.1, "on_lost": "reopen"}
    with kind(device, 48000, 1, callback=lambda *a: calls.append(a[-2].frame), **options) as stream:
        stream.start()
        until(lambda: stream.stats.lost_frames > 0)
        count = len(calls)
        until(lambda: len(calls) > count + 50)
        assert stream.active
        assert stream.exception is None
        lost = stream.stats.lost_frames
        assert calls[-1] >= lost + 50 * 64


def test_nobody_else_moves_its_frames(loopback):
    with ps.DuplexStream(loopback, channels=1, callback=ignore) as stream:
        for _ in range(2):
            with pytest.raises(ps.StateError, match="the stream's callback is reading here"):
                stream.input_ring.read()
            with pytest.raises(ps.StateError, match="the stream's callback is writing here"):
                stream.output_ring.write(np.zeros(10))
            with pytest.raises(ps.StateError, match="the stream's callback is reading here"):
                next(iter(stream.chunks(64)))
            stream.start()
        another = stream.input_ring.reader()
        assert len(another.read(1000, timeout=30)) == 1000


def test_a_callback_that_does_not_return_holds_stop_up_only_for_a_while(monkeypatch, caplog):
    from pastream_ng.callbacks import attached
    from pastream_ng.streams import base

    monkeypatch.setattr(base, "JOIN_S", 0.05)
    monkeypatch.setattr(attached, "_RETURN_S", 0.05)
    go_on, inside = threading.Event(), threading.Event()

    def callback(*_):
        inside.set()
        go_on.wait(30)

    with ps.InputStream(WALL, callback=callback) as stream:
        stream.start()
        assert inside.wait(30)
        stream.stop()
        assert "the callback did not return" in caplog.text
        with pytest.raises(ps.StateError, match="has not returned"):
            stream.start()
        go_on.set()
        until(lambda: threading.active_count() == 1)
        stream.start()


# ---- Dropped, and the end of the program ---------------------------------------------------------


# A warning that is recorded keeps the stream that it is about.
@pytest.mark.filterwarnings("ignore:unclosed")
@pytest.mark.parametrize("kind", STREAMS)
def test_a_dropped_stream_stops_calling(kind):
    calls = []
    stream = kind(WALL, blocksize=64, callback=lambda *_: calls.append(1))
    stream.start()
    until(lambda: calls)
    gc.disable()
    try:
        reference = weakref.ref(stream)
        del stream
        until(lambda: reference() is None)
        until(lambda: threading.active_count() == 1)
    finally:
        gc.enable()


@pytest.mark.filterwarnings("ignore:unclosed")
def test_a_callback_that_refers_to_its_stream_is_collected():
    class Player:
        def __init__(self):
            self.stream = ps.OutputStream(WALL, callback=self.play)
            self.stream.start()

        def play(self, outdata, frames, time, status):
            assert self.stream is not None

    player = Player()
    reference = weakref.ref(player)
    del player

    def is_collected():
        gc.collect()
        return reference() is None

    until(is_collected)
    until(lambda: threading.active_count() == 1)


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", ["InputStream", "OutputStream", "DuplexStream"])
def test_the_program_may_end_while_it_runs(kind):
    code = """
import sys, time
import pastream_ng as ps
calls = []
stream = ps.{}("loopback", blocksize=16, callback=lambda *_: calls.append(sum(range(100))))
stream.start()
while len(calls) < 30:
    time.sleep(0.001)
print("end")
"""
    assert run_python(code.format(kind)).stdout == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("kind", STREAMS)
def test_a_forked_child_is_told_and_the_parent_goes_on(kind):
    calls = []
    with kind(WALL, blocksize=64, callback=lambda *_: calls.append(1)) as stream:
        stream.start()
        until(lambda: calls)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for call in (stream.start, stream.stop, stream.wait):
                    with pytest.raises(ps.ForkedError):
                        call()
                stream.close()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        count = len(calls)
        until(lambda: len(calls) > count + 5)


# ---- Wrong arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callback", "text"),
    [
        (5.0, "it must be a function"),
        ("name", "it must be a function"),
        (lambda indata: None, r"it is called with \(indata, outdata, frames, time, status\)"),
        (lambda a, b, c, d: None, "it is called with"),
    ],
)
def test_wrong_callbacks_are_refused(callback, text, loopback):
    with pytest.raises(ps.ArgumentTypeError, match=text):
        ps.DuplexStream(loopback, callback=callback)


def test_coroutines_are_refused(loopback):
    async def callback(indata, frames, time, status):
        pass

    with pytest.raises(ps.ArgumentTypeError, match="async for"):
        ps.InputStream(loopback, callback=callback)


@pytest.mark.parametrize("result", [(b"", 0), np.zeros(4), b"abc"])
def test_results_are_refused(result, loopback):
    with ps.DuplexStream(loopback, callback=lambda *_: result) as stream:
        stream.start()
        with pytest.raises(ps.ArgumentTypeError, match="the callback returned"):
            stream.wait(30)


@pytest.mark.parametrize(
    ("latency", "error"),
    [
        (0, ps.ArgumentError),
        (-1, ps.ArgumentError),
        (63, ps.ArgumentError),
        (10**30, ps.ArgumentError),
        (0.0001, ps.ArgumentError),
        (float("nan"), ps.ArgumentError),
        (1000.0, ps.ArgumentError),
        (True, ps.ArgumentTypeError),
        ("low", ps.ArgumentTypeError),
    ],
)
def test_wrong_latencies_are_refused(latency, error, loopback):
    with pytest.raises(error, match="callback_latency"):
        ps.OutputStream(loopback, blocksize=64, callback=ignore, callback_latency=latency)


def test_latency_is_in_frames_or_seconds(loopback):
    options = {"samplerate": 48000, "blocksize": 64, "callback": ignore}
    with ps.OutputStream(loopback, callback_latency=0.1, **options) as stream:
        assert stream.callback_latency == 0.1
    with ps.DuplexStream(loopback, callback_latency=480, **options) as stream:
        assert stream.callback_latency == 0.01
    with ps.DuplexStream(loopback, **options) as stream:
        assert stream.callback_latency >= 0.02
    with ps.InputStream(loopback, samplerate=48000, callback=ignore) as stream:
        assert stream.callback_latency == 0
    with ps.OutputStream(loopback) as stream:
        assert stream.callback_latency == 0


def test_callbacks_are_for_streams_only(loopback):
    with pytest.raises(ps.ArgumentError, match="callback_latency is 5; it needs a callback"):
        ps.OutputStream(loopback, callback_latency=5)
    with pytest.raises(ps.ArgumentError, match="callback is given"):
        ps.rec(100, device=loopback, callback=ignore)
