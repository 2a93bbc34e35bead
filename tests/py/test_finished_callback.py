# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The function that is called when a run is over."""

import threading

import pytest

import pastream_ng as ps

from .test_threads import HANG, RATE, WALL, Odd, until

pytestmark = pytest.mark.sanitize


@pytest.mark.parametrize("how", ["finish", "stop", "abort", "close", "error"])
def test_the_callback_comes_after_every_run(how):
    calls = []
    stream = ps.InputStream(
        WALL,
        RATE,
        1,
        blocksize=64,
        frames=200 if how == "finish" else -1,
        buffersize=512 if how == "error" else None,
        finished_callback=lambda s: calls.append((s, s.active, threading.current_thread())),
    )
    for run in range(1 if how == "close" else 2):
        stream.start()
        if how in ("stop", "abort", "close"):
            getattr(stream, how)()
        elif how == "finish":
            assert stream.wait(HANG)
        else:
            with pytest.raises(ps.BufferFull):
                stream.wait(HANG)
        until(lambda run=run: len(calls) == run + 1)
    for who, active, thread in calls:
        assert who is stream
        assert not active
        assert thread is not threading.current_thread()
    stream.close()


def test_the_callback_may_take_no_argument(counter):
    done = threading.Event()
    with ps.InputStream(counter, frames=100, finished_callback=done.set) as stream:
        stream.start()
        assert done.wait(HANG)


def test_the_callback_may_start_the_next_run(counter):
    runs = []

    def again(stream):
        runs.append(stream.frame_count)
        if len(runs) < 5:
            stream.start()

    with ps.InputStream(counter, RATE, 1, blocksize=50, frames=100, finished_callback=again) as s:
        s.start()
        until(lambda: len(runs) == 5)
    assert runs == [100] * 5


def test_what_the_callback_raises_is_not_lost(counter):
    def fail():
        raise Odd(1, 2)

    with ps.InputStream(counter, frames=100, finished_callback=fail) as stream:
        stream.start()
        with pytest.raises(Odd):
            stream.wait(HANG)
