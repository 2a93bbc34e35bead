# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The clock of a stream: frames to times, to dates, and back."""

import dataclasses
import datetime
import json
import math
import os
import subprocess
import sys
import time

import pytest
from servers.programs import compiled

import pastream_ng as ps
from pastream_ng.streams.base import Limits

RATE = 48000


def after(device, frames, **options):
    """Return the clock of a run of so many frames."""
    with ps.InputStream(device, RATE, 1, overflow="drop-oldest", **options) as stream:
        stream._start(Limits(0, frames))
        assert stream.wait(30)
        return stream.clock


def known(**changed):
    """Return a clock whose numbers are round."""
    return ps.StreamClock(
        **{
            "frame": 1000,
            "time": 50.0,
            "samplerate": 1000.0,
            "drift_ppm": 0.0,
            "drift_uncertainty": 1.0,
            "input_age": 0.01,
            "output_delay": 0.02,
            "monotonic": 60.0,
            "wall": 1.7e9,
            "wall_uncertainty": 1e-7,
            **changed,
        }
    )


def test_frames_to_times_and_back():
    clock = known()
    assert clock.time_of(1000) == clock.time_of(1000, "input") == pytest.approx(49.99)
    assert clock.time_of(1000, "output") == pytest.approx(50.02)
    assert clock.time_of(2000) == pytest.approx(50.99)
    for side in (None, "input", "output"):
        for frame in (-5, 0, 1000, 10**9):
            assert clock.frame_at(clock.time_of(frame, side), side) == pytest.approx(frame)
    assert known(input_age=None).time_of(1000) == pytest.approx(50.02)


def test_times_to_dates_and_back():
    clock = known()
    assert clock.wall_time(60.0) == 1.7e9
    assert clock.wall_time_of(1000) == pytest.approx(1.7e9 - 10.01, abs=1e-6)
    assert clock.monotonic_time(1.7e9 + 5) == 65.0
    date = clock.datetime_of(1000, "output")
    assert date.tzinfo is datetime.timezone.utc
    assert date.timestamp() == pytest.approx(1.7e9 - 9.98, abs=1e-5)


def test_what_is_no_frame_time_or_side_is_refused():
    clock = known(output_delay=None)
    with pytest.raises(ps.ArgumentError, match=r"side is 'output'; .*\"input\""):
        clock.time_of(0, "output")
    with pytest.raises(ps.ArgumentError, match="side is"):
        known().frame_at(0.0, ["both"])
    with pytest.raises(ps.ArgumentTypeError, match=r"frame is 1\.5"):
        clock.time_of(1.5)
    for bad in (math.nan, math.inf):
        with pytest.raises(ps.ArgumentError, match="time is"):
            clock.frame_at(bad)
        with pytest.raises(ps.ArgumentError, match="wall is"):
            clock.monotonic_time(bad)


@pytest.mark.sanitize
@pytest.mark.parametrize("ppm", [-200, 0, 150])
def test_drift_is_read_with_its_uncertainty(ppm):
    faults = [ps.Fault("drift", at=0, amount=ppm)] if ppm else []
    clock = after(ps.VirtualDevice("null", clock="free", faults=faults), 20 * RATE, blocksize=480)
    assert clock.drift_ppm == pytest.approx(ppm, abs=1)
    assert 0 <= clock.drift_uncertainty < 1
    assert clock.samplerate == pytest.approx(RATE * (1 + ppm * 1e-6), rel=1e-6)


@pytest.mark.sanitize
def test_drift_is_unknown_at_first(counter):
    clock = after(counter, 4800, blocksize=480)
    assert clock.drift_ppm == 0
    assert clock.drift_uncertainty == math.inf
    assert clock.samplerate == RATE


@pytest.mark.sanitize
def test_there_is_no_clock_before_the_first_callback(counter):
    stream = ps.InputStream(counter, RATE, 1)
    with stream, pytest.raises(ps.StateError, match="no callback since"):
        _ = stream.clock


