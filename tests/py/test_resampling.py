# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Resampling: the same frames for any cutting, at their times, as clean as promised."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pastream_ng as ps
from pastream_ng._native import lib

ENGINES = [
    engine
    for engine in (ps.ResampleEngine.SAMPLERATE, ps.ResampleEngine.SOXR)
    if lib.pst_resampler_has_engine(engine)
]
FILTERS = [(engine, quality) for engine in ENGINES for quality in ("fast", "medium", "best")]
KINDS = [*FILTERS, ("auto", "linear"), ("auto", "hold")]


def count(n, before, after):
    return math.floor(n * after / before + 0.5)


def tone(n, rate, hz=997.0, dtype="float32"):
    return (0.9 * np.sin(2 * np.pi * hz * np.arange(n) / rate)).astype(dtype)


def in_pieces(resampler, x, sizes):
    """Feed x in pieces of these sizes, over and over; sizes of 0 are pieces, too."""
    pieces, at, turn = [resampler.process(x[:0])], 0, 0
    while at < len(x):
        n = sizes[turn % len(sizes)]
        pieces.append(resampler.process(x[at : at + n]))
        at, turn = at + n, turn + 1
    pieces.append(resampler.flush())
    return np.concatenate(pieces)


@pytest.mark.parametrize(("engine", "quality"), KINDS)
@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(0, 3000),
    channels=st.integers(1, 3),
    rates=st.tuples(st.floats(100, 20000), st.floats(100, 20000))
    | st.sampled_from([(44100, 48000), (48000, 44100), (48000, 16000), (8000, 8000)]),
    sizes=st.lists(st.integers(0, 700), min_size=1, max_size=6).filter(any),
    dtype=st.sampled_from(["float32", "float64", "int16"]),
)
def test_pieces_make_the_same_frames_as_the_whole(
    engine, quality, n, channels, rates, sizes, dtype
):
    noise = np.random.default_rng(n).uniform(-0.9, 0.9, (n, channels))
    x = (noise * (32768 if dtype == "int16" else 1)).astype(dtype)
    whole = ps.resample(x, *rates, quality=quality, engine=engine)
    assert whole.shape == (count(n, *rates), channels)
    assert whole.dtype == x.dtype
    resampler = ps.Resampler(*rates, channels, quality=quality, engine=engine, dtype=dtype)
    assert np.array_equal(in_pieces(resampler, x, sizes), whole)
    resampler.reset()
    assert np.array_equal(resampler.process(x, last=True), whole)


