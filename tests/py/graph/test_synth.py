# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sources of synthesizers: their partials, their edges, and what bends them."""

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000
SHAPES = {
    "sine": lambda p, w: np.sin(2 * np.pi * p),
    "triangle": lambda p, w: 1 - 4 * np.abs((p + 0.25) % 1 - 0.5),
    "square": lambda p, w: np.where(p < 0.5, 1.0, -1.0),
    "sawtooth": lambda p, w: 2 * ((p + 0.5) % 1) - 1,
    "ramp": lambda p, w: 1 - 2 * ((p + 0.5) % 1),
    "pulse": lambda p, w: np.where(p < w, 1.0, -1.0),
    "slope": lambda p, w: np.where(p < w, 2 * p / w - 1, 1 - 2 * (p - w) / (1 - w)),
    "trapezoid": lambda p, w: np.clip((1 - 4 * np.abs((p + 0.25) % 1 - 0.5)) / (1 - w), -1, 1),
    "half_sine": lambda p, w: np.maximum(np.sin(2 * np.pi * p), 0),
    "full_sine": lambda p, w: np.sin(np.pi * p),
}


def play(make, n=RATE, channels=1, quantum=128, when=0.0, rate=RATE):
    ctx = ps.OfflineAudioContext(channels=channels, length=n, sample_rate=rate, quantum=quantum)
    node = make(ctx)
    node >> ctx.destination
    node.start(when)
    return ctx.render().astype(float)


def polyblep(kind, frequency, width=0.3, **more):
    def make(ctx):
        return ctx.create_polyblep_oscillator(kind, frequency=frequency, width=width)

    return play(make, **more)[:, 0]


def partials(kind, width, n):
    """The Fourier series of a shape, from many points between its edges."""
    points = 1 << 18
    places = (np.arange(points) + 0.5) / points
    series = np.fft.rfft(SHAPES[kind](places, width))[:n] / points
    return series * np.exp(-1j * np.pi * np.arange(n) / points)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("frequency", [441, 3017])
