# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Clouds of grains, against a model that adds up one after the other."""

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000
N = 9600
BITS = (1 << 64) - 1
WINDOWS = {
    "hann": lambda x: 0.5 + 0.5 * np.cos(np.pi * x),
    "triangle": lambda x: 1 - np.abs(x),
    "trapezoid": lambda x: np.minimum(1, 2 - 2 * np.abs(x)),
    "gaussian": lambda x: (np.exp(-4.5 * x * x) - np.exp(-4.5)) / (1 - np.exp(-4.5)),
    "rectangle": np.ones_like,
}


def noise(n, channels=1, seed=3):
    return np.random.default_rng(seed).uniform(-1, 1, (n, channels)).astype("float32")


def chance(seed, i):
    """SplitMix64, by whole numbers."""
    x = ((seed + 1) * 0xD1342543DE82EF95 + (i + 1) * 0x9E3779B97F4A7C15) & BITS
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & BITS
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & BITS
    return ((x ^ x >> 31) >> 11) / 2**53


def model(
    sound,
    *,
    grain_count=8,
    grain_duration=0.1,
    position_min=0.0,
    position_max=1.0,
    playback_rate=1.0,
    window="hann",
    seed=1,
    start=0.0,
    rate=RATE,
):
    out = np.zeros((N, sound.shape[1]))
    last = len(sound) - 1
    step = playback_rate * rate / RATE
    length = grain_duration * RATE
    gap = length / grain_count
    span = length * abs(step)
    if span > last:
        length, span = last / abs(step), last
    x = (np.arange(4096) / 2048) - 1
    loudness = grain_count * np.mean(WINDOWS[window](x) ** 2)
    gain = 1 / np.sqrt(max(1, loudness))
    k, begin = 0, start * RATE
    while begin <= N - 1:
        u = position_min + (position_max - position_min) * chance(seed, k)
        first = int(np.ceil(begin))
        n = np.arange(first, min(N, int(np.ceil(begin + length))))
        n = n[n - begin < length]
        place = u * (last - span) + (span if step < 0 else 0) + (n - begin) * step
        heights = WINDOWS[window](2 * (n - begin) / length - 1)
        for c in range(sound.shape[1]):
            values = np.interp(place, np.arange(len(sound)), sound[:, c])
            out[n, c] += values * heights * gain
        begin += gap
        k += 1
    return out


def render(sound, *, start=0.0, rate=RATE, quantum=128, **options):
    channels = sound.shape[1]
    ctx = ps.OfflineAudioContext(channels=channels, length=N, sample_rate=RATE, quantum=quantum)
    node = ctx.create_granulation(ps.AudioBuffer(sound, rate), **options)
    node >> ctx.destination
    node.start(start)
    return ctx.render().astype(float)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"grain_count": 1, "grain_duration": 0.01},
        {"grain_count": 300, "seed": 77},
        {"window": "triangle", "playback_rate": 1.7},
        {"window": "gaussian", "playback_rate": -0.6},
        {"window": "trapezoid", "position_min": 0.3, "position_max": 0.35},
        {"window": "rectangle", "playback_rate": 0, "grain_count": 3},
        {"start": 100.25 / RATE, "grain_duration": 0.0123},
        {"rate": 44100, "playback_rate": 2},
        {"grain_duration": 3, "grain_count": 20},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_the_sum_of_its_grains(options, channels):
    # Durations and the like are float32.
    given = {
        name: float(np.float32(value)) if isinstance(value, float) and name != "start" else value
        for name, value in options.items()
    }
    given.setdefault("grain_duration", float(np.float32(0.1)))
    sound = np.cumsum(noise(20000, channels), axis=0)
    sound = (sound / np.abs(sound).max()).astype("float32")
    assert np.abs(render(sound, **options) - model(sound, **given)).max() < 3e-5


@pytest.mark.parametrize("quantum", [1, 100, 4096])
def test_any_quantum_does(quantum):
    sound = noise(20000, 2)
    usual = render(sound, grain_count=50, playback_rate=0.7)
    other = render(sound, grain_count=50, playback_rate=0.7, quantum=quantum)
    assert np.abs(usual - other).max() < 1e-6


def test_it_is_about_as_loud_as_its_sound():
    # Between frames there is a line: so nothing above a tenth of the rate.
    sound = np.interp(np.arange(48000) / 10, np.arange(4800), noise(4800)[:, 0])[:, None]
    for count in (20, 200):
        y = render(sound.astype("float32"), grain_count=count)[4800:]
        assert np.std(y) == pytest.approx(np.std(sound), rel=0.1)


def test_seeds_tell_them_apart():
    sound = noise(20000)
    assert np.array_equal(render(sound), render(sound))
    assert not np.allclose(render(sound), render(sound, seed=2))


def test_params_count_for_the_next_grains():
    ctx = ps.OfflineAudioContext(channels=1, length=N, sample_rate=RATE)
    ramp = np.linspace(0, 1, 48000, dtype="float32")
    node = ctx.create_granulation(
        ramp, grain_count=1, grain_duration=0.05, playback_rate=0, window="rectangle"
    )
    # Each grain tells the place that it is from.
    node.position_min.set_value_at_time(0.75, 0.09)
    node.position_max.set_value_at_time(0.25, 0)
    node.position_max.set_value_at_time(0.75, 0.09)
    node >> ctx.destination
    node.start()
    y = ctx.render()[:, 0]
    # A frame in which one ends and one begins belongs to both.
    for grain in (y[:2400], y[2402:4800]):
        assert np.ptp(grain) == 0
        assert grain[0] <= 0.25
    assert np.abs(y[4810:] - 0.75).max() < 1e-4


def test_sounds_may_come_and_go():
    ctx = ps.OfflineAudioContext(channels=2, length=N, sample_rate=RATE)
    node = ctx.create_granulation(grain_count=20, grain_duration=0.02, window="rectangle")
    node >> ctx.destination
    node.start()
    steps = ctx.render_steps([1280 / RATE, 2560 / RATE, 3840 / RATE])
    ones = np.ones((9000, 2), "float32")
    for _, buffer in zip(steps, (ones, -ones[:, :1], None), strict=True):
        node.buffer = buffer
    y = steps.output
    assert np.all(y[:1280] == 0)
    assert y[1280:2560].min() >= 0
    assert y[1280:2560].max() > 0.2
    assert y[2560:3840].max() <= 0
    assert np.array_equal(y[2560:3840, 0], y[2560:3840, 1])
    assert np.all(y[3840:] == 0)


def test_one_frame_is_enough():
    assert np.all(render(noise(1)) == 0)
    assert np.any(render(noise(1), playback_rate=0) != 0)


def test_what_it_refuses():
    ctx = ps.OfflineAudioContext(channels=1, length=N, sample_rate=RATE)
    with pytest.raises(ps.ArgumentError, match="grain_count"):
        ctx.create_granulation(grain_count=2049)
    with pytest.raises(ps.ArgumentError, match="window"):
        ctx.create_granulation(window="hanning")
    with pytest.raises(ps.ArgumentError, match="seed"):
        ctx.create_granulation(seed=-1)
    node = ctx.create_granulation()
    with pytest.raises(ps.StateError, match="seed"):
        node.seed = 2
