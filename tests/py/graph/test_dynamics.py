# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Compressors and wave shapers, as Python has them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import pastream_ng as ps

RATE = 32000


def rendered(source, make, frames=4096):
    """Render a sound through a node, and return that as well."""
    ctx = ps.OfflineAudioContext(channels=1, length=frames, sample_rate=RATE)
    node = make(ctx)
    player = ctx.create_buffer_source(source)
    _ = player >> node >> ctx.destination
    player.start()
    return ctx.render()[:, 0], node


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-2, 2, width=32), min_size=2, max_size=50),
    st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=200),
)
def test_shapers_interpolate_their_curve(curve, samples):
    y, node = rendered(
        np.array(samples, np.float32), lambda ctx: ctx.create_wave_shaper(curve), 200
    )
    places = np.linspace(-1, 1, len(curve))
    wanted = np.interp(samples, places, curve)
    assert np.abs(y[: len(samples)] - wanted).max() < 1e-5
    assert np.array_equal(node.curve, curve)


def test_a_curve_can_be_read_but_not_changed_in_place():
    ctx = ps.OfflineAudioContext(channels=1, length=128, sample_rate=RATE)
    shaper = ctx.create_wave_shaper()
    assert shaper.curve is None
    given = np.array([-1.0, 0.0, 0.5])
    shaper.curve = given
    given[0] = 7
    shaper.curve[0] = 7
    assert shaper.curve.tolist() == [-1, 0, 0.5]
    with pytest.raises(ps.StateError):
        shaper.curve = [0, 1]
    shaper.curve = None
    assert shaper.curve is None


@pytest.mark.parametrize(
    ("curve", "text"),
    [
        ([1], "curve has 1 numbers; it must have 2"),
        ([[0, 1]], "curve has 2 dimensions; it must have one"),
        ([0, float("nan")], "curve has numbers that are not finite"),
        ([0, 1e300], r"curve\[1\] is 1e\+300; it must be in the range of float32"),
    ],
)
def test_curves_that_are_none_are_refused(curve, text):
    ctx = ps.OfflineAudioContext(channels=1, length=128, sample_rate=RATE)
    with pytest.raises(ps.ArgumentError, match=text):
        ctx.create_wave_shaper(curve)
    shaper = ctx.create_wave_shaper()
    with pytest.raises(ps.ArgumentError, match=text):
        shaper.curve = curve
    assert shaper.curve is None


@pytest.mark.parametrize(("oversample", "delay"), [("none", 0), ("2x", 63), ("4x", 68)])
def test_oversampling_delays(oversample, delay):
    sine = np.sin(2 * np.pi * 1000 / RATE * np.arange(4096)).astype(np.float32)
    y, node = rendered(sine, lambda ctx: ctx.create_wave_shaper([-1, 1], oversample=oversample))
    assert np.abs(y[500:] - sine[500 - delay : 4096 - delay]).max() < 5e-5
    assert node.oversample == oversample


def test_compressors_tell_their_reduction():
    loud = np.full(RATE, 1, np.float32)
    y, node = rendered(loud, lambda ctx: ctx.create_dynamics_compressor(-40, knee=0, ratio=4), RATE)
    # 30 dB less, of which 18 are made up for.
    assert 20 * np.log10(y[-1]) == pytest.approx(-12, abs=0.01)
    assert node.reduction == pytest.approx(-30, abs=0.5)
    assert (node.threshold.value, node.ratio.value) == (-40, 4)


def test_params_of_compressors_are_of_whole_quanta_and_stereo_is_the_most():
    ctx = ps.OfflineAudioContext(channels=1, length=128, sample_rate=RATE)
    node = ctx.create_dynamics_compressor()
    assert node.channel_count_mode == "clamped-max"
    with pytest.raises(ps.PastreamError, match="at most 2 channels"):
        node.channel_count = 3
    with pytest.raises(ps.PastreamError, match="rate"):
        node.ratio.automation_rate = "a-rate"
    assert node.reduction == 0


@pytest.mark.parametrize("release", [0.1, 0.4])
def test_the_gain_comes_back_within_the_release_and_a_half(release):
    sound = np.where(np.arange(2 * RATE) < RATE // 2, 1.0, 1e-3).astype(np.float32)
    y, _ = rendered(
        sound, lambda ctx: ctx.create_dynamics_compressor(-30, knee=0, release=release), 2 * RATE
    )
    full = y[-1]
    back = np.flatnonzero(y[RATE // 2 + 200 :] > 0.98 * full)[0] / RATE
    assert 0.3 * release < back < 1.5 * release


# ---- Filters and limiters ------------------------------------------------------------------------


def test_fir_filters_are_those_of_scipy():
    taps = signal.firwin(501, 3000, fs=RATE)
    noise = np.random.default_rng(2).uniform(-1, 1, 4096).astype(np.float32)
    y, node = rendered(noise, lambda ctx: ctx.create_fir_filter(taps))
    assert np.abs(y - signal.lfilter(taps, 1, noise.astype(float))).max() < 1e-6
    frequencies = np.array([[0, 100, 2900], [5000, 16000, 16001]])
    magnitude, phase = node.get_frequency_response(frequencies)
    wanted = signal.freqz(taps, worN=frequencies.ravel()[:5], fs=RATE)[1]
    assert magnitude.shape == (2, 3)
    assert magnitude.ravel()[:5] == pytest.approx(np.abs(wanted), abs=1e-6)
    assert phase.ravel()[:4] == pytest.approx(np.angle(wanted)[:4], abs=1e-5)
    assert np.isnan(magnitude[1, 2])
    with pytest.raises(ps.ArgumentTypeError, match="frequencies"):
        node.get_frequency_response("low")


def test_taps_can_be_read_and_changed():
    ctx = ps.OfflineAudioContext(channels=1, length=4096, sample_rate=RATE)
    node = ctx.create_fir_filter()
    assert node.taps is None
    node.taps = [1, 0.5]
    assert node.taps.tolist() == [1, 0.5]
    with pytest.raises(ps.ArgumentError, match="taps has 8193 numbers; it must have 1 to 8192"):
        node.taps = np.zeros(8193)
    assert node.taps.tolist() == [1, 0.5]


def test_limiters_keep_below_their_ceiling():
    noise = np.random.default_rng(3).uniform(-3, 3, 4096).astype(np.float32)
    y, node = rendered(noise, lambda ctx: ctx.create_limiter(-3, look_ahead=0.01003))
    assert 0.99 * 10 ** (-3 / 20) < np.abs(y).max() <= 10 ** (-3 / 20)
    assert node.latency == 321 / RATE
    soft, _ = rendered(0.1 * noise, lambda ctx: ctx.create_limiter(-3, look_ahead=0.01003))
    assert np.array_equal(soft[321:], (0.1 * noise)[:-321])
    with pytest.raises(ps.StateError, match="ceiling can only be given when the node is made"):
        node.ceiling = 0