def test_partials_are_those_of_the_shape(kind, frequency):
    # A second has one line for each Hz, so that what was mirrored lies between the partials.
    lines = np.fft.rfft(polyblep(kind, frequency)) / RATE
    n = int(0.45 * RATE / frequency)
    k = np.arange(n)
    wanted = partials(kind, 0.3, n)
    # The spline makes high ones weaker; sines are bent, not drawn in lines, and so only in part.
    weaker = np.sinc(k * frequency / RATE) ** 4
    if "sine" not in kind:
        wanted = wanted * weaker
        assert np.abs(lines[k * frequency] - wanted).max() < 2e-4
    else:
        assert np.abs(lines[k * frequency] - wanted).max() < 0.03 * (frequency / 3017) ** 2
    others = np.delete(lines[: RATE // 5], k[k * frequency < RATE // 5] * frequency)
    assert np.abs(others).max() < 10 ** (-70 / 20) * np.abs(wanted[1])


@pytest.mark.parametrize("kind", SHAPES)
def test_far_from_its_edges_it_is_as_drawn(kind):
    y = polyblep(kind, 100, n=2000)
    p = np.arange(2000) * 100 / RATE % 1
    away = np.abs(y - SHAPES[kind](p, 0.3))
    # Four edges in a period of 480 frames, with four frames each.
    assert np.mean(away > 1e-5) < 0.04


@pytest.mark.parametrize("kind", ["sine", "triangle", "square", "sawtooth", "pulse"])
def test_it_runs_backwards(kind):
    forward, back = polyblep(kind, 441, n=960), polyblep(kind, -441, n=960)
    # One second later it is where it began, at a rate of whole Hz.
    whole = polyblep(kind, 441, n=RATE)
    assert np.abs(back[1:] - whole[:0:-1][:959]).max() < 2e-5
    assert np.abs(forward - whole[:960]).max() == 0


def test_width_bends_it():
    y = polyblep("pulse", 480, width=0.25, n=4800)
    assert y.mean() == pytest.approx(-0.5, abs=1e-6)
    assert np.all(polyblep("pulse", 480, width=0, n=480) == -1)
    assert np.all(polyblep("pulse", 480, width=1, n=480) == 1)
    square = polyblep("square", 441, n=480)
    assert np.abs(polyblep("pulse", 441, width=0.5, n=480) - square).max() < 1e-6
    assert np.abs(polyblep("trapezoid", 441, width=1, n=480) - square).max() < 1e-3
    triangle = polyblep("triangle", 441, n=480)
    assert np.abs(polyblep("trapezoid", 441, width=0, n=480) - triangle).max() < 1e-4


@pytest.mark.parametrize("kind", ["pulse", "slope", "trapezoid"])
def test_width_may_move(kind):
    def make(ctx):
        node = ctx.create_polyblep_oscillator(kind, frequency=100, width=0.2)
        node.width.set_value_at_time(0.2, 0)
        node.width.linear_ramp_to_value_at_time(0.8, 0.1)
        return node

    y = play(make, n=4800)[:, 0]
    n = np.arange(4800)
    width = 0.2 + 0.6 * n / 4800
    wanted = SHAPES[kind](n * 100 / RATE % 1, width)
    assert np.mean(np.abs(y - wanted) > 1e-4) < 0.04
    assert np.abs(y - play(make, n=4800, quantum=100)[:, 0]).max() < 1e-5


@pytest.mark.parametrize("frequency", [0, 12000, 24000, -24000])
@pytest.mark.parametrize("kind", SHAPES)
def test_odd_frequencies_are_finite(kind, frequency):
    assert np.abs(polyblep(kind, frequency, n=2000)).max() < 1.1


def test_a_start_between_frames_is_a_phase():
    late = polyblep("sine", 440, n=480, when=0.5 / RATE)
    wanted = np.sin(2 * np.pi * 440 * (np.arange(480) - 0.5) / RATE)
    assert late[0] == 0
    assert np.abs(late[1:] - wanted[1:]).max() < 1e-5


def test_another_type_keeps_the_phase():
    ctx = ps.OfflineAudioContext(channels=1, length=1024, sample_rate=RATE)
    node = ctx.create_polyblep_oscillator("square", frequency=100)
    node >> ctx.destination
    node.start()
    steps = ctx.render_steps([512 / RATE])
    for _ in steps:
        node.type = "sawtooth"
    p = np.array([500, 600]) * 100 / RATE
    wanted = SHAPES["square"](p[0] % 1, 0), SHAPES["sawtooth"](p[1], 0)
    assert np.abs(steps.output[[500, 600], 0] - wanted).max() < 1e-5


# ---- Supersaw -----------------------------------------------------------------------------------


def test_one_saw_is_a_sawtooth():
    y = play(lambda ctx: ctx.create_supersaw(441, saw_count=1, seed=0), n=4800)[:, 0]
    assert np.abs(y - polyblep("sawtooth", 441, n=4800)).max() < 1e-6


def test_saws_are_where_they_should_be():
    y = play(lambda ctx: ctx.create_supersaw(1000, detune=100, saw_count=5, seed=7), n=4 * RATE)
    window = np.hanning(4 * RATE)
    lines = np.abs(np.fft.rfft(y[:, 0] * window, 16 * RATE)) / window.sum() * 2
    wanted = 1000 * 2 ** (np.array([-100, -50, 0, 50, 100]) / 1200)
    for frequency in wanted:
        near = lines[int(frequency * 16) - 4 : int(frequency * 16) + 6]
        # A saw's first partial, and as loud together as one.
        assert near.max() == pytest.approx(2 / np.pi / np.sqrt(5), rel=0.02)
    between = lines[(1010 * 4) : (1020 * 4)]
    assert between.max() < 1e-3


def test_moving_saws_are_the_same_as_steady_ones():
    def moving(ctx):
        node = ctx.create_supersaw(500, detune=20)
        node.frequency.set_value_at_time(500, 0)
        node.frequency.linear_ramp_to_value_at_time(500 + 1e-4, 1)
        node.detune.linear_ramp_to_value_at_time(20 + 1e-5, 1)
        return node

    steady = play(lambda ctx: ctx.create_supersaw(500, detune=20), n=4800)
    assert np.abs(steady - play(moving, n=4800)).max() < 1e-3


def test_seeds_and_spread():
    def saws(**options):
        return play(lambda ctx: ctx.create_supersaw(220, **options), n=2400, channels=2)

    assert np.array_equal(saws(), saws())
    assert not np.allclose(saws(), saws(seed=2))
    mono = saws()
    assert np.array_equal(mono[:, 0], mono[:, 1])
    wide = saws(spread=1.0)
    assert not np.allclose(wide[:, 0], wide[:, 1])
    # Nearly mono is nearly the same as mono.
    assert np.abs(saws(spread=1e-6) - mono).max() < 1e-5
    # Those on one side are not heard on the other.
    two = saws(spread=1.0, saw_count=2, detune=1200)
    assert np.abs(np.fft.rfft(two[:, 0])).argmax() != np.abs(np.fft.rfft(two[:, 1])).argmax()
    together = saws(seed=0, detune=0)
    assert np.abs(together[:, 0] - np.sqrt(7) * polyblep("sawtooth", 220, n=2400)).max() < 1e-5


def test_how_many_may_change():
    ctx = ps.OfflineAudioContext(channels=2, length=1024, sample_rate=RATE)
    node = ctx.create_supersaw(220, saw_count=16)
    node >> ctx.destination
    node.start()
    steps = ctx.render_steps([512 / RATE])
    for _ in steps:
        node.saw_count = 3
        node.spread = 0.5
    left, right = steps.output[:512].T
    assert np.array_equal(left, right)
    left, right = steps.output[512:].T
    assert not np.array_equal(left, right)
    with pytest.raises(ps.ArgumentError, match="saw_count"):
        node.saw_count = 17
    with pytest.raises(ps.ArgumentError, match="spread"):
        node.spread = 1.5