@pytest.mark.parametrize(("engine", "quality"), FILTERS)
@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 44100), (96000, 32000)])
def test_a_tone_keeps_its_place_and_shape(engine, quality, rates):
    least_db = {"fast": 95, "medium": 118, "best": 138}[quality]
    y = ps.resample(tone(30000, rates[0]), *rates, quality=quality, engine=engine).astype("f8")
    wanted = tone(len(y), rates[1], dtype="float64")
    inner = slice(len(y) // 4, -len(y) // 4)
    noise = np.std(y[inner] - wanted[inner])
    assert 20 * math.log10(np.std(wanted[inner]) / noise) > least_db
    # A thousandth of an output frame would show already.
    late = 0.9 * np.sin(2 * np.pi * 997.0 * (np.arange(len(y)) - 1e-3) / rates[1])
    assert np.std(late[inner] - wanted[inner]) > 5 * noise


@pytest.mark.parametrize(("engine", "quality"), FILTERS)
def test_what_does_not_fit_the_new_rate_is_taken_out(engine, quality):
    least_db = {"fast": 90, "medium": 105, "best": 135}[quality]
    y = ps.resample(tone(30000, 96000, 26000), 96000, 48000, quality=quality, engine=engine)
    assert np.std(y[5000:10000]) < 10 ** (-least_db / 20)


def test_an_impulse_stays_where_it_was():
    x = np.zeros(1000, "float32")
    x[441] = 1
    for engine, quality in FILTERS:
        y = ps.resample(x, 44100, 48000, quality=quality, engine=engine)
        assert np.argmax(y) == 480
        # The response is as long before as after: no delay, at any fraction of a frame.
        assert np.allclose(y[480 - 200 : 480], y[480 + 200 : 480 : -1], atol=1e-4)


def test_lines_and_holding_are_what_numpy_says():
    x = np.random.default_rng(3).uniform(-1, 1, 500)
    for rates in [(3, 7), (7, 3), (44100, 48000)]:
        at = np.arange(count(len(x), *rates)) * rates[0] / rates[1]
        lines = ps.resample(x, *rates, quality="linear")
        assert np.allclose(lines, np.interp(at, np.arange(len(x)), x), atol=1e-12)
        held = ps.resample(x, *rates, quality="hold")
        assert np.array_equal(held, x[np.minimum(np.floor(at + 1e-12).astype(int), len(x) - 1)])


def test_equal_rates_change_nothing():
    x = np.random.default_rng(4).uniform(-1, 1, (300, 2)).astype("float32")
    for engine, quality in KINDS:
        assert np.array_equal(ps.resample(x, 8000, 8000, quality=quality, engine=engine), x)
    assert ps.Resampler(8000, 8000).engine == ps.ResampleEngine.AUTO


@pytest.mark.parametrize(("engine", "quality"), KINDS)
def test_the_widest_ratios(engine, quality):
    x = np.ones(1025, "float32")
    up = ps.resample(x[:20], 1, 256, quality=quality, engine=engine)
    assert up.shape == (5120,)
    assert abs(up[2560] - 1) < 0.2
    down = ps.resample(np.ones(256 * 400, "float32"), 256, 1, quality=quality, engine=engine)
    assert down.shape == (400,)
    assert np.allclose(down[180:220], 1, atol=1e-3)
    one_by_one = ps.Resampler(256, 1, quality=quality, engine=engine)
    assert sum(len(one_by_one.process(x[i : i + 1])) for i in range(1025)) <= 4
    one_by_one.reset()
    pieces = [one_by_one.process(x[i : i + 1]) for i in range(1025)] + [one_by_one.flush()]
    assert np.array_equal(
        np.concatenate(pieces), ps.resample(x, 256, 1, quality=quality, engine=engine)
    )


@pytest.mark.parametrize(("engine", "quality"), KINDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_counts_as_silence(engine, quality, bad):
    x = tone(2000, 8000)
    x[700:703] = 0
    wanted = ps.resample(x, 8000, 11025, quality=quality, engine=engine)
    x[700:703] = bad
    assert np.array_equal(ps.resample(x, 8000, 11025, quality=quality, engine=engine), wanted)
    assert not np.isfinite(x[701])
    huge = np.full(500, np.finfo("f4").max, "f4")
    assert np.isfinite(ps.resample(huge, 8000, 11025, quality=quality, engine=engine)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_256_channels(engine):
    x = np.random.default_rng(5).uniform(-1, 1, (300, 256)).astype("float32")
    y = ps.resample(x, 44100, 48000, quality="fast", engine=engine)
    for channel in (0, 127, 128, 255):
        alone = ps.resample(x[:, channel], 44100, 48000, quality="fast", engine=engine)
        assert np.allclose(y[:, channel], alone, atol=1e-6)


@pytest.mark.parametrize(
    "dtype", ["float64", "int32", "int16", "int8", "uint8", ">f4", ">i2", "f2"]
)
def test_dtypes_stay_and_are_scaled(dtype):
    form = np.dtype(dtype)
    scale = 1.0 if form.kind == "f" else 2.0 ** (8 * form.itemsize - 1)
    middle = 128 if form.kind == "u" else 0
    x = np.round(tone(5000, 44100, dtype="float64") * scale * (0.5 if scale > 1 else 1), 20)
    y = ps.resample((x + middle).astype(dtype), 44100, 48000)
    assert y.dtype == ("float32" if dtype == "f2" else form.newbyteorder("="))
    wanted = 0.9 * np.sin(2 * np.pi * 997 * np.arange(len(y)) / 48000) * scale
    wanted = wanted * (0.5 if scale > 1 else 1) + middle
    step = {"f2": 1e-3, "float64": 1e-6, ">f4": 1e-5, "int32": 2.0**11}.get(dtype, 2)
    assert np.abs(y.astype("f8") - wanted)[1000:-1000].max() < step


def test_integers_clip():
    x = np.where(np.arange(2000) // 50 % 2 == 0, 32767, -32768).astype("int16")
    y = ps.resample(x, 8000, 44100)
    assert y.max() == 32767
    assert y.min() == -32768


def test_float64_is_finer_than_float32_where_the_engine_can():
    x = tone(20000, 44100, dtype="float64")
    y = ps.resample(x, 44100, 48000, engine="samplerate")
    assert y.dtype == np.float64
    if ps.ResampleEngine.SOXR in ENGINES:
        y = ps.resample(x, 44100, 48000, engine="soxr")
        wanted = 0.9 * np.sin(2 * np.pi * 997 * np.arange(len(y)) / 48000)
        assert np.abs(y - wanted)[8000:12000].max() < 1e-8


def test_shapes_follow_the_input():
    resampler = ps.Resampler(8000, 16000)
    assert resampler.process(np.zeros(100, "f4")).ndim == 1
    assert resampler.process(np.zeros((100, 1), "f4")).shape[1] == 1
    assert resampler.flush().ndim == 2
    assert ps.resample([0.0, 1.0, 0.0], 1, 2).shape == (6,)
    assert ps.resample(np.zeros((0, 2)), 1, 2).shape == (0, 2)
    assert ps.resample(np.zeros((2, 50), "f4").T, 1, 2).shape == (100, 2)
    assert ps.Resampler(8000, 16000).flush().shape == (0,)
    assert ps.Resampler(8000, 16000, 2).flush().shape == (0, 2)


def test_attributes():
    resampler = ps.Resampler(44100, 48000, 2, quality="fast", engine="samplerate", dtype="int16")
    assert (resampler.from_rate, resampler.to_rate, resampler.channels) == (44100, 48000, 2)
    assert resampler.ratio == 48000 / 44100
    assert resampler.quality == ps.ResampleQuality.FAST
    assert resampler.engine == ps.ResampleEngine.SAMPLERATE
    assert resampler.dtype == np.int16
    assert 15 / 44100 < resampler.latency < 30 / 44100
    assert "44100 Hz to 48000 Hz, 2 channels, int16, fast" in repr(resampler)


def test_latency_is_how_far_behind_it_is():
    for engine, quality in KINDS:
        resampler = ps.Resampler(44100, 48000, quality=quality, engine=engine)
        n_in = n_out = 0
        worst = 0.0
        while n_in < 30000:
            worst = max(worst, n_in / 44100 - n_out / 48000)
            n_out += len(resampler.process(np.zeros(10, "f4")))
            n_in += 10
        assert 0.8 * resampler.latency - 1e-3 < worst < 1.02 * resampler.latency + 1e-3


def test_the_end_of_the_input_needs_a_reset():
    resampler = ps.Resampler(1, 2)
    resampler.process([0.0, 1.0], last=True)
    assert len(resampler.flush()) == 0
    with pytest.raises(ps.StateError, match="reset"):
        resampler.process([0.0])
    resampler.reset()
    assert len(resampler.process([0.0] * 100, last=True)) == 200


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "text"),
    [
        ((0, 48000), {}, ps.ArgumentError, "from_rate is 0"),
        ((48000, -1), {}, ps.ArgumentError, "to_rate is -1"),
        ((48000, math.nan), {}, ps.ArgumentError, "to_rate is nan"),
        ((48000, "48000"), {}, ps.ArgumentTypeError, "to_rate is '48000'"),
        ((1, 257), {}, ps.ArgumentError, "factor of 256"),
        ((48000, 100), {}, ps.ArgumentError, "factor of 256"),
        ((1, 2, 0), {}, ps.ArgumentError, "channels is 0"),
        ((1, 2, 257), {}, ps.ArgumentError, "channels is 257"),
        ((1, 2, 1.5), {}, ps.ArgumentTypeError, "channels is 1.5"),
        ((1, 2), {"quality": "perfect"}, ps.ArgumentError, "quality is 'perfect'"),
        ((1, 2), {"engine": "ffmpeg"}, ps.ArgumentError, "engine is 'ffmpeg'"),
        ((1, 2), {"engine": 2}, ps.ArgumentTypeError, "engine is 2"),
        ((1, 2), {"dtype": "int24"}, ps.ArgumentError, "dtype is 'int24'"),
        ((1, 2), {"dtype": "int64"}, ps.ArgumentError, "int64"),
        (
            (1, 2),
            {"quality": "linear", "engine": "samplerate"},
            ps.ArgumentError,
            "no other engine",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, keywords, error, text):
    with pytest.raises(error, match=text):
        ps.Resampler(*arguments, **keywords)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (np.zeros((2, 3, 4)), ps.ArgumentError, r"shape \(2, 3, 4\)"),
        (np.zeros((2, 0)), ps.ArgumentError, r"shape \(2, 0\)"),
        (np.zeros((2, 257)), ps.ArgumentError, r"shape \(2, 257\)"),
        (np.float64(1), ps.ArgumentError, r"shape \(\)"),
        (np.zeros(3, "int64"), ps.ArgumentError, "dtype int64"),
        (np.zeros(3, bool), ps.ArgumentTypeError, "dtype bool"),
        (np.zeros(3, complex), ps.ArgumentTypeError, "dtype complex128"),
        ("abc", ps.ArgumentTypeError, "dtype"),
        ([[1.0], [1.0, 2.0]], ps.ArgumentError, "cannot become an array"),
    ],
)
def test_what_is_no_sound_is_refused(x, error, text):
    with pytest.raises(error, match=text):
        ps.resample(x, 1, 2)


def test_a_piece_must_fit():
    resampler = ps.Resampler(1, 2, 2, dtype="int16")
    with pytest.raises(ps.ArgumentError, match="channels"):
        resampler.process(np.zeros((4, 3), "int16"))
    with pytest.raises(ps.ArgumentError, match="int16"):
        resampler.process(np.zeros((4, 2), "float32"))
    with pytest.raises(ps.ArgumentTypeError, match="last is 'yes'"):
        resampler.process(np.zeros((4, 2), "int16"), last="yes")
    # Nothing of that was taken.
    assert len(resampler.flush()) == 0


def test_threads_take_turns():
    resampler = ps.Resampler(44100, 48000, quality="fast")
    lengths = []

    def feed():
        for _ in range(50):
            lengths.append(len(resampler.process(np.zeros(441, "f4"))))

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lengths) + len(resampler.flush()) == 200 * 480


def test_it_dies_with_its_last_reference():
    resampler = ps.Resampler(1, 2)
    watch = weakref.ref(resampler)
    gc.disable()
    try:
        del resampler
        assert watch() is None
    finally:
        gc.enable()


@pytest.mark.skipif(ps.ResampleEngine.SOXR not in ENGINES, reason="the build has no soxr")
@pytest.mark.parametrize(("quality", "theirs"), [("fast", "LQ"), ("medium", "HQ")])
def test_python_soxr_agrees(quality, theirs):
    soxr = pytest.importorskip("soxr")
    x = np.random.default_rng(6).uniform(-0.5, 0.5, (5000, 2)).astype("float32")
    ours = ps.resample(x, 44100, 48000, quality=quality, engine="soxr")
    other = soxr.resample(x, 44100, 48000, quality=theirs)
    n = min(len(ours), len(other))
    assert np.allclose(ours[:n], other[:n], atol=1e-5)


@pytest.mark.parametrize("quality", ["fast", "medium", "best"])
def test_python_samplerate_agrees(quality):
    samplerate = pytest.importorskip("samplerate")
    x = np.random.default_rng(7).uniform(-0.5, 0.5, (5000, 2)).astype("float32")
    ours = ps.resample(x, 44100, 48000, quality=quality, engine="samplerate")
    converter = {"fast": "sinc_fastest", "medium": "sinc_medium", "best": "sinc_best"}[quality]
    other = samplerate.resample(x, 48000 / 44100, converter)
    n = min(len(ours), len(other))
    assert n > 5400
    assert np.allclose(ours[:n], other[:n], atol=1e-5)


def test_the_state_of_a_resampler_has_one_owner():
    resampler = ps.Resampler(44100, 48000)
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="a Resampler cannot be pickled or copied"):
            call(resampler)
