# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Random graphs of many channels, against mixing as the specification words it."""

import math
import random

import numpy as np
import pytest

import pastream_ng as ps

N_QUANTA = 4
HALF = math.sqrt(0.5)
# From and to how many channels; then rows of (to, from, factor).
SPEAKERS = {
    (1, 2): [(0, 0, 1), (1, 0, 1)],
    (1, 4): [(0, 0, 1), (1, 0, 1)],
    (1, 6): [(2, 0, 1)],
    (2, 4): [(0, 0, 1), (1, 1, 1)],
    (2, 6): [(0, 0, 1), (1, 1, 1)],
    (4, 6): [(0, 0, 1), (1, 1, 1), (4, 2, 1), (5, 3, 1)],
    (2, 1): [(0, 0, 0.5), (0, 1, 0.5)],
    (4, 1): [(0, i, 0.25) for i in range(4)],
    (6, 1): [(0, 0, HALF), (0, 1, HALF), (0, 2, 1), (0, 4, 0.5), (0, 5, 0.5)],
    (4, 2): [(0, 0, 0.5), (0, 2, 0.5), (1, 1, 0.5), (1, 3, 0.5)],
    (6, 2): [(0, 0, 1), (0, 2, HALF), (0, 4, HALF), (1, 1, 1), (1, 2, HALF), (1, 5, HALF)],
    (6, 4): [(0, 0, 1), (0, 2, HALF), (1, 1, 1), (1, 2, HALF), (2, 4, 1), (3, 5, 1)],
}


def mixed(planes, n, interpretation="speakers"):
    """Return planes of n channels."""
    matrix = np.eye(n, len(planes))
    if interpretation == "speakers" and (len(planes), n) in SPEAKERS:
        matrix[:] = 0
        for to, of, factor in SPEAKERS[len(planes), n]:
            matrix[to, of] = factor
    return matrix @ planes


class Output:
    """An output of a node, and its planes in each quantum; None where it rests."""

    def __init__(self, node, index, quanta):
        self.node, self.index, self.quanta = node, index, quanta


class Net:
    """A graph that grows."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.quantum = self.dice.choice([128, 64])
        self.n_channels = self.dice.choice([1, 2, 2, 3, 4, 6])
        self.length = N_QUANTA * self.quantum
        self.ctx = ps.OfflineAudioContext(self.n_channels, self.length, 8000, quantum=self.quantum)
        self.outputs = []

    def mix(self, sources, count, mode, interpretation, quantum):
        active = [s.quanta[quantum] for s in sources if s.quanta[quantum] is not None]
        if not active:
            return None
        n = max(len(planes) for planes in active)
        if mode == "explicit":
            n = count
        elif mode == "clamped-max":
            n = min(n, count)
        return sum(mixed(planes, n, interpretation) for planes in active)

    def pick(self):
        """Return some outputs, each once; they may be connected twice."""
        picked = [self.dice.choice(self.outputs) for _ in range(self.dice.choice([1, 1, 2, 3]))]
        return picked, list(dict.fromkeys(picked))

    def add(self, node, *outputs):
        self.outputs += [Output(node, i, quanta) for i, quanta in enumerate(outputs)]

    def add_source(self):
        dice, size = self.dice, self.quantum
        n_channels, n = dice.choice([1, 1, 2, 2, 3, 4, 5, 6]), dice.choice([self.length, 100, size])
        when = dice.choice([0, 0, 0, size, 50])
        noise = np.random.default_rng(dice.randrange(10**6)).uniform(-1, 1, (n, n_channels))
        sound = noise.astype(np.float32)
        node = self.ctx.create_buffer_source(ps.AudioBuffer(sound, sample_rate=8000))
        node.start(when / 8000)
        planes = np.zeros((n_channels, self.length + n))
        planes[:, when : when + n] = sound.T
        quanta = []
        for first in range(0, self.length, size):
            sounds = first + size > when and first < when + n
            quanta.append(planes[:, first : first + size] if sounds else None)
        self.add(node, quanta)

    def add_gain(self):
        dice, factor = self.dice, float(np.float32(self.dice.uniform(-1, 1)))
        node = self.ctx.create_gain(factor)
        node.channel_count = dice.choice([1, 2, 3, 4, 6, 8])
        node.channel_count_mode = dice.choice(["max", "clamped-max", "explicit"])
        node.channel_interpretation = dice.choice(["speakers", "discrete"])
        rules = (node.channel_count, node.channel_count_mode, node.channel_interpretation)
        picked, sources = self.pick()
        moving = dice.choice([None, dice.choice(self.outputs)])
        for source in picked:
            source.node.connect(node, source.index)
        if moving is not None:
            moving.node.connect(node.gain, moving.index)
        quanta = []
        for i in range(N_QUANTA):
            planes, gain = self.mix(sources, *rules, i), factor
            if moving is not None and moving.quanta[i] is not None:
                gain = factor + mixed(moving.quanta[i], 1)[0]
            quanta.append(None if planes is None else planes * gain)
        self.add(node, quanta)

    def add_splitter(self):
        n = self.dice.choice([2, 3, 6])
        node = self.ctx.create_channel_splitter(n)
        picked, sources = self.pick()
        for source in picked:
            source.node.connect(node, source.index)
        all_planes = [self.mix(sources, n, "explicit", "discrete", i) for i in range(N_QUANTA)]
        self.add(
            node,
            *([None if p is None else p[c : c + 1] for p in all_planes] for c in range(n)),
        )

    def add_merger(self):
        n = self.dice.choice([2, 3, 6])
        node = self.ctx.create_channel_merger(n)
        _, sources = self.pick()
        inputs = [self.dice.randrange(n) for _ in sources]
        for source, place in zip(sources, inputs, strict=True):
            source.node.connect(node, source.index, place)
        quanta = []
        for i in range(N_QUANTA):
            planes = None
            for source, place in zip(sources, inputs, strict=True):
                if source.quanta[i] is not None:
                    planes = np.zeros((n, self.quantum)) if planes is None else planes
                    planes[place] += mixed(source.quanta[i], 1)[0]
            quanta.append(planes)
        self.add(node, quanta)

    def finish(self):
        """Lead some to the destination; return what it should get."""
        picked, sources = self.pick()
        for source in picked:
            source.node.connect(self.ctx.destination, source.index)
        interpretation = self.dice.choice(["speakers", "discrete"])
        self.ctx.destination.channel_interpretation = interpretation
        expected = np.zeros((self.n_channels, self.length))
        for i in range(N_QUANTA):
            planes = self.mix(sources, self.n_channels, "explicit", interpretation, i)
            if planes is not None:
                expected[:, i * self.quantum : (i + 1) * self.quantum] = planes
        return expected


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_channels_are_mixed_as_the_specification_says(first):
    for seed in range(first, first + 100):
        net = Net(seed)
        for _ in range(net.dice.choice([1, 2, 3])):
            net.add_source()
        for _ in range(net.dice.choice([1, 2, 4, 7])):
            net.dice.choice([net.add_gain, net.add_gain, net.add_splitter, net.add_merger])()
        expected = net.finish()
        peak = max(1, np.abs(expected).max())
        sound = net.ctx.render().T
        np.testing.assert_allclose(sound, expected, atol=2e-6 * peak, err_msg=f"seed {seed}")
