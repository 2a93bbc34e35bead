# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes whose params move at random, against models in float64."""

import math
import random

import numpy as np
import pytest
import timelines

import pastream_ng as ps

LENGTH = 500


class Case:
    """A node that hears noise, and its params frame by frame."""

    def __init__(self, seed, n_outputs=None):
        self.dice = random.Random(seed)
        self.rate = self.dice.choice([8000, 44100, 48000])
        self.quantum = self.dice.choice([128, 64, 100, 256])
        shape = (LENGTH, self.dice.choice([1, 2]))
        sound = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
        self.planes = sound.T.astype(float)
        n = n_outputs or shape[1]
        self.ctx = ps.OfflineAudioContext(n, LENGTH, self.rate, quantum=self.quantum)
        self.source = self.ctx.create_buffer_source(ps.AudioBuffer(sound, sample_rate=self.rate))
        self.source.start()

    def move(self, param, low, high):
        """Automate a param; return its values, which are not limited."""
        dice, model = self.dice, timelines.Timeline(param.value)
        calls = [("set_value_at_time", [dice.uniform(low, high), 0])]
        for _ in range(dice.choice([0, 1, 3])):
            args = [dice.uniform(low, high), dice.uniform(0, LENGTH / self.rate)]
            method = dice.choice(["linear_ramp_to_value_at_time", "set_target_at_time"])
            calls.append((method, args + [0.003] * (method == "set_target_at_time")))
        for method, args in calls:
            getattr(param, method)(*args)
            model.call(method, args, 0)
        frames = np.arange(LENGTH)
        if dice.random() < 0.3:
            param.automation_rate = "k-rate"
            frames = frames // self.quantum * self.quantum
        return model.at(frames / self.rate).astype(np.float32).astype(float)

    def compare(self, node, expected, tolerance):
        self.source >> node >> self.ctx.destination
        peak = max(1, np.abs(expected).max())
        sound = self.ctx.render().T
        np.testing.assert_allclose(sound, expected, rtol=0, atol=tolerance * peak)


@pytest.mark.parametrize("seed", range(40))
def test_delays(seed):
    case = Case(seed)
    most = case.dice.choice([1, 0.01, 0.005])
    node = case.ctx.create_delay(0, max_delay_time=most)
    low, high = case.dice.choice([(0, 0.01), (-0.01, 0.02)])
    times = np.clip(case.move(node.delay_time, low, high), 0, np.float32(most)).astype(float)
    places = np.arange(LENGTH) - times * case.rate
    padded = np.pad(case.planes, ((0, 0), (1, 0)))  # Before the first frame there is silence.
    expected = [np.interp(places, np.arange(-1, LENGTH), plane) for plane in padded]
    case.compare(node, np.array(expected), 2e-4)


@pytest.mark.parametrize("seed", range(40))
def test_stereo_panners(seed):
    case = Case(seed, n_outputs=2)
    node = case.ctx.create_stereo_panner()
    pan = np.clip(case.move(node.pan, -1.5, 1.5), -1, 1)
    left, right = case.planes[0], case.planes[-1]
    if len(case.planes) == 1:
        x = (pan + 1) * math.pi / 4
        expected = [left * np.cos(x), left * np.sin(x)]
    else:
        x = np.where(pan <= 0, pan + 1, pan) * math.pi / 2
        c, s = np.cos(x), np.sin(x)
        to_left = [left + right * c, right * s]
        expected = np.where(pan <= 0, to_left, [left * c, right + left * s])
    case.compare(node, np.array(expected), 2e-6)


def resonance(kind, w, q):
    """Return b and a of a filter by its angular frequency."""
    c, s = math.cos(w), math.sin(w)
    alpha = s / (2 * (10 ** (q / 20) if kind in ("lowpass", "highpass") else q))
    b = {
        "lowpass": [(1 - c) / 2, 1 - c, (1 - c) / 2],
        "highpass": [(1 + c) / 2, -1 - c, (1 + c) / 2],
        "bandpass": [alpha, 0, -alpha],
        "notch": [1, -2 * c, 1],
        "allpass": [1 - alpha, -2 * c, 1 + alpha],
    }[kind]
    return np.array(b) / (1 + alpha), np.array([-2 * c, 1 - alpha]) / (1 + alpha)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["lowpass", "highpass", "bandpass", "notch", "allpass"])
def test_filters(kind, seed):
    case = Case(seed)
    node = case.ctx.create_biquad_filter(kind)
    hz = case.move(node.frequency, 50, 0.4 * case.rate)
    detune = case.move(node.detune, -1200, 300) if case.dice.random() < 0.5 else np.zeros(LENGTH)
    q = case.move(node.q, 0.3, 10)
    w = 2 * np.pi * np.minimum(hz * 2 ** (detune / 1200) / case.rate, 0.5)
    # What only a limit on the pitch makes a wire or silence is another test's.
    assert w.max() < math.pi
    x = np.pad(case.planes, ((0, 0), (2, 0)))
    y = np.zeros_like(x)
    for i in range(LENGTH):
        b, a = resonance(kind, w[i], q[i])
        y[:, i + 2] = x[:, i : i + 3] @ b[::-1] - y[:, i : i + 2] @ a[::-1]
    case.compare(node, y[:, 2:], 2e-6)