def test_the_clock_agrees_with_chunks_and_with_the_calendar():
    with ps.InputStream(ps.VirtualDevice("null"), RATE, 1, blocksize=480) as stream:
        *_, (_chunk, info) = stream.chunks(480, frames=9600, with_info=True)
        clock = stream.clock
        now, date = time.monotonic(), time.time()
    assert clock.output_delay is None
    assert clock.time_of(info.frame) == pytest.approx(info.adc_time, abs=1e-3)
    assert clock.monotonic <= now
    assert clock.wall_time(now) == pytest.approx(date, abs=0.5)
    assert 0 <= clock.wall_uncertainty < 0.1
    assert now - 20 < clock.time_of(info.frame) < now


def test_both_sides_of_a_duplex_stream_are_known(loopback):
    with ps.DuplexStream(loopback, RATE, 1, blocksize=64) as stream:
        stream._start(Limits(0, 640, 0, -1))
        assert stream.wait(30)
        clock = stream.clock
    # What is played is captured a block later.
    assert clock.time_of(64, "input") == pytest.approx(clock.time_of(0, "output"), abs=1e-6)
    assert dataclasses.replace(clock, input_age=None).time_of(0) == clock.time_of(0, "output")


JUMPS = """
import json, time
import pastream_ng as ps
with ps.InputStream(ps.VirtualDevice("null"), 48000, 1, overflow="drop-oldest") as stream:
    stream.start()
    while not stream.frame_count:
        time.sleep(0.01)
    first = stream.clock
    end = time.monotonic() + 10
    while time.monotonic() < end:
        last = stream.clock
        moved = (last.wall - first.wall) - (last.monotonic - first.monotonic)
        if abs(moved) > 1000:
            break
        time.sleep(0.02)
print(json.dumps({
    "moved": moved,
    "time": last.time_of(48000) - first.time_of(48000),
    "wall": last.wall_time_of(48000) - first.wall_time_of(48000),
    "drift": last.drift_ppm,
}))
"""


def test_R5_a_jump_of_the_date_moves_dates_and_no_times():
    shim = compiled("clock_jump.c", library=True)
    done = subprocess.run(
        [sys.executable, "-c", JUMPS],
        env={**os.environ, "LD_PRELOAD": shim},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    report = json.loads(done.stdout)
    assert abs(report["moved"]) == pytest.approx(3600, abs=1), "the shim did not work"
    assert abs(report["time"]) < 0.5
    assert report["wall"] == pytest.approx(report["moved"], abs=1)


# ---- R14: two devices, two clocks ----------------------------------------------------------------


@pytest.mark.sanitize
def test_R14_two_virtual_clocks_are_not_joined():
    slow, fast = (
        ps.VirtualDevice("null", clock="free", faults=[ps.Fault("drift", at=0, amount=ppm)])
        for ppm in (-200, 200)
    )
    with pytest.raises(ps.ArgumentError, match=r"device is .*one clock.*a stream for each"):
        ps.DuplexStream((slow, fast), RATE, 1)


def test_R14_the_drift_of_each_of_two_streams_is_read_over_a_day():
    hours = 24
    clocks = []
    for ppm in (-200, 200):
        drift = ps.Fault("drift", at=0, amount=ppm)
        device = ps.VirtualDevice("null", clock="free", faults=[drift])
        with ps.InputStream(device, RATE, 1, "int16", 4096) as stream:
            frames = round(hours * 3600 * RATE)
            for _chunk in stream.chunks(4096, frames=frames, copy=False, timeout=60):
                pass
            clocks.append(stream.clock)
            assert stream.stats.lost_frames == 0
    slow, fast = clocks
    assert slow.drift_ppm == pytest.approx(-200, abs=1)
    assert fast.drift_ppm == pytest.approx(200, abs=1)
    assert max(slow.drift_uncertainty, fast.drift_uncertainty) < 1
    # What two rings between them would gain in a minute.
    gained = (fast.samplerate - slow.samplerate) * 60
    assert gained == pytest.approx(400e-6 * RATE * 60, abs=6)
    # Frame and time stay together over the whole run.
    for clock, ppm in ((slow, -200), (fast, 200)):
        length = hours * 3600 * (1 - ppm * 1e-6)
        assert clock.time_of(round(hours * 3600 * RATE)) - clock.time_of(0) == pytest.approx(
            length, rel=1e-6
        )
