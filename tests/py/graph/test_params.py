# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Params from Python: values, methods, short names, units."""

import math

import numpy as np
import pytest

import pastream_ng as ps

RATE, LENGTH = 8192, 2048


@pytest.fixture
def ctx():
    return ps.OfflineAudioContext(channels=1, length=LENGTH, sample_rate=RATE)


def one(ctx):
    """A source whose sound is its param."""
    source = ctx.create_constant_source(0)
    source >> ctx.destination
    source.start()
    return source


def times():
    return np.arange(LENGTH) / RATE


def test_values_are_assigned(ctx):
    gain = ctx.create_gain(0.5)
    assert isinstance(gain.gain, ps.AudioParam)
    assert gain.gain is gain.gain
    assert gain.gain.value == 0.5
    gain.gain = 0.25
    assert gain.gain.value == 0.25
    gain.gain.value = np.float32(2)
    assert float(gain.gain) == 2
    assert (gain.gain.name, gain.gain.context) == ("gain", ctx)
    assert repr(gain.gain) == "<AudioParam gain of GainNode: 2>"


def test_facts(ctx):
    osc, delay = ctx.create_oscillator(), ctx.create_delay(max_delay_time=3)
    assert osc.frequency.default_value == 440
    assert (osc.frequency.min_value, osc.frequency.max_value) == (-RATE / 2, RATE / 2)
    assert (delay.delay_time.min_value, delay.delay_time.max_value) == (0, 3)
    assert osc.frequency.automation_rate == "a-rate"
    osc.frequency.automation_rate = "k-rate"
    assert osc.frequency.automation_rate == "k-rate"
    with pytest.raises(ps.ArgumentError, match="automation_rate is 'x'"):
        osc.frequency.automation_rate = "x"
    rate = ctx.create_buffer_source().playback_rate
    assert rate.automation_rate == "k-rate"
    with pytest.raises(ps.UnsupportedOptionError):
        rate.automation_rate = "a-rate"


@pytest.mark.parametrize("wrong", ["1", None, True, 1j, [1], math.nan, math.inf])
def test_values_are_checked(ctx, wrong):
    gain = ctx.create_gain(0.5)
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="gain is"):
        gain.gain = wrong
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError)):
        gain.gain.set_value_at_time(wrong, 0)
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError)):
        gain.gain.set_value_at_time(0, wrong)
    assert gain.gain.value == 0.5


def test_methods_chain_and_do_what_they_say(ctx):
    param = one(ctx).offset
    tau = 1 / 64
    result = (
        param.set_value_at_time(1, 0)
        .linear_ramp_to_value_at_time(3, 256 / RATE)
        .exponential_ramp_to_value_at_time(1, 512 / RATE)
        .set_target_at_time(2, 768 / RATE, tau)
        .set_value_curve_at_time([0, 1, 0.5], 1024 / RATE, 256 / RATE)
    )
    assert result is param
    y, t = ctx.render()[:, 0], times()
    wanted = np.piecewise(
        t,
        [t < 256 / RATE, (t >= 256 / RATE) & (t < 512 / RATE), (t >= 512 / RATE)],
        [
            lambda t: 1 + 2 * t * RATE / 256,
            lambda t: 3 * (1 / 3) ** ((t * RATE - 256) / 256),
            1,
        ],
    )
    late = t >= 768 / RATE
    wanted[late] = 2 - np.exp(-(t[late] - 768 / RATE) / tau)
    late = t >= 1024 / RATE
    wanted[late] = np.interp(t[late] * RATE, [1024, 1152, 1280], [0, 1, 0.5])
    assert np.abs(y - wanted).max() < 1e-6


def test_cancelling(ctx):
    param = one(ctx).offset
    param.set(1, 0).ramp(2, 1024 / RATE)
    assert param.hold(512 / RATE) is param
    param.set(5, 1024 / RATE)
    assert param.cancel(1000 / RATE) is param
    y = ctx.render()[:, 0]
    assert y[511] == pytest.approx(1 + 511 / 1024)
    assert (y[512:] == y[512]).all()
    assert y[-1] == 1.5


def test_short_names(ctx):
    param = one(ctx).offset
    param.set(1).ramp(4, 512 / RATE, "exponential").curve([1, 2], 1024 / RATE, 512 / RATE)
    y = ctx.render()[:, 0]
    assert y[256] == pytest.approx(2)
    assert y[1280] == pytest.approx(1.5)
    with pytest.raises(ps.ArgumentError, match="curve is 'quadratic'"):
        param.ramp(1, 1, "quadratic")


@pytest.mark.parametrize("curve", ["linear", "exponential", "step"])
def test_automate(ctx, curve):
    source = one(ctx)
    when, what = np.array([0, 500, 1000, 1500]) / RATE, np.array([1, 2, 0.5, 1])
    assert source.offset.automate(when, what, curve) is source.offset
    y, t = ctx.render()[:, 0], times()
    if curve == "linear":
        wanted = np.interp(t, when, what)
    elif curve == "exponential":
        wanted = np.exp(np.interp(t, when, np.log(what)))
    else:
        wanted = what[np.searchsorted(when, t, "right") - 1]
    assert np.abs(y - wanted).max() < 1e-6


