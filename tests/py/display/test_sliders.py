# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sliders that set params."""

import sys

import pytest

import pastream_ng as ps


@pytest.fixture
def ctx():
    return ps.OfflineAudioContext(channels=1, length=8000, sample_rate=48000)


@pytest.fixture
def widgets():
    return pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")


def test_moving_a_slider_sets_the_param(ctx, widgets):
    gain = ctx.create_gain(0.25)
    (slider,) = ps.display.sliders(gain.gain).children
    assert isinstance(slider, widgets.FloatSlider)
    assert (slider.value, slider.min, slider.max) == (0.25, 0, 2)
    slider.value = 1.5
    assert gain.gain.value == 1.5


def test_frequencies_go_by_octaves(ctx, widgets):
    osc = ctx.create_oscillator(frequency=440)
    frequency, detune = ps.display.sliders(osc).children
    assert isinstance(frequency, widgets.FloatLogSlider)
    assert 10**frequency.min == pytest.approx(20)
    assert 10**frequency.max == pytest.approx(20000)
    frequency.value = 880
    assert osc.frequency.value == pytest.approx(880)
    assert detune.description == "Oscillator detune"
    assert (detune.min, detune.max) == (-1200, 1200)


def test_a_range_can_be_given_and_has_to_fit(ctx, widgets):
    pan = ctx.create_stereo_panner()
    (slider,) = ps.display.sliders(pan).children
    assert (slider.min, slider.max) == (-1, 1)
    (slider,) = ps.display.sliders(pan.pan, ranges={"pan": (0, 0.5)}).children
    assert (slider.min, slider.max) == (0, 0.5)
    for wrong in [(0, 2), (0.5, 0.5), (1, 0)]:
        with pytest.raises(ps.ArgumentError, match="the range of pan is"):
            ps.display.sliders(pan, ranges={"pan": wrong})
    with pytest.raises(ps.ArgumentError, match="ranges has 'gain'"):
        ps.display.sliders(pan, ranges={"gain": (0, 1)})


def test_a_value_beyond_the_usual_is_in_reach(ctx, widgets):
    (slider,) = ps.display.sliders(ctx.create_gain(5).gain).children
    assert slider.max == 5


def test_what_is_no_param_is_refused(ctx):
    with pytest.raises(TypeError, match="must be a param or a node"):
        ps.display.sliders("gain")


def test_without_ipywidgets_the_extra_is_named(ctx, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install 'pastream_ng\[notebook\]'"):
        ps.display.sliders(ctx.create_gain())
