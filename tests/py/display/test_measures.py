# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The numbers that are drawn."""

import numpy as np
import pytest
import scipy.signal

from pastream_ng.display.measures import envelope, levels_db, mean_levels_db, powers

NOISE = np.random.default_rng(3).standard_normal(20000).astype("f4")


@pytest.mark.parametrize("size", [16, 101, 1024])
def test_powers_are_those_of_scipy(size):
    got = np.concatenate(list(powers(NOISE, size, size // 2)))
    window = scipy.signal.get_window("hann", size)
    _, _, lines = scipy.signal.stft(
        NOISE, window=window, nperseg=size, noverlap=size - size // 2, boundary=None, padded=False
    )
    # SciPy scales so that a complex exponential has 1: half of a sine goes to either side.
    np.testing.assert_allclose(got, np.abs(2 * lines.T) ** 2, rtol=1e-3, atol=1e-7)


def test_a_sine_at_full_scale_has_0_db():
    sine = np.sin(2 * np.pi * 20 / 256 * np.arange(4096))
    levels = mean_levels_db(sine, 256)
    assert levels.argmax() == 20
    assert levels[20] == pytest.approx(0, abs=1e-9)


def test_the_mean_is_over_all_groups_of_windows(monkeypatch):
    whole = mean_levels_db(NOISE, 64)
    monkeypatch.setattr("pastream_ng.display.measures._SAMPLES_AT_A_TIME", 200)
    np.testing.assert_allclose(mean_levels_db(NOISE, 64), whole, rtol=1e-12)
    np.testing.assert_allclose(
        whole, levels_db(np.concatenate(list(powers(NOISE, 64, 32))).mean(axis=0)), rtol=1e-12
    )


def test_a_sound_shorter_than_a_window_is_followed_by_silence():
    assert len(next(powers(np.ones(10), 64, 32))) == 1
    assert levels_db(np.zeros(2)).tolist() == [-240, -240]


@pytest.mark.parametrize("n", [1, 99, 100, 101, 1999])
def test_an_envelope_has_all_peaks(n):
    frames = np.random.default_rng(n).standard_normal((n, 2))
    pieces = envelope(frames, 100)
    assert len(pieces.starts) == min(n, 100)
    ends = [*pieces.starts[1:], n]
    for k, (start, end) in enumerate(zip(pieces.starts, ends, strict=True)):
        assert pieces.least[k].tolist() == frames[start:end].min(axis=0).tolist()
        assert pieces.most[k].tolist() == frames[start:end].max(axis=0).tolist()
