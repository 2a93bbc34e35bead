# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pictures of sound: what is in them, and what is refused."""

import sys

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8000
TIMES = np.arange(2 * RATE) / RATE
TONE = np.sin(2 * np.pi * 1000 * TIMES).astype("f4")
FUNCTIONS = [ps.display.waveform, ps.display.spectrum, ps.display.spectrogram]


def test_a_short_sound_is_drawn_sample_by_sample(axes):
    stereo = np.stack([TONE[:1000], -TONE[:1000]], axis=1)
    assert ps.display.waveform(stereo, RATE, ax=axes, start=1.0) is axes
    left, right = axes.lines
    np.testing.assert_array_equal(left.get_ydata(), TONE[:1000])
    np.testing.assert_array_equal(right.get_ydata(), -TONE[:1000])
    np.testing.assert_allclose(left.get_xdata(), 1 + TIMES[:1000])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["left", "right"]


def test_a_long_sound_is_drawn_by_its_peaks(axes):
    ps.display.waveform(TONE, RATE, ax=axes)
    ((area),) = axes.collections
    ys = area.get_paths()[0].vertices[:, 1]
    assert ys.min() == TONE.min()
    assert ys.max() == TONE.max()
    assert axes.get_xlim() == (0, 2)


@pytest.mark.parametrize("logarithmic", [True, False])
def test_the_spectrum_of_a_tone_has_its_level(axes, logarithmic):
    ps.display.spectrum(TONE / 10, RATE, ax=axes, fft_size=1024, logarithmic=logarithmic)
    (line,) = axes.lines
    frequencies, levels = line.get_data()
    assert frequencies[levels.argmax()] == 1000
    assert levels.max() == pytest.approx(-20, abs=1e-3)
    assert len(levels) == (512 if logarithmic else 513)
    assert axes.get_xscale() == ("log" if logarithmic else "linear")


def test_a_spectrogram_shows_what_sounds_when(axes):
    sound = np.where(TIMES < 1, 0.01 * TONE, 0)
    ps.display.spectrogram(sound, RATE, ax=axes, fft_size=256, hop=128, start=5)
    (image,) = axes.images
    levels = image.get_array()
    assert levels.shape == (129, (len(sound) - 256) // 128 + 1)
    assert levels[:, 10].argmax() == 32
    assert levels[32, 10] == pytest.approx(-40, abs=0.01)
    assert levels[32, -10] == -240
    left, right, bottom, top = image.get_extent()
    assert left == pytest.approx(5 + 64 / RATE)
    assert right == pytest.approx(left + levels.shape[1] * 128 / RATE)
    assert (bottom + top) / 2 == RATE / 4


def test_one_channel_of_a_spectrogram(axes):
    stereo = np.stack([np.zeros_like(TONE), TONE], axis=1)
    ps.display.spectrogram(stereo, RATE, ax=axes, channel=1)
    assert axes.images[0].get_array().max() == pytest.approx(0, abs=0.01)
    with pytest.raises(ps.ArgumentError, match="channel is 2; the sound has 2"):
        ps.display.spectrogram(stereo, RATE, ax=axes, channel=2)


def test_a_long_sound_has_no_more_windows_than_can_be_seen(axes):
    ps.display.spectrogram(np.zeros(3_000_000, "f4"), RATE, ax=axes, fft_size=64)
    assert axes.images[0].get_array().shape[1] <= 2000


@pytest.mark.parametrize("show", FUNCTIONS)
def test_files_and_buffers_have_their_rate(axes, show, tmp_path):
    path = tmp_path / "tone.wav"
    ps.write(path, TONE, RATE, subtype="FLOAT")
    buffer = ps.AudioBuffer(TONE, RATE)
    for sound in (path, str(path), buffer):
        assert show(sound, ax=axes) is axes
    with pytest.raises(ps.ArgumentError, match="samplerate is 44100; the sound has 8000"):
        show(buffer, 44100, ax=axes)


@pytest.mark.parametrize("show", FUNCTIONS)
def test_what_cannot_be_shown_is_refused(axes, show):
    with pytest.raises(TypeError, match="samplerate is None"):
        show(TONE, ax=axes)
    with pytest.raises(ps.ArgumentError, match=r"sound has shape \(0, 2\)"):
        show(np.zeros((0, 2), "f4"), RATE, ax=axes)
    with pytest.raises(ps.ArgumentError, match=r"shape \(2, 2, 2\)"):
        show(np.zeros((2, 2, 2), "f4"), RATE, ax=axes)


@pytest.mark.parametrize(
    ("options", "text"),
    [({"fft_size": 8}, "fft_size is 8"), ({"floor_db": 0}, "floor_db is 0"), ({"hop": 0}, "hop")],
)
def test_wrong_options_are_refused(axes, options, text):
    with pytest.raises(ps.ArgumentError, match=text):
        ps.display.spectrogram(TONE, RATE, ax=axes, **options)


@pytest.mark.parametrize("show", FUNCTIONS)
def test_without_matplotlib_the_extra_is_named(show, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'pastream_ng\[plot\]'") as caught:
        show(TONE, RATE)
    assert caught.value.name == "matplotlib"
