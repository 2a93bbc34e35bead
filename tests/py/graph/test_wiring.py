# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Operators connect what they seem to connect."""

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192


@pytest.fixture
def ctx():
    return ps.OfflineAudioContext(channels=2, length=128, sample_rate=RATE)


def constant(ctx, value):
    source = ctx.create_constant_source(value)
    source.start()
    return source


def last(ctx):
    return ctx.render()[-1].tolist()


def test_a_chain_returns_its_right_operands(ctx):
    a, gain = constant(ctx, 1), ctx.create_gain(0.5)
    assert (a >> gain) is gain
    assert (a >> gain >> ctx.destination) is ctx.destination
    assert last(ctx) == [0.5, 0.5]


def test_only_several_connections_are_a_batch(ctx, monkeypatch):
    batches = []
    batch = type(ctx).batch
    monkeypatch.setattr(type(ctx), "batch", lambda self: batches.append(1) or batch(self))
    a, b, gain = constant(ctx, 1), constant(ctx, 2), ctx.create_gain()
    a >> gain >> ctx.destination << b
    a // gain
    assert batches == []  # Each would cost time that grows with the graph.
    (a, b) >> gain
    assert batches == [1]
    assert last(ctx) == [5, 5]


def test_the_other_way_returns_the_source(ctx):
    a, gain = constant(ctx, 1), ctx.create_gain(0.5)
    assert (ctx.destination << gain << a) is a
    assert last(ctx) == [0.5, 0.5]


def test_params_are_targets(ctx):
    a, gain = constant(ctx, 1), ctx.create_gain(0.5)
    assert (constant(ctx, 2) >> gain.gain) is gain.gain
    gain.gain << constant(ctx, 4)
    a >> gain >> ctx.destination
    assert last(ctx) == [6.5, 6.5]


def test_tuples_fan_out_and_sum(ctx):
    a, b = ctx.create_gain(2), ctx.create_gain(3)
    fan = constant(ctx, 1) >> (a, b)
    assert fan == (a, b)
    assert (fan >> ctx.destination) is ctx.destination
    assert ((constant(ctx, 1), constant(ctx, 1)) >> a) is a
    assert last(ctx) == [9, 9]


def test_tuples_after_tuples(ctx):
    one, b, c, d = constant(ctx, 1), *(ctx.create_gain(g) for g in (2, 3, 5))
    one >> (b, c) >> (d, ctx.destination)
    d >> ctx.destination
    assert last(ctx) == [30, 30]


def test_ports(ctx):
    splitter, merger = ctx.create_channel_splitter(2), ctx.create_channel_merger(2)
    stereo = ctx.create_channel_merger(2)
    (constant(ctx, 1) >> stereo[0], constant(ctx, 2) >> stereo[1])
    stereo >> splitter
    splitter[0] >> merger[1]
    assert (splitter[1] >> merger[0] >> ctx.destination) is ctx.destination
    assert last(ctx) == [2, 1]
    with pytest.raises(ps.ArgumentError, match="index is 2; a ChannelMergerNode has 2 inputs"):
        merger[2]
    with pytest.raises(ps.ArgumentError):
        merger[1] >> splitter
    with pytest.raises(TypeError):
        iter(merger)


def test_sums_are_nodes(ctx):
    bus = constant(ctx, 1) + constant(ctx, 2)
    assert isinstance(bus, ps.GainNode)
    whole = bus + constant(ctx, 4)
    constant(ctx, 8) >> bus
    whole >> ctx.destination
    assert last(ctx) == [15, 15]


def test_sum_of_a_list(ctx):
    sum(constant(ctx, n) for n in (1, 2, 3)) >> ctx.destination
    assert last(ctx) == [6, 6]
    with pytest.raises(TypeError):
        1 + ctx.create_gain()


def test_taking_away(ctx):
    a, b = constant(ctx, 1), constant(ctx, 2)
    (a, b) >> ctx.destination
    assert (a // ctx.destination) is ctx.destination
    assert last(ctx) == [2, 2]
    with pytest.raises(ps.ArgumentError, match="no such connection"):
        a // ctx.destination
    (b,) // ctx.destination
    with pytest.raises(ps.ArgumentError, match="no such connection"):
        (b,) // ctx.destination


def test_connect_returns_the_destination(ctx):
    a, gain = constant(ctx, 1), ctx.create_gain()
    assert a.connect(gain) is gain
    assert a.connect(gain.gain) is gain.gain
    assert gain.connect(ctx.destination, 0, 0) is ctx.destination
    assert ctx.connect(a, ctx.destination) is ctx.destination
    assert last(ctx) == [3, 3]
    ctx.disconnect(a)
    for wrong in (1, None, (gain, gain)):
        with pytest.raises(TypeError):
            a.connect(wrong)
    with pytest.raises(ps.ArgumentError):
        a.connect(gain, 1)
    with pytest.raises(ps.ArgumentError):
        a.connect(gain, 0, 1)


@pytest.mark.parametrize(
    ("undo", "left"),
    [
        (lambda s, m, g: s.disconnect(), [0, 0, 0]),
        (lambda s, m, g: s.disconnect(0), [0, 4, 8]),
        (lambda s, m, g: s.disconnect(m), [0, 0, 8]),
        (lambda s, m, g: s.disconnect(m, 1), [1, 0, 8]),
        (lambda s, m, g: s.disconnect(m, 1, 2), [1, 4, 8]),
        (lambda s, m, g: s.disconnect(m, input=0), [0, 4, 8]),
        (lambda s, m, g: s.disconnect(m[1]), [1, 0, 8]),
        (lambda s, m, g: s.disconnect(g.gain), [1, 4, 0]),
        (lambda s, m, g: s.disconnect(g.gain, 1), [1, 4, 0]),
    ],
)
def test_disconnect(undo, left):
    ctx = ps.OfflineAudioContext(channels=3, length=128, sample_rate=RATE)
    stereo, splitter = ctx.create_channel_merger(2), ctx.create_channel_splitter(2)
    merger = ctx.create_channel_merger(3)
    constant(ctx, 1) >> stereo[0]
    constant(ctx, 4) >> stereo[1]
    gain = ctx.create_gain(0)
    constant(ctx, 2) >> gain >> merger[2]
    stereo >> splitter
    splitter[0] >> merger[0]
    splitter[1] >> merger[1]
    splitter[1] >> gain.gain
    merger >> ctx.destination
    if left == [1, 4, 8]:
        with pytest.raises(ps.ArgumentError, match="no such connection"):
            undo(splitter, merger, gain)
    else:
        undo(splitter, merger, gain)
    assert last(ctx) == left


def test_nonsense_is_told(ctx):
    gain = ctx.create_gain()
    with pytest.raises(TypeError, match="takes no sound"):
        gain >> 3
    with pytest.raises(TypeError, match="has no sound to give"):
        gain << gain.gain
    other = ps.OfflineAudioContext(channels=2, length=128, sample_rate=RATE)
    with pytest.raises(ps.ArgumentError, match="different graphs"):
        gain >> other.destination
    assert np.array_equal(ctx.render(), np.zeros((128, 2)))
