# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The picture of what an analyser hears now."""

import itertools
import time

import numpy as np
import pytest

import pastream_ng as ps


@pytest.fixture
def analyser():
    ctx = ps.OfflineAudioContext(channels=1, length=16384, sample_rate=16384)
    node = ctx.create_analyser(fft_size=1024, smoothing_time_constant=0)
    osc = ctx.create_oscillator(frequency=1024)
    osc >> node >> ctx.destination
    osc.start()
    return node


def test_the_line_is_what_the_analyser_has(analyser, axes):
    plot = ps.display.LivePlot(analyser, ax=axes)
    assert plot.line.get_ydata().max() <= -240  # Silence, and not -inf.
    analyser.context.render()
    plot.update()
    frequencies, levels = plot.line.get_data()
    np.testing.assert_array_equal(levels, analyser.get_float_frequency_data()[1:])
    assert frequencies[levels.argmax()] == 1024


def test_the_waveform_ends_now(analyser, axes):
    plot = ps.display.LivePlot(analyser, "waveform", ax=axes)
    analyser.context.render()
    plot.update()
    times, samples = plot.line.get_data()
    np.testing.assert_array_equal(samples, analyser.get_float_time_domain_data())
    assert times[-1] == pytest.approx(-1 / 16384)


def test_it_is_drawn_until_the_time_is_over(analyser, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
    pyplot.switch_backend("agg")
    clock = itertools.count(step=0.02)
    pauses = []
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(pyplot, "pause", pauses.append)
    figure, axes = pyplot.subplots()
    plot = ps.display.live(analyser, 0.05, ax=axes, interval=0.015)
    pyplot.close(figure)
    assert plot.ax is axes
    assert pauses == [0.015, pytest.approx(0.01)]


def test_what_there_is_not_is_refused(analyser, axes):
    with pytest.raises(ps.ArgumentError, match="what is 'phase'"):
        ps.display.LivePlot(analyser, "phase", ax=axes)
