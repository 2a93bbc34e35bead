# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The log of what happened: whole, in order, bounded, and readable."""

import threading

import pytest

import pastream_ng as ps
from pastream_ng.streams.base import Limits

pytestmark = pytest.mark.sanitize

RATE = 48000


def troubled(blocks=60):
    """Return a device whose host reports an xrun with every block."""
    faults = [ps.Fault("xrun", at=64 * i) for i in range(blocks)]
    return ps.VirtualDevice(clock="free", input="counter", faults=faults)


def run(stream, blocks):
    """Run a stream over so many blocks of 64."""
    stream._start(Limits(0, 64 * blocks))
    assert stream.wait(30)


def test_kinds_are_counted_and_logged_in_order():
    faults = [ps.Fault("xrun", at=640), ps.Fault("stall", at=1280, amount=320)]
    device = ps.VirtualDevice(clock="free", input="counter", faults=faults)
    with ps.InputStream(device, RATE, 1, blocksize=64) as stream:
        run(stream, 40)
        events, stats = stream.events(), stream.stats
    kinds = [event.kind for event in events]
    assert kinds[-1] == ps.EventKind.FINISHED
    assert kinds.count(ps.EventKind.DEVICE_LOSS) == 1
    assert kinds.count(ps.EventKind.HOST_XRUN) == stats.xruns == 2
    assert stats.input_overflows == 2
    assert stats.input_underflows == 0
    assert sum(e.frames for e in events) == stats.lost_frames == 320
    assert [e.time for e in events] == sorted(e.time for e in events)
    assert stats.events_dropped == 0


def test_the_log_of_the_last_run_is_whole_after_many_that_nobody_looked_at():
    with ps.InputStream(troubled(), RATE, 1, blocksize=64, overflow="drop-oldest") as stream:
        for _ in range(30):
            run(stream, 61)
        kinds = [event.kind for event in stream.events()]
        assert kinds == [ps.EventKind.HOST_XRUN] * 60 + [ps.EventKind.FINISHED]
        assert stream.stats.events_dropped == 0


def test_many_threads_may_look_while_runs_come_and_go():
    failures = []
    over = threading.Event()

    def look(stream):
        try:
            while not over.is_set():
                for event in stream.events():
                    assert event.frame % 64 == 0
        except BaseException as error:
            failures.append(error)

    with ps.InputStream(troubled(), RATE, 1, blocksize=64, overflow="drop-oldest") as stream:
        threads = [threading.Thread(target=look, args=(stream,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            run(stream, 61)
        over.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(stream.events()) == 61


def test_events_are_lines_for_people():
    lost = ps.StreamEvent(
        ps.EventKind.DEVICE_LOSS,
        4800,
        960,
        ps.StreamFlags.INPUT_OVERFLOW | ps.StreamFlags.OUTPUT_UNDERFLOW,
        12.5,
    )
    assert str(lost) == (
        "12.500000 s: lost by the device, 960 frames from frame 4800 on, "
        "flags input overflow, output underflow"
    )
    end = ps.StreamEvent(ps.EventKind.FINISHED, 100, 0, ps.StreamFlags(0), 1.0)
    assert str(end) == "1.000000 s: finished, at frame 100"
    for kind in ps.EventKind:
        words = str(ps.StreamEvent(kind, 0, 0, ps.StreamFlags(0), 0.0))
        assert kind.name not in words
