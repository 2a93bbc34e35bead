# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs that are rendered into memory: whole, in blocks, with stops."""

import threading

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192


def context(length=1000, channels=1, **more):
    return ps.OfflineAudioContext(channels, length, RATE, **more)


def busy(ctx):
    """Something in which nothing repeats."""
    osc, lfo = ctx.create_oscillator("sawtooth", frequency=301.7), ctx.create_oscillator()
    lfo >> ctx.create_gain(200) >> osc.frequency
    osc >> ctx.create_delay(0.0131) >> ctx.create_gain(0.7) >> ctx.destination
    osc.start(0.01)
    lfo.start()


def one(ctx, value=1.0):
    source = ctx.create_constant_source(value)
    source >> ctx.destination
    source.start()
    return source


def test_facts():
    ctx = context(channels=3, quantum=64)
    assert (ctx.channels, ctx.length, ctx.sample_rate) == (3, 1000, RATE)
    assert (ctx.render_quantum_size, ctx.current_time, ctx.state) == (64, 0, "suspended")
    assert ctx.destination is ctx.destination
    assert ctx.destination.channel_count == 3
    y = ctx.render()
    assert (y.shape, y.dtype, ctx.state) == ((1000, 3), np.float32, "closed")
    assert ctx.current_frame == 1024
    assert ctx.current_time == 1024 / RATE


@pytest.mark.parametrize(
    "arguments",
    [
        {"length": None},
        {"sample_rate": None},
        {"length": 0},
        {"length": 1.5},
        {"channels": 0},
        {"channels": 33},
        {"sample_rate": 2999},
        {"sample_rate": "8000"},
        {"quantum": 0},
        {"quantum": 16385},
    ],
)
def test_arguments_are_checked(arguments):
    usual = {"channels": 1, "length": 100, "sample_rate": RATE}
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=next(iter(arguments))):
        ps.OfflineAudioContext(**{**usual, **arguments})


