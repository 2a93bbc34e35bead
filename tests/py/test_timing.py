# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Distributions of callback intervals and load."""

import math

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.streams.base import Limits
from pastream_ng.streams.timing import timing_of

pytestmark = pytest.mark.sanitize


def finished(device, frames, **options):
    """Return the timing of a run of so many frames, and its statistics."""
    with ps.InputStream(device, 48000, 1, **options) as stream:
        stream._start(Limits(0, frames))
        assert stream.wait(30)
        return stream.timing, stream.stats


def test_every_callback_is_in_both_distributions(counter):
    timing, stats = finished(counter, 64_000, blocksize=64, overflow="drop-oldest")
    assert stats.callbacks == timing.load.count == 1000
    assert timing.interval.count == 999
    for found in (timing.interval, timing.load):
        assert found.counts.sum() == found.count
        assert found.counts.shape == (162,)
        assert found.edges.shape == (163,)
        assert (np.diff(found.edges) > 0).all()
        assert found.edges[0] == 0
        assert found.edges[-1] == math.inf
        assert found.min <= found.percentile(1) <= found.percentile(99) <= found.max
        assert found.min <= found.mean <= found.max
    # A free clock simulates time: every callback is on time.
    assert timing.interval.mean == pytest.approx(1, abs=1e-3)
    assert timing.interval.deviation < 1e-3
    assert timing.load.mean > 0
    assert timing.load.max == pytest.approx(stats.max_cpu_load, abs=2e-6)


def test_late_callbacks_are_seen_in_the_intervals():
    late = ps.Fault("late", at=4800, amount=0.05)
    device = ps.VirtualDevice("null", faults=[late])
    timing, _ = finished(device, 9600, blocksize=480)
    assert timing.interval.max > 4  # 50 ms late, with blocks of 10 ms.
    assert timing.interval.percentile(100) == timing.interval.max
    assert timing.interval.percentile(25) < 2


def test_before_the_first_callback_there_is_nothing(counter):
    with ps.InputStream(counter, 48000, 1) as stream:
        assert stream.timing.interval.count == stream.timing.load.count == 0
        assert stream.timing.load.max == 0
        assert math.isnan(stream.timing.load.percentile(50))


def test_each_run_counts_for_itself(counter):
    with ps.InputStream(counter, 48000, 1, blocksize=64) as stream:
        for frames in (640, 1280):
            stream._start(Limits(0, frames))
            assert stream.wait(30)
            assert stream.timing.load.count == frames // 64


def test_a_closed_stream_still_tells(counter):
    with ps.InputStream(counter, 48000, 1, blocksize=64) as stream:
        stream._start(Limits(0, 640))
        assert stream.wait(30)
    assert stream.timing.load.count == 10


def test_percentiles_lie_in_the_bin_where_they_are_reached():
    edges = timing_edges()
    counts = np.zeros(162, "int64")
    one = int(np.searchsorted(edges, 1.0))
    counts[one] = 90
    counts[one + 8] = 10  # From 2 on.
    found = ps.Distribution(100, 1.0, 2.2, 1.1, 0.3, edges, counts)
    assert found.percentile(0) == 1.0
    assert 1.0 < found.percentile(50) < 1.125
    assert found.percentile(90) == 1.125
    assert 2.0 < found.percentile(95) < 2.2
    assert found.percentile(100) == 2.2
    for q in (-1, 101, math.nan):
        with pytest.raises(ps.ArgumentError, match="q is"):
            found.percentile(q)
    with pytest.raises(ps.ArgumentTypeError, match="q is"):
        found.percentile("half")


def timing_edges():
    """Return the edges of all distributions."""
    with ps.InputStream(ps.VirtualDevice(clock="free"), 48000, 1) as stream:
        return timing_of(stream._pointer).load.edges