@pytest.mark.parametrize(
    ("when", "what", "curve", "message"),
    [
        ([0, 1], [0], "linear", "times has 2 numbers and values 1"),
        ([1, 0], [0, 1], "linear", "times go back"),
        ([-1, 0], [0, 1], "linear", r"times\[0\] is -1"),
        ([0, 1], [1, 0], "exponential", "values has a 0"),
        ([0, 1], [0, 1], "cubic", "curve is 'cubic'"),
        ([0, math.nan], [0, 1], "linear", "times has numbers that are not finite"),
        (["a"], [0], "linear", "times is"),
        ([[0]], [[0]], "linear", "times has 2 dimensions"),
    ],
)
def test_points_are_checked_before_anything_changes(ctx, when, what, curve, message):
    source = one(ctx)
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=message):
        source.offset.automate(when, what, curve)
    assert not ctx.render().any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.set_value_at_time(0, -1), "time is -1"),
        (lambda p: p.exponential_ramp_to_value_at_time(0, 1), "value is 0"),
        (lambda p: p.set_target_at_time(0, 0, -1), "time_constant is -1"),
        (lambda p: p.set_value_curve_at_time([1], 0, 1), "values has 1 numbers"),
        (lambda p: p.set_value_curve_at_time([1, 2], 0, 0), "duration is 0"),
        (lambda p: p.cancel_scheduled_values(-1), "time is -1"),
        (lambda p: p.cancel_and_hold_at_time(-1), "time is -1"),
    ],
)
def test_what_methods_refuse(ctx, call, message):
    with pytest.raises(ps.ArgumentError, match=message):
        call(ctx.create_gain().gain)


def test_curves_do_not_overlap(ctx):
    param = ctx.create_gain().gain.curve([0, 1], 1, 1)
    with pytest.raises(ps.UnsupportedOptionError, match="inside of a curve"):
        param.ramp(1, 1.5)
    with pytest.raises(ps.UnsupportedOptionError, match="would overlap"):
        param.curve([0, 1], 0.5, 1)


def test_a_param_lives_without_its_node(ctx):
    param = ctx.create_gain().gain
    param.value = 3
    assert param.value == 3


def test_attributes_are_checked(ctx):
    osc, source = ctx.create_oscillator(), ctx.create_buffer_source()
    with pytest.raises(ps.ArgumentError, match="type is 'saw'; it must be one of sine"):
        osc.type = "saw"
    with pytest.raises(ps.ArgumentTypeError, match="loop is 'yes'"):
        source.loop = "yes"
    source.loop = True
    assert source.loop is True
    with pytest.raises(ps.ArgumentTypeError, match="loop_end is 'x'"):
        source.loop_end = "x"
    with pytest.raises(ps.ArgumentError, match="loop_end is nan"):
        source.loop_end = math.nan
    with pytest.raises(ps.ArgumentTypeError, match="frequency is 'A4'"):
        ctx.create_oscillator(frequency="A4")
    with pytest.raises(ps.ArgumentTypeError, match="unexpected keyword 'pitch'; it takes freq"):
        ctx.create_oscillator(pitch=3)
    with pytest.raises(ps.ArgumentTypeError, match="context is 3 of type int"):
        ps.GainNode(3)


def test_channel_rules(ctx):
    gain = ctx.create_gain(channel_count=3, channel_count_mode="explicit")
    assert (gain.channel_count, gain.channel_count_mode) == (3, "explicit")
    gain.channel_count_mode = "clamped-max"
    gain.channel_interpretation = "discrete"
    assert (gain.channel_count_mode, gain.channel_interpretation) == ("clamped-max", "discrete")
    assert (gain.number_of_inputs, gain.number_of_outputs) == (1, 1)
    assert ctx.create_channel_splitter(4).number_of_outputs == 4
    for name, wrong in (
        ("channel_count", 0),
        ("channel_count", 33),
        ("channel_count", 1.5),
        ("channel_count_mode", "min"),
        ("channel_interpretation", 3),
    ):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=name):
            setattr(gain, name, wrong)
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=name):
            ctx.create_gain(**{name: wrong})
    with pytest.raises(ps.UnsupportedOptionError):
        ctx.create_channel_merger().channel_count = 2


def test_units():
    assert ps.db(0) == 1
    assert ps.db(-6) == pytest.approx(0.501187)
    assert ps.db(-math.inf) == 0
    assert ps.midi(57) == pytest.approx(220)
    assert ps.midi(69.5) == pytest.approx(440 * 2 ** (0.5 / 12))
    assert ps.note("a4") == 440
    assert ps.note("B#3") == pytest.approx(ps.note("C4"))
    assert ps.note("Db-1") == pytest.approx(ps.midi(1))
    assert ps.note("F##2") == pytest.approx(ps.note("G2"))
    for wrong in ("H4", "A", "A#b4", "4A", "", "A4 "):
        with pytest.raises(ps.ArgumentError, match="name is"):
            ps.note(wrong)
    with pytest.raises(ps.ArgumentTypeError):
        ps.note(69)
    with pytest.raises(ps.ArgumentTypeError):
        ps.db("-6")
