# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Filters of graphs against SciPy, in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import pastream_ng as ps

RATE, LENGTH = 44100, 3000
TYPES = ("lowpass", "highpass", "bandpass", "lowshelf", "highshelf", "peaking", "notch", "allpass")
SOUND = np.random.default_rng(8).uniform(-1, 1, LENGTH).astype(np.float32)


def context(length=LENGTH):
    return ps.OfflineAudioContext(channels=1, length=length, sample_rate=RATE)


def filtered(ctx, node, sound=SOUND):
    source = ctx.create_buffer_source(ctx.create_buffer(sound))
    source >> node >> ctx.destination
    source.start()
    return ctx.render()[:, 0].astype(float)


def cookbook(kind, hz, q, gain):
    """Return b and a as the specification writes them, with q and gain as params."""
    w, amp = 2 * np.pi * hz / RATE, 10 ** (gain / 40)
    c, s, down, up = np.cos(w), np.sin(w), amp - 1, amp + 1
    alpha, slope = s / (2 * q), s * np.sqrt(2 * amp)
    if kind in ("lowpass", "highpass"):
        alpha = s / (2 * 10 ** (q / 20))
    a = [1 + alpha, -2 * c, 1 - alpha]
    if kind == "lowpass":
        b = [(1 - c) / 2, 1 - c, (1 - c) / 2]
    elif kind == "highpass":
        b = [(1 + c) / 2, -1 - c, (1 + c) / 2]
    elif kind == "bandpass":
        b = [alpha, 0, -alpha]
    elif kind == "notch":
        b = [1, -2 * c, 1]
    elif kind == "allpass":
        b = [1 - alpha, -2 * c, 1 + alpha]
    elif kind == "peaking":
        b = [1 + alpha * amp, -2 * c, 1 - alpha * amp]
        a = [1 + alpha / amp, -2 * c, 1 - alpha / amp]
    else:
        f = 1 if kind == "lowshelf" else -1
        b = [amp * (up - f * down * c + slope), f * 2 * amp * (down - f * up * c)]
        b.append(amp * (up - f * down * c - slope))
        a = [up + f * down * c + slope, -2 * f * (down + f * up * c), up + f * down * c - slope]
    return np.array(b) / a[0], np.array(a) / a[0]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.floats(20, 20000, width=32),
    st.floats(np.float32(0.1), 30, width=32),
    st.floats(-40, 40, width=32),
)
def test_biquads_are_those_of_the_formulas(kind, hz, q, gain):
    ctx = context()
    node = ctx.create_biquad_filter(kind, hz, q=q, gain=gain)
    b, a = cookbook(kind, hz, q, gain)
    wanted = signal.lfilter(b, a, SOUND.astype(float))
    np.testing.assert_allclose(filtered(ctx, node), wanted, atol=2e-6 * max(1, abs(wanted).max()))
    frequencies = np.array([[0, 100, 1000], [5000, 20000, 22050]], dtype=np.float32)
    magnitude, phase = node.get_frequency_response(frequencies)
    response = signal.freqz(b, a, frequencies.ravel(), fs=RATE)[1].reshape(2, 3)
    np.testing.assert_allclose(magnitude * np.exp(1j * phase), response, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("order", [1, 2, 5, 8])
@pytest.mark.parametrize("design", ["lowpass", "highpass"])
def test_general_filters_are_those_of_scipy(order, design):
    b, a = signal.butter(order, 0.2, design)
    ctx = context()
    node = ctx.create_iir_filter(b, a)
    np.testing.assert_allclose(filtered(ctx, node), signal.lfilter(b, a, SOUND), atol=1e-6)


def test_coefficients_stay_as_they_were_given():
    node = context().create_iir_filter([1, 2], [4, 0.5, 0.25])
    assert node.feedforward.tolist() == [1, 2]
    assert node.feedback.tolist() == [4, 0.5, 0.25]
    with pytest.raises(ps.PastreamError, match="when the node is made"):
        node.feedback = [1]


def test_taps_are_a_filter_too():
    taps = np.random.default_rng(9).uniform(-1, 1, 20)
    ctx = context()
    wanted = signal.lfilter(taps / 2, [1], SOUND.astype(float))
    np.testing.assert_allclose(filtered(ctx, ctx.create_iir_filter(taps, [2])), wanted, atol=2e-6)


def test_params_act_frame_by_frame():
    ctx = context()
    node = ctx.create_biquad_filter("bandpass", 200)
    node.frequency.set_value_at_time(200, 0)
    node.frequency.exponential_ramp_to_value_at_time(8000, LENGTH / RATE)
    node.q.set_value_at_time(0.5, 0).linear_ramp_to_value_at_time(12, LENGTH / RATE)
    got = filtered(ctx, node)
    time = np.arange(LENGTH) / LENGTH
    x, y = np.pad(SOUND.astype(float), (2, 0)), np.zeros(LENGTH + 2)
    for n in range(LENGTH):
        b, a = cookbook("bandpass", 200 * 40 ** time[n], 0.5 + 11.5 * time[n], 0)
        y[n + 2] = b @ x[n : n + 3][::-1] - a[1] * y[n + 1] - a[2] * y[n]
    np.testing.assert_allclose(got, y[2:], atol=2e-6)


def test_a_response_follows_the_params():
    ctx = context()
    node = ctx.create_biquad_filter("highpass", 1000)
    low = node.get_frequency_response(50)[0]
    node.frequency = 10
    assert low.shape == ()
    assert low < 0.01
    assert node.get_frequency_response([50])[0][0] > 0.9
    assert np.isnan(node.get_frequency_response([-1, 22051, np.nan])).all()
    assert node.get_frequency_response([])[0].shape == (0,)


def test_what_makes_no_filter_is_refused():
    ctx = context()
    with pytest.raises(ps.ArgumentError, match=r"feedback\[0\] is 0"):
        ctx.create_iir_filter([1], [0, 1])
    with pytest.raises(ps.ArgumentError, match="feedforward has only zeros"):
        ctx.create_iir_filter([0, 0], [1])
    with pytest.raises(ps.ArgumentError, match="feedback has 21 numbers"):
        ctx.create_iir_filter([1], [1] * 21)
    with pytest.raises(ps.ArgumentTypeError, match="feedforward"):
        ctx.create_iir_filter(["a"], [1])
    with pytest.raises(ps.ArgumentTypeError, match="frequencies"):
        ctx.create_biquad_filter().get_frequency_response("low")
    with pytest.raises(ps.ArgumentError, match="type"):
        ctx.create_biquad_filter("lopass")
