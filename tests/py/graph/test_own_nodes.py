# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that Web Audio does not have: noise, envelopes, clipping."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import pastream_ng as ps

RATE = 48000


def context(length, channels=1, quantum=128):
    return ps.OfflineAudioContext(channels, length, RATE, quantum=quantum)


# ---- Noise -------------------------------------------------------------------------------------


def noise(kind, length, seed=0, quantum=128, start=0.0):
    ctx = context(length, quantum=quantum)
    node = ctx.create_noise(kind, seed=seed)
    node >> ctx.destination
    node.start(start)
    return ctx.render()[:, 0].astype(float)


def slope(x, low, high):
    """Return how many decibels per octave the spectrum falls, and how far it is from a line."""
    f, power = signal.welch(x, RATE, nperseg=1 << 14)
    edges = np.geomspace(low, high, 12)
    bands = [power[(f >= a) & (f < b)].mean() for a, b in itertools.pairwise(edges)]
    octaves, level = np.log2(edges[1:] * edges[:-1]) / 2, 10 * np.log10(bands)
    fall, at = np.polyfit(octaves, level, 1)
    return fall, abs(level - fall * octaves - at).max()


@pytest.mark.parametrize(("kind", "fall"), [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_colours_are_slopes(kind, fall):
    got, off = slope(noise(kind, 1 << 20), 100, 10000)
    assert got == pytest.approx(fall, abs=0.08)
    assert off < 0.4


@pytest.mark.parametrize(("kind", "level"), [("white", 3**-0.5), ("pink", 0.2), ("brown", 0.2)])
def test_levels_are_as_told(kind, level):
    x = noise(kind, 1 << 20)
    assert np.sqrt(np.mean(x**2)) == pytest.approx(level, rel=0.05)
    assert abs(x).max() <= 1
    assert abs(x.mean()) < 0.03


@pytest.mark.parametrize("kind", ["white", "pink", "brown"])
def test_noise_is_the_same_each_time_in_quanta_of_any_size(kind):
    x = noise(kind, 5000, seed=7)
    np.testing.assert_array_equal(x, noise(kind, 5000, seed=7))
    np.testing.assert_array_equal(x, noise(kind, 5000, seed=7, quantum=1000))
    later = noise(kind, 5000, seed=7, start=100 / RATE)
    np.testing.assert_array_equal(later[:100], 0)
    np.testing.assert_array_equal(later[100:], x[:-100])


def test_seeds_have_nothing_in_common():
    rows = np.array([noise("white", 20000, seed) for seed in (0, 1, 2, 3, 1000, 2**32 - 1)])
    spectra = np.fft.rfft(rows, 1 << 16)
    for i in range(len(rows)):
        for k in range(i):
            shared = np.fft.irfft(spectra[i] * spectra[k].conj())
            assert abs(shared).max() < 0.05 * (rows[i] ** 2).sum()


def test_a_colour_may_change():
    ctx = context(4096)
    node = ctx.create_noise("brown")
    node >> ctx.destination
    node.start()
    steps = ctx.render_steps([1024 / RATE])
    for _ in steps:
        node.type = "white"
    got = steps.output[:, 0]
    np.testing.assert_array_equal(got[1024:], noise("white", 4096)[1024:].astype(np.float32))
    with pytest.raises(ps.ArgumentError, match="seed"):
        ctx.create_noise(seed=-1)


# ---- Clipping ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["clip", "tanh"])
@pytest.mark.parametrize(("a", "b"), [(-1, 1), (0.25, -0.5), (0.3, 0.3)])
def test_clipping_follows_its_formula(mode, a, b):
    sound = np.random.default_rng(2).uniform(-3, 3, (2, 1000)).astype(np.float32)
    ctx = context(1000, channels=2)
    source = ctx.create_buffer_source(ctx.create_buffer(sound.T))
    source >> ctx.create_clip(mode, a=a, b=b) >> ctx.destination
    source.start()
    low, high = min(a, b), max(a, b)
    half, middle = (high - low) / 2, (high + low) / 2
    wanted = np.clip(sound, low, high)
    if mode == "tanh":
        wanted = middle + half * np.tanh((sound - middle) / half) if half else 0 * sound + middle
    np.testing.assert_allclose(ctx.render().T, wanted, atol=1e-6)


def test_ends_move_frame_by_frame():
    ctx = context(1000)
    source, node = ctx.create_constant_source(5), ctx.create_clip()
    node.b.set_value_at_time(0, 0).linear_ramp_to_value_at_time(1, 1000 / RATE)
    source >> node >> ctx.destination
    source.start()
    np.testing.assert_allclose(ctx.render()[:, 0], np.arange(1000) / 1000, atol=1e-6)


# ---- Envelopes ---------------------------------------------------------------------------------

STAGES = {"attack_time": 0.01, "decay_time": 0.02, "sustain_level": 0.25, "release_time": 0.04}


def envelope(times, length=9600, quantum=128, **options):
    """Return the envelope for a gate that opens and closes in turn at these times."""
    ctx = context(length, quantum=quantum)
    node = ctx.create_adsr(**STAGES | options)
    for i, time in enumerate(times):
        node.gate.set_value_at_time(1 - i % 2, time)
    node >> ctx.destination
    return ctx.render()[:, 0].astype(float)


def lines(*points, length=9600):
    """Return a row of lines through points of seconds and levels."""
    return np.interp(np.arange(length) / RATE, *np.transpose(points))


def test_stages_follow_each_other():
    wanted = lines((0, 0), (0.01, 0), (0.02, 1), (0.04, 0.25), (0.1, 0.25), (0.14, 0))
    np.testing.assert_allclose(envelope([0.01, 0.1]), wanted, atol=1e-6)


def test_a_gate_that_closes_early_releases_from_where_it_is():
    wanted = lines((0, 0), (0.01, 0), (0.015, 0.5), (0.055, 0))
    np.testing.assert_allclose(envelope([0.01, 0.015]), wanted, atol=1e-6)


def test_a_gate_that_opens_again_attacks_from_where_it_is():
    wanted = lines((0, 0), (0.01, 1), (0.03, 0.25), (0.05, 0.25), (0.07, 0.125), (0.08, 1))
    got = envelope([0, 0.05, 0.07])
    np.testing.assert_allclose(got[:3840], wanted[:3840], atol=1e-6)


def test_a_sustain_of_its_own_ends_by_itself():
    wanted = lines((0, 0), (0.01, 1), (0.03, 0.25), (0.08, 0.25), (0.12, 0))
    np.testing.assert_allclose(envelope([0, 0.15], sustain_time=0.05), wanted, atol=1e-6)


@pytest.mark.parametrize("close", [0.005, 0.02, 0.04])
def test_one_shot_goes_through_all_stages(close):
    wanted = lines((0, 0), (0.01, 1), (0.03, 0.25), (0.08, 0.25), (0.12, 0))
    got = envelope([0, close], sustain_time=0.05, one_shot=True)
    np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_one_shot_without_a_sustain_time_waits_for_an_open_gate():
    wanted = lines((0, 0), (0.01, 1), (0.03, 0.25), (0.1, 0.25), (0.14, 0))
    np.testing.assert_allclose(envelope([0, 0.1], one_shot=True), wanted, atol=1e-6)
    wanted = lines((0, 0), (0.01, 1), (0.03, 0.25), (0.07, 0))
    np.testing.assert_allclose(envelope([0, 0.02], one_shot=True), wanted, atol=1e-6)


def test_stages_of_no_length_are_jumps():
    got = envelope([0.01, 0.02], attack_time=0, decay_time=0, release_time=0, attack_level=2)
    wanted = np.zeros(9600)
    wanted[480:960] = 0.25
    np.testing.assert_allclose(got, wanted, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(0, 0.19), min_size=1, max_size=9, unique=True),
    st.sampled_from([1, 37, 1024]),
    st.floats(0, 0.05),
    st.booleans(),
)
def test_quanta_make_no_difference(times, quantum, sustain, one_shot):
    times = sorted(times)
    options = {"sustain_time": sustain, "one_shot": one_shot, "length": 3000}
    np.testing.assert_array_equal(
        envelope(times, quantum=quantum, **options), envelope(times, **options)
    )


def test_sound_is_multiplied_in_all_channels():
    sound = np.random.default_rng(3).uniform(-1, 1, (9600, 2)).astype(np.float32)
    ctx = context(9600, channels=2)
    source, node = ctx.create_buffer_source(ctx.create_buffer(sound)), ctx.create_adsr(**STAGES)
    node.gate.set_value_at_time(1, 0.01).set_value_at_time(0, 0.1)
    source >> node >> ctx.destination
    source.start()
    wanted = sound * envelope([0.01, 0.1])[:, None]
    np.testing.assert_allclose(ctx.render(), wanted, atol=1e-6)


def test_a_source_that_has_ended_leaves_no_envelope_behind():
    ctx = context(9600)
    source, node = ctx.create_constant_source(), ctx.create_adsr(gate=1, **STAGES)
    source >> node >> ctx.destination
    source.start()
    source.stop(0.05)
    got = ctx.render()[:, 0]
    assert got[2399] == 0.25
    assert not got[2400:].any()


def test_another_node_may_be_the_gate():
    ctx = context(9600)
    clock, node = ctx.create_oscillator(type="square", frequency=10), ctx.create_adsr(**STAGES)
    clock >> node.gate
    node >> ctx.destination
    clock.start()
    got = ctx.render()[:, 0]
    assert got[480] == pytest.approx(1, abs=0.01)
    assert got[2300] == 0.25
    assert not got[4400:4790].any()
    assert got[4800 + 480] == pytest.approx(1, abs=0.01)


def test_an_envelope_can_move_a_param():
    ctx = context(9600)
    tone, gain, node = ctx.create_constant_source(2), ctx.create_gain(0), ctx.create_adsr(**STAGES)
    node.gate.set_value_at_time(1, 0.01).set_value_at_time(0, 0.1)
    tone >> gain >> ctx.destination
    node >> gain.gain
    tone.start()
    np.testing.assert_allclose(ctx.render()[:, 0], 2 * envelope([0.01, 0.1]), atol=1e-6)