def test_the_same_bits_each_time_and_in_threads():
    wanted = context(20000).render(busy).tobytes()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(context(20000).render(busy).tobytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 4


@pytest.mark.parametrize("frames", [1, 100, 128, 129, 1000, 5000])
def test_blocks_are_the_whole(frames):
    ctx = context()
    busy(ctx)
    found = list(ctx.blocks(frames))
    assert {len(block) for block in found[:-1]} <= {frames}
    assert np.array_equal(np.concatenate(found), context().render(busy))
    assert ctx.state == "closed"


def test_it_is_rendered_once():
    for first in (lambda c: c.render(), lambda c: next(c.blocks(10)), lambda c: c.render_steps([])):
        ctx = context()
        keep = first(ctx)
        for second in (
            ctx.render,
            ctx.start_rendering,
            lambda ctx=ctx: ctx.blocks(10),
            lambda ctx=ctx: ctx.render_steps([]),
        ):
            with pytest.raises(ps.StateError, match="make a new one"):
                second()
        assert keep is not None
    assert context(10).start_rendering().shape == (10, 1)


def test_progress_and_build():
    told = []
    y = context(5000).render(one, progress=told.append)
    assert (y == 1).all()
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 3
    for name in ("build", "progress"):
        ctx = context()
        with pytest.raises(ps.ArgumentTypeError, match=f"{name} is 3"):
            ctx.render(**{name: 3})
        assert ctx.state == "suspended"


def test_stops_are_at_quanta():
    ctx = context(1024)
    source, states = one(ctx), []

    def turn(context):
        assert context is ctx
        states.append((ctx.state, ctx.current_frame))
        source.offset = len(states) + 1

    for at in (0, 100 / RATE, 256 / RATE, 257 / RATE):
        assert ctx.suspend(at, turn) is turn
    y = ctx.render()[::128, 0].tolist()
    assert states == [("suspended", frame) for frame in (0, 128, 256, 384)]
    assert y == [2, 3, 4, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("quantum", [1, 100, 128, 500])
@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_times_of_quanta_stop_there_and_not_later(quantum, rate):
    for index in (1, 3, 7, 49):
        ctx = ps.OfflineAudioContext(1, 60 * quantum, rate, quantum=quantum)
        found = []
        ctx.suspend(index * quantum / rate, lambda c, found=found: found.append(c.current_frame))
        ctx.render()
        assert found == [index * quantum]


def test_stops_that_cannot_be():
    ctx = context(1000)
    ctx.suspend(0.01, print)
    with pytest.raises(ps.StateError, match="a stop in that quantum already"):
        ctx.suspend(0.009, print)
    for late in (1000 / RATE, 5):
        with pytest.raises(ps.StateError, match="what is rendered lies between"):
            ctx.suspend(late, print)
    for wrong in (-1, float("nan"), "1"):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="at is"):
            ctx.suspend(wrong, print)
    with pytest.raises(ps.ArgumentTypeError, match="function is 3"):
        ctx.suspend(0, 3)
    with pytest.raises(ps.StateError):
        ctx.render_steps([0.05, 0.01])
    ctx.suspend(0.05, lambda c: None)  # What failed has left nothing.
    ctx.render_steps([0.09])


def test_stops_in_blocks():
    ctx = context(512)
    source = one(ctx)
    ctx.suspend(128 / RATE, lambda c: setattr(source, "offset", 2))
    assert [block[0, 0] for block in ctx.blocks(128)] == [1, 2, 2, 2]


def test_steps():
    ctx = context(512)
    source = one(ctx)
    found = []
    steps = ctx.render_steps(n * 128 / RATE for n in (1, 2))
    for t in steps:
        found.append((t, ctx.state))
        source.offset = 10 * t * RATE / 128
    assert found == [(128 / RATE, "suspended"), (256 / RATE, "suspended")]
    assert steps.output[::128, 0].tolist() == [1, 10, 20, 20]
    assert ctx.state == "closed"


def test_what_a_stop_raises_comes_out():
    ctx = context(512)
    ctx.suspend(0.02, lambda c: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ctx.render()
    assert ctx.state == "closed"


def test_ends_are_told_as_they_come():
    ctx = context(8000)
    source, told = one(ctx), []
    source.stop(0.3)
    source.on_ended = lambda: told.append((ctx.current_time, ctx.state))
    assert source.on_ended is not None
    assert source.is_playing
    ctx.render()
    assert len(told) == 1
    assert 0.3 <= told[0][0] < 0.3 + 1200 / RATE
    assert told[0][1] == "running"
    assert source.has_ended
    assert not source.is_playing
    assert source.on_ended is None


def test_ends_nobody_wants_to_know_of_any_more():
    ctx = context(1000)
    source, told = one(ctx), []
    source.stop(0.01)
    source.on_ended = lambda: told.append(1)
    source.on_ended = None
    with pytest.raises(ps.ArgumentTypeError, match="on_ended is 3"):
        source.on_ended = 3
    ctx.render()
    assert told == []


def test_sources_are_started_once():
    ctx = context()
    source = ctx.create_constant_source()
    assert not source.is_playing
    with pytest.raises(ps.StateError, match="was not started"):
        source.stop()
    for wrong in (-1, float("nan"), float("inf"), "0", None):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="when is"):
            source.start(wrong)
    source.start()
    with pytest.raises(ps.StateError, match="was started before"):
        source.start()
    with pytest.raises(ps.ArgumentError, match="offset is -1"):
        ctx.create_buffer_source().start(0, -1)
    with pytest.raises(ps.ArgumentError, match="duration is -1"):
        ctx.create_buffer_source().start(0, 0, -1)


def test_quanta_change_nothing():
    wanted = context().render(busy)
    for quantum in (1, 100, 1024):
        assert np.abs(context(quantum=quantum).render(busy) - wanted).max() < 1e-6
