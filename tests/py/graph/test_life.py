# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Contexts and nodes: how long they live, who may use them, and what closing does."""

import gc
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192


@pytest.fixture
def counted():
    """Nothing but reference counts frees anything meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def context(length=256):
    return ps.OfflineAudioContext(1, length, RATE)


def fill(ctx):
    osc, gain = ctx.create_oscillator(), ctx.create_gain()
    source = ctx.create_buffer_source(np.zeros(10, "f4"))
    (osc, source) >> gain >> ctx.destination
    gain >> ctx.create_delay(0.1) >> gain
    osc >> gain.gain
    osc.on_ended = lambda: None
    osc.start()
    return osc, gain, source


@pytest.mark.parametrize(
    "state", ["new", "rendered", "steps", "blocks", "closed", "shown", "saved"]
)
def test_contexts_die_with_their_last_name(counted, state):
    ctx = context()
    nodes = fill(ctx)
    seen = [weakref.ref(ctx), weakref.ref(ctx._core), *map(weakref.ref, nodes)]
    if state == "rendered":
        ctx.render()
    elif state == "steps":
        steps = ctx.render_steps([0.01])
        next(steps)
        del steps
    elif state == "blocks":
        blocks = ctx.blocks(100)
        next(blocks)
        del blocks
    elif state == "closed":
        ctx.close()
    elif state == "shown":
        repr(ctx)
        ctx.graph.to_svg()
    elif state == "saved":
        loaded = ps.graph_from_dict(ctx.to_dict())
        seen += [weakref.ref(loaded), weakref.ref(loaded._core)]
        del loaded
    del ctx, nodes
    assert [ref() for ref in seen] == [None] * len(seen)


def test_nodes_keep_their_context(counted):
    osc, gain, source = fill(context())
    assert osc.context.state == "suspended"
    assert osc.context is gain.context
    seen = weakref.ref(osc.context)
    del osc, gain
    assert seen() is source.context
    del source
    assert seen() is None


def test_failing_renders_leave_nothing(counted):
    ctx = context()
    ctx.suspend(0, lambda c: 1 / 0)
    seen = weakref.ref(ctx)
    with pytest.raises(ZeroDivisionError):
        ctx.render()
    del ctx
    assert seen() is None


def test_what_sounds_goes_on_without_names():
    ctx = context()
    source = ctx.create_constant_source(0.5)
    source >> ctx.create_gain(0.5) >> ctx.destination
    source.start()
    told = []
    source.stop(100 / RATE)
    source.on_ended = lambda: told.append(1)
    del source
    gc.collect()
    y = ctx.render()[:, 0]
    assert (y[:100] == 0.25).all()
    assert not y[100:].any()
    assert told == [1]


def test_closed_contexts():
    ctx = context()
    osc, gain, source = fill(ctx)
    with ctx:
        pass
    ctx.close()
    assert (ctx.closed, ctx.state) == (True, "closed")
    for act in (
        ctx.render,
        ctx.create_gain,
        osc.stop,
        source.start,
        gain.disconnect,
        ctx.__enter__,
        lambda: gain >> ctx.destination,
        lambda: gain // ctx.destination,
        lambda: setattr(gain, "gain", 1),
        lambda: setattr(osc, "type", "square"),
        lambda: gain.gain.ramp(1, 1),
        lambda: setattr(gain, "channel_count", 1),
        lambda: ctx.suspend(0.01, print),
        lambda: ctx.blocks(10),
        lambda: ctx.render_steps([]),
    ):
        with pytest.raises(ps.ClosedError, match="this context is closed"):
            act()
    # Looking is allowed.
    assert gain.gain.value == 1
    assert osc.type == "sine"
    assert not osc.has_ended
    assert ctx.current_time == 0


def test_closing_ends_a_rendering():
    ctx = context(1 << 22)
    fill(ctx)
    ctx.suspend(128 / RATE, lambda c: c.close())
    with pytest.raises(ps.ClosedError, match="closed while it was rendered"):
        ctx.render()
    ctx = context(512)
    blocks = ctx.blocks(128)
    next(blocks)
    ctx.close()
    with pytest.raises(ps.ClosedError, match="closed while it was rendered"):
        next(blocks)


def test_a_batch_acts_as_a_whole():
    ctx = context(512)
    source = ctx.create_constant_source(1)
    a, b = ctx.create_gain(1), ctx.create_gain(0)
    source >> (a, b) >> ctx.destination
    source.start()
    stop = threading.Event()

    def swap():
        turn = 0
        while not stop.is_set():
            turn = 1 - turn
            with ctx.batch():
                a.gain = turn
                b.gain = 1 - turn

    threads = [threading.Thread(target=swap)]
    for thread in threads:
        thread.start()
    blocks = list(ctx.blocks(128))
    stop.set()
    for thread in threads:
        thread.join()
    # Each frame has one of both, or two threads' changes in between: never both, never none.
    assert (np.concatenate(blocks) == 1).all()


def test_a_batch_that_fails_is_over():
    ctx = context()
    source = ctx.create_constant_source(1)
    source >> ctx.destination

    def fail():
        with ctx.batch():
            source.start()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (ctx.render() == 1).all()


def test_any_thread_may_change_a_graph():
    ctx = context(200 * 128)
    gain = ctx.create_gain()
    gain >> ctx.destination
    faults, stop = [], threading.Event()

    def change(seed):
        random = np.random.default_rng(seed)
        try:
            while not stop.is_set():
                osc = ctx.create_oscillator(frequency=float(random.uniform(50, 500)))
                osc >> ctx.create_gain(0.1) >> gain
                osc.start(ctx.current_time)
                osc.frequency.ramp(100, ctx.current_time + 0.1)
                osc.stop(ctx.current_time + float(random.uniform(0, 0.1)))
                osc.on_ended = lambda: None
                gain.gain = float(random.uniform(0, 1))
                len(ctx.graph)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=change, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    output = np.concatenate(list(ctx.blocks(500)))
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert np.isfinite(output).all()


def test_a_thousand_nodes():
    ctx = context(1024)
    source = ctx.create_constant_source(1)
    source.start()
    node = source
    for _ in range(1000):
        node = node >> ctx.create_gain(1)
    node >> ctx.destination
    nodes = [ctx.create_gain(0.001) for _ in range(1000)]
    source >> tuple(nodes) >> ctx.destination
    assert np.abs(ctx.render() - 2).max() < 1e-4
