# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs that are changed at random wherever rendering stands still, against a model."""

import random

import numpy as np
import pytest

import pastream_ng as ps

N_QUANTA, QUANTUM, RATE = 12, 64, 8192


class Net:
    """Constants and gains, and what sums and products should come out."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.n = self.dice.choice([3, 5, 8])
        self.ctx = ps.OfflineAudioContext(1, N_QUANTA * QUANTUM, RATE, quantum=QUANTUM)
        self.nodes = [self.ctx.create_constant_source() for _ in range(2)]
        for source in self.nodes:
            source.start()
        self.nodes += [self.ctx.create_gain() for _ in range(self.n - 2)]
        self.nodes.append(self.ctx.destination)
        self.values = [1.0] * self.n
        # Pairs of places in the list; the second is the higher one.
        self.to_inputs, self.to_params = set(), set()

    def param(self, i):
        return self.nodes[i].offset if i < 2 else self.nodes[i].gain

    def into(self, edges, i):
        return sum(self.output(a) for a, b in edges if b == i)

    def output(self, i):
        if i == self.n:
            return self.into(self.to_inputs, i)
        value = self.values[i] + self.into(self.to_params, i)
        return value if i < 2 else value * self.into(self.to_inputs, i)

    def disconnect(self, edges, a, b, target):
        if (a, b) in edges:
            self.nodes[a].disconnect(target)
            edges.remove((a, b))
            return
        with pytest.raises((ps.ArgumentError, ps.StateError)):
            self.nodes[a].disconnect(target)

    def change(self):
        a = self.dice.randrange(self.n)
        b = self.dice.randrange(a + 1, self.n + 1)
        what = self.dice.choice(["input", "input", "input", "param", "cut", "cut", "all", "value"])
        if what == "value":
            self.values[a] = self.dice.choice([0.5, 1, -2, 3])
            self.param(a).value = self.values[a]
        elif what == "all":
            self.nodes[a].disconnect()
            for edges in (self.to_inputs, self.to_params):
                edges -= {edge for edge in edges if edge[0] == a}
        elif what == "param" and b < self.n:
            self.nodes[a].connect(self.param(b))
            self.to_params.add((a, b))
        elif what == "input" and b >= 2:
            self.nodes[a].connect(self.nodes[b])
            self.to_inputs.add((a, b))
        elif what == "cut" and b < self.n and self.dice.random() < 0.5:
            self.disconnect(self.to_params, a, b, self.param(b))
        elif what == "cut":
            self.disconnect(self.to_inputs, a, b, self.nodes[b])

    def change_some(self):
        n = self.dice.choice([1, 2, 4, 10])
        if self.dice.random() < 0.5:
            with self.ctx.batch():
                for _ in range(n):
                    self.change()
        else:
            for _ in range(n):
                self.change()


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_what_is_changed_in_suspensions_counts_from_there_on(first):
    for seed in range(first, first + 100):
        net = Net(seed)
        net.change_some()
        expected = np.full(N_QUANTA * QUANTUM, net.output(net.n), dtype=float)

        def turn(ctx, net=net, expected=expected):
            net.change_some()
            expected[ctx.current_frame :] = net.output(net.n)

        for i in range(1, N_QUANTA):
            if net.dice.random() < 0.6:
                net.ctx.suspend(i * QUANTUM / RATE, turn)
        sound = net.ctx.render()[:, 0]
        np.testing.assert_allclose(sound, expected, rtol=1e-5, atol=1e-5, err_msg=f"seed {seed}")


def test_closed_contexts_do_not_stop_anywhere():
    ctx = ps.OfflineAudioContext(1, 256, RATE)
    ctx.close()
    with pytest.raises(ps.ClosedError):
        ctx.suspend(0.01)
    with pytest.raises(ps.ClosedError):
        ctx.suspend(0.01, print)


@pytest.mark.parametrize("n", [1000, 10000])
def test_long_chains_sound_and_die(n):
    ctx = ps.OfflineAudioContext(1, 256, RATE)
    first = ctx.create_constant_source()
    first.start()
    last = first
    with ctx.batch():
        for _ in range(n):
            last = last >> ctx.create_gain()
        last >> ctx.destination
    assert (ctx.render() == 1).all()
