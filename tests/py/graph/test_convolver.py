# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Convolvers do what a convolution in float64 does."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

import pastream_ng as ps

RATE = 44100
N = 20000


def noise(seed, n, channels):
    return np.random.default_rng(seed).uniform(-1, 1, (n, channels)).astype("float32")


def render(sound, response, *, quantum=128, normalize=True, n=N):
    ctx = ps.OfflineAudioContext(channels=2, length=n, sample_rate=RATE, quantum=quantum)
    source = ctx.create_buffer_source(sound)
    source >> ctx.create_convolver(response, normalize=normalize) >> ctx.destination
    source.start()
    return ctx.render()


def gain(response):
    """What the specification says."""
    rms = max(np.sqrt(np.mean(response.astype(float) ** 2)), 0.000125)
    return 0.00125 / rms * 44100 / RATE * (0.5 if response.shape[1] == 4 else 1)


def model(sound, response, scale):
    left, right = sound[:, 0].astype(float), sound[:, -1].astype(float)
    h = response.astype(float).T * scale
    paths = {1: [(left, 0), (right, 0)], 2: [(left, 0), (right, 1)]}
    if len(h) == 4:
        out = [
            fftconvolve(left, h[0]) + fftconvolve(right, h[2]),
            fftconvolve(left, h[1]) + fftconvolve(right, h[3]),
        ]
    else:
        out = [fftconvolve(x, h[c]) for x, c in paths[len(h)]]
    whole = np.zeros((N, 2))
    some = np.stack(out, axis=1)[:N]
    whole[: len(some)] = some
    return whole


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("inputs", [1, 2])
def test_it_is_the_convolution_of_the_specification(channels, inputs):
    sound, response = noise(1, 9000, inputs), noise(2, 7000, channels)
    wanted = model(sound, response, gain(response))
    got = render(sound, response)
    assert np.abs(got - wanted).max() < 2e-6 * np.abs(wanted).max()


@pytest.mark.parametrize("quantum", [1, 100, 1000, 16384])
def test_any_quantum_does(quantum):
    n = 2000 if quantum == 1 else N
    sound, response = noise(1, 9000, 2), noise(2, 7000, 2)
    usual, other = render(sound, response), render(sound, response, quantum=quantum, n=n)
    assert np.abs(usual[:n] - other).max() < 1e-6


def test_it_is_the_same_each_time():
    sound, response = noise(1, 9000, 2), noise(2, 7000, 4)
    assert np.array_equal(render(sound, response), render(sound, response))


def test_it_may_be_set_later_and_taken_away():
    ctx = ps.OfflineAudioContext(channels=1, length=8, sample_rate=RATE)
    node = ctx.create_convolver()
    assert node.buffer is None
    node.buffer = noise(1, 10, 2)
    assert node.buffer.number_of_channels == 2
    node.buffer = None
    assert node.buffer is None


def test_what_it_refuses():
    ctx = ps.OfflineAudioContext(channels=1, length=8, sample_rate=RATE)
    with pytest.raises(ps.UnsupportedOptionError, match="1, 2 or 4"):
        ctx.create_convolver(noise(1, 10, 3))
    with pytest.raises(ps.UnsupportedOptionError, match="48000"):
        ctx.create_convolver(ps.AudioBuffer(noise(1, 10, 1), 48000))
    node = ctx.create_convolver(noise(1, 10, 1))
    with pytest.raises(ps.UnsupportedOptionError, match="1, 2 or 4"):
        node.buffer = noise(1, 10, 3)
    assert node.buffer.number_of_channels == 1
    with pytest.raises(ps.UnsupportedOptionError):
        node.channel_count_mode = "max"
    with pytest.raises(ps.UnsupportedOptionError):
        node.channel_count = 3
