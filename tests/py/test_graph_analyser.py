# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Analysers give the spectra that the specification's formulas give."""

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.errors import ArgumentError
from pastream_ng.graph.core import CoreGraph, Sound
from pastream_ng.graph.description.captures import (
    analyser_decibel_bytes,
    analyser_decibels,
    analyser_sound,
    analyser_sound_bytes,
)
from pastream_ng.graph.description.load import graph_from_dict

RATE = 32768


def _magnitudes(frames):
    n = len(frames)
    turn = 2 * np.pi * np.arange(n) / n
    window = 0.42 - 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
    return np.abs(np.fft.fft(frames.astype(float) * window))[: n // 2] / n


def _playing(noise, **options):
    graph = CoreGraph(RATE, 1)
    source, analyser = (
        graph.add("buffer_source", buffer=Sound.of(np.atleast_2d(noise), RATE)),
        graph.add("analyser", **options),
    )
    source.connect(analyser)
    source.start()
    return graph, analyser


@pytest.mark.parametrize("size", [32, 256, 2048, 32768])
@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
def test_spectra_are_windowed_and_smoothed(size, smoothing):
    noise = np.random.default_rng(1).uniform(-1, 1, 40960).astype(np.float32)
    graph, analyser = _playing(noise, fft_size=size, smoothing_time_constant=smoothing)
    smoothed = np.zeros(size // 2)
    done = 0
    for step in (128, 1024, 128, 38400):
        graph.render(np.empty((step, 1), dtype=np.float32))
        done += step
        heard = np.concatenate([np.zeros(size, dtype=np.float32), noise[:done]])[-size:]
        assert np.array_equal(analyser_sound(analyser), heard)
        smoothed = smoothing * smoothed + (1 - smoothing) * _magnitudes(heard)
        decibels = analyser_decibels(analyser)
        assert decibels.shape == (size // 2,)
        assert decibels.dtype == np.float32
        if smoothing == 1:
            assert np.all(decibels == -np.inf)
            continue
        assert np.allclose(10 ** (decibels.astype(float) / 20), smoothed, rtol=1e-5, atol=1e-12)
        scaled = 255 * (20 * np.log10(smoothed) + 100) / 70
        assert np.array_equal(analyser_decibel_bytes(analyser), np.clip(scaled, 0, 255).astype(int))
        assert np.array_equal(
            analyser_sound_bytes(analyser), np.floor(128 * (1 + heard.astype(float))).clip(0, 255)
        )


def test_a_sine_is_as_loud_as_the_window_says():
    time = np.arange(8192) / RATE
    graph, analyser = _playing(np.sin(2 * np.pi * 512 * time), smoothing_time_constant=0)
    graph.render(np.empty((4096, 1), dtype=np.float32))
    decibels = analyser_decibels(analyser)
    assert decibels.argmax() * RATE / 2048 == 512
    assert decibels.max() == pytest.approx(20 * np.log10(0.42 / 2), abs=1e-4)


def test_captures_go_by_their_names():
    desc = {
        "format": "audiograph/1",
        "sample_rate": RATE,
        "length": 256,
        "channels": 1,
        "nodes": [{"id": "a", "type": "analyser", "options": {"fft_size": 64}}],
        "final": [{"op": "capture", "node": "a", "what": "byte_time_domain_data", "name": "x"}],
    }
    graph = graph_from_dict(desc)
    graph.render()
    assert np.array_equal(graph.captures["x"], np.full(64, 128))
    desc["final"][0]["what"] = "colour"
    with pytest.raises(ArgumentError, match="what is 'colour'; it must be one of float_freq"):
        graph_from_dict(desc).render()


def test_the_node_tells_the_same():
    ctx = ps.OfflineAudioContext(channels=1, length=4096, sample_rate=RATE)
    noise = np.random.default_rng(1).uniform(-1, 1, 4096).astype(np.float32)
    source = ctx.create_buffer_source(noise)
    analyser = ctx.create_analyzer(fft_size=512, min_decibels=-60, max_decibels=-10)
    source >> analyser
    source.start()
    ctx.render()
    assert analyser.frequency_bin_count == 256
    assert np.array_equal(analyser.frequencies, np.fft.rfftfreq(512, 1 / RATE)[:-1])
    assert np.array_equal(analyser.get_float_time_domain_data(), noise[-512:])
    assert analyser.get_byte_time_domain_data().dtype == np.uint8
    decibels = analyser.get_frequency_data()
    assert np.array_equal(decibels, analyser.get_float_frequency_data())
    scaled = np.clip(255 * (decibels.astype(float) + 60) / 50, 0, 255)
    assert np.abs(analyser.get_byte_frequency_data() - np.floor(scaled)).max() <= 1
    assert repr(analyser) == "<AnalyserNode: no params>"
    analyser.fft_size = 64
    assert analyser.get_frequency_data().shape == (32,)
    with pytest.raises(ps.ArgumentError, match="fft_size is 100; it must be a power of two"):
        analyser.fft_size = 100
    with pytest.raises(ps.ArgumentError, match="max_decibels is -70; it must be above"):
        analyser.max_decibels = -70
