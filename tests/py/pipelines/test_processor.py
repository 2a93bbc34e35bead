# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Processors make what NumPy and SciPy make, however the sound is cut."""

from __future__ import annotations

import copy
import gc
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

import pastream_ng as ps

RATE = 48000
N = 3000
TYPES = ("u8", "i16", "i32", "i64", "f32", "f64")
B, A = scipy.signal.butter(5, 0.2)
TAPS = scipy.signal.firwin(801, 0.3)


def sound(form: ps.AudioFormat, samples: int = N, loudest: float = 0.4) -> np.ndarray:
    """Return noise of a format, in bursts."""
    rng = np.random.default_rng(samples)
    made = rng.uniform(-loudest, loudest, (form.channels, samples))
    made[:, samples // 3 : samples // 2] *= 0.001
    return form.array(made if form.planar else made.T)


def wide(array: np.ndarray, planar: bool = True) -> np.ndarray:
    """Return samples as (channels, samples) of float64, with full scale at 1."""
    made = ps.AudioFormat(RATE, array.shape[0 if planar else 1], "f64", planar).array(array)
    return made if planar else made.T


def compressed(x: np.ndarray) -> np.ndarray:
    """Return what the compressor's defaults make, sample by sample."""
    y = np.zeros_like(x)
    attack, release = np.exp(-1 / (0.01 * RATE)), np.exp(-1 / (0.1 * RATE))
    for channel in range(len(x)):
        peak = 0.0
        for i, now in enumerate(np.abs(x[channel])):
            kept = attack if now >= peak else release
            peak = kept * peak + (1 - kept) * now
            level = 20 * np.log10(max(peak, 1e-12))
            over, gain = level + 18, 0.0
            if level < -60:
                gain = level + 60
            elif over > 3:
                gain = -0.75 * over
            elif over > -3:
                gain = -0.75 * (over + 3) ** 2 / 12
            y[channel, i] = x[channel, i] * 10 ** (gain / 20)
    return y


Make = Callable[[ps.AudioFormat], ps.Processor]
#: Of each kind: how it is made, and what it should make of (channels, samples).
KINDS: dict[str, tuple[Make, Callable[[np.ndarray], np.ndarray]]] = {
    "identity": (lambda f: ps.Processor.identity(f), lambda x: x),
    "gain": (lambda f: ps.Processor.gain(f, -0.5), lambda x: -0.5 * x),
    "delay": (
        lambda f: ps.Processor.delay(10, f),
        lambda x: np.concatenate([np.zeros((len(x), 480)), x], axis=1),
    ),
    "fir": (
        lambda f: ps.Processor.fir(TAPS, f),
        lambda x: scipy.signal.fftconvolve(x, TAPS[None], axes=1)[:, : x.shape[1]],
    ),
    "short fir": (
        lambda f: ps.Processor.fir([0.5, 0.25, -0.1], f),
        lambda x: scipy.signal.lfilter([0.5, 0.25, -0.1], 1, x),
    ),
    "iir": (lambda f: ps.Processor.iir(B, A, f), lambda x: scipy.signal.lfilter(B, A, x)),
    "sections": (
        lambda f: ps.Processor.iir(format=f, sos=scipy.signal.butter(4, 0.1, output="sos")),
        lambda x: scipy.signal.sosfilt(scipy.signal.butter(4, 0.1, output="sos"), x),
    ),
    "compressor": (lambda f: ps.Processor.compressor(f), compressed),
    "quiet limiter": (lambda f: ps.Processor.limiter(f), lambda x: x),
    "channel map": (
        lambda f: ps.Processor.channel_map([0, -1, f.channels - 1], format=f),
        lambda x: np.stack([x[0], 0 * x[0], x[-1]]),
    ),
    "resample": (
        lambda f: ps.Processor.resample(f, f.replace(sample_rate=32000)),
        lambda x: ps.resample(x.T, RATE, 32000).T,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sample_type", TYPES)
def test_every_kind_makes_what_its_definition_says(kind: str, sample_type: str) -> None:
    make, definition = KINDS[kind]
    for channels, planar in ((1, True), (2, False), (8, True)):
        form = ps.AudioFormat(RATE, channels, sample_type, planar)
        x = sound(form, 1200 if kind == "compressor" else N)
        processor = make(form)
        y = processor.process(x, last=True)
        out = processor.output_format()
        assert out is not None
        assert y.dtype == out.dtype
        wanted = definition(wide(x, planar))
        got = wide(y, planar)
        assert got.shape == wanted.shape
        step = {"u8": 2**-7, "i16": 2**-15, "f32": 2**-22}.get(sample_type, 2**-29)
        assert np.abs(got - wanted).max() <= 0.6 * step


@settings(max_examples=8, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    channels=st.sampled_from([1, 2, 3]),
    sample_type=st.sampled_from(["i16", "f32", "f64"]),
    cuts=st.lists(st.integers(0, 1500), min_size=1, max_size=40),
)
def test_cuts_do_not_show(kind: str, channels: int, sample_type: str, cuts: list[int]) -> None:
    form = ps.AudioFormat(RATE, channels, sample_type)
    x = sound(form)
    once = KINDS[kind][0](form).process(x, last=True)
    processor, at, pieces = KINDS[kind][0](form), 0, []
    for cut in cuts:
        pieces.append(processor.process(x[:, at : at + cut]))
        at += cut
    pieces.append(processor.process(x[:, at:], last=True))
    assert np.array_equal(np.concatenate(pieces, axis=1), once)


# Those that copy samples leave them as they are.
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"identity", "channel map"}))
def test_samples_that_are_no_numbers_are_silence(kind: str) -> None:
    form = ps.AudioFormat(RATE, 2, "f32")
    x = sound(form)
    bad, good = x.copy(), x.copy()
    bad[0, 100], bad[1, 200], bad[0, 1000] = np.nan, np.inf, -np.inf
    good[0, 100] = good[1, 200] = good[0, 1000] = 0
    y = KINDS[kind][0](form).process(bad, last=True)
    assert np.array_equal(y, KINDS[kind][0](form).process(good, last=True))


def test_the_limiter_keeps_its_ceiling_and_its_time() -> None:
    form = ps.AudioFormat(RATE, 2, "f32")
    x = sound(form, loudest=3)
    y = ps.Processor.limiter(form, ceiling_db=-6, release_time=0.01).process(x, last=True)
    ceiling = 10 ** (-6 / 20)
    assert y.shape == x.shape
    assert np.abs(y).max() <= ceiling
    assert np.abs(y).max() > 0.9 * ceiling
    assert np.all(np.abs(y) <= np.abs(x))
    quiet = x * np.float32(0.1)
    assert np.array_equal(ps.Processor.limiter(form).process(quiet, last=True), quiet)


def test_each_piece_comes_out_as_one_and_any_number_waits() -> None:
    form = ps.AudioFormat(RATE, 2, "f32")
    processor = ps.Processor.gain(form, 2)
    pieces = [sound(form, n) for n in (1, 10000, 64)]
    assert processor.get_frame() is None
    for piece in pieces:
        processor.put_frame(piece)
    processor.flush()
    for piece in pieces:
        got = processor.get_frame(layout="interleaved")
        assert got is not None
        assert np.array_equal(got, 2 * piece.T)
    assert processor.get_frame() is None
    assert processor.get_frame(force=True) is None


def test_force_ends_the_input_and_reset_begins_again() -> None:
    form = ps.AudioFormat(RATE, 1, "f32")
    processor = ps.Processor.delay(1, form)
    for _ in range(2):
        processor.put_frame(np.ones((1, 10), "f4"))
        first, second = processor.get_frame(force=True), processor.get_frame(force=True)
        assert first is not None
        assert second is not None
        assert not first.any()
        assert first.shape == (1, 10)
        assert second.shape == (1, 48)
        assert second.sum() == 10
        with pytest.raises(ps.StateError, match=r"reset\(\)"):
            processor.put_frame(np.ones((1, 10), "f4"))
        with pytest.raises(ps.StateError, match=r"reset\(\)"):
            processor.process(np.ones((1, 10), "f4"))
        processor.reset()
        assert processor.get_frame() is None
    processor.put_frame(np.ones((1, 10), "f4"))
    processor.reset()  # What waits and what is inside are gone.
    processor.put_frame(np.zeros((1, 100), "f4"))
    got = processor.get_frame(force=True)
    assert got is not None
    assert not got.any()


def test_times_go_through() -> None:
    form = ps.AudioFormat(RATE, 2, "i16", planar=False)
    processor = ps.Processor.delay(1, form)
    processor.put_frame(sound(form, 100), pts=5000)
    processor.put_frame(sound(form, 100))
    buffers = [processor.get_buffer(force=True) for _ in range(3)]
    assert [buffer.pts for buffer in buffers if buffer] == [5000, 5100, 5200]
    assert [buffer.samples for buffer in buffers if buffer] == [100, 100, 48]
    assert all(buffer.format == form for buffer in buffers if buffer)
    assert processor.get_buffer() is None


def test_the_first_piece_tells_the_format() -> None:
    form = ps.AudioFormat(RATE, 2, "f32")
    processor = ps.Processor.iir(B, A)
    assert processor.output_format() is None
    with pytest.raises(ps.ArgumentError, match="format is missing"):
        processor.put_frame(sound(form))
    processor.put_frame(sound(form), format=form)
    processor.put_frame(sound(form))
    assert processor.output_format() == form
    other = form.replace(channels=1)
    with pytest.raises(ps.ArgumentError, match=r"format is .*; it must be .* until reset\(\)"):
        processor.put_frame(sound(other), format=other)
    processor.reset()
    assert processor.output_format() is None
    processor.put_frame(sound(other), format=other)
    got = processor.get_frame()
    assert got is not None
    assert got.shape == (1, N)


def test_output_formats_are_told() -> None:
    form = ps.AudioFormat(RATE, 2, "i16")
    assert ps.Processor.channel_map(1, format=form).output_format() == form.replace(channels=1)
    gains = np.ones((3, 2)) / 4
    mapped = ps.Processor.channel_map(gains=gains, format=form)
    assert mapped.output_format() == form.replace(channels=3)
    other = ps.AudioFormat(16000, 1, "f64", planar=False)
    resampled = ps.Processor.resample(form, other, 160)
    assert resampled.output_format() == other
    resampled.put_frame(sound(form))
    sizes = []
    while (frame := resampled.get_frame(force=True, layout="interleaved")) is not None:
        assert frame.dtype == np.float64
        sizes.append(frame.shape)
    assert sizes == [(160, 1)] * 7  # Of 1000: the last one is filled up.


def test_names() -> None:
    form = ps.AudioFormat(RATE, 2, "f32")
    names = {kind: make(form).name for kind, (make, _) in KINDS.items()}
    assert names["fir"] == "fir"
    assert names["iir"] == "iir"
    assert names["compressor"] == "compressor"
    assert names["quiet limiter"] == "limiter"
    assert repr(ps.Processor.gain(form)) == "<pastream_ng.Processor gain>"


FORM = ps.AudioFormat(RATE, 2, "f32")
# Without types, which would not allow these.
P: Any = ps.Processor
BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: P(), TypeError, "Processor.gain"),
    (lambda: P.gain(FORM, float("nan")), ValueError, "gain is nan"),
    (lambda: P.gain("f32"), TypeError, "format is 'f32'"),
    (lambda: P.identity(3), TypeError, "format is 3"),
    (lambda: P.delay(-1, FORM), ValueError, "delay_ms is -1"),
    (lambda: P.fir([], FORM), ValueError, "taps"),
    (lambda: P.fir([1, np.inf], FORM), ValueError, "taps"),
    (lambda: P.iir([1], [0, 1], FORM), ValueError, "a "),
    (lambda: P.iir([1], [1, -1.1], FORM), ValueError, "1.1 from 0"),
    (lambda: P.iir([1], None, FORM), TypeError, "b and a must be given, or sos"),
    (lambda: P.iir(), TypeError, "b and a must be given, or sos"),
    (lambda: P.iir([1], [1], FORM, sos=np.ones((1, 6))), TypeError, "not both"),
    (lambda: P.iir(format=FORM, sos=np.ones((1, 5))), ValueError, "sos has shape"),
    (lambda: P.compressor(FORM, ratio=0.5), ValueError, "ratio is 0.5"),
    (lambda: P.limiter(FORM, look_ahead=-1), ValueError, "look_ahead is -1"),
    (lambda: P.gain(FORM).put_frame(np.zeros((3, 5))), ValueError, "shape"),
    (lambda: P.gain(FORM).put_frame([["a"], ["b"]]), TypeError, "pcm"),
    (lambda: P.gain(FORM).get_frame(layout="x"), ValueError, "layout"),
    (lambda: P.gain(FORM).get_frame(force="x"), TypeError, "force"),
    (lambda: P.gain(FORM).put_frame(np.zeros((2, 5)), pts="x"), TypeError, "pts"),
    (lambda: copy.copy(P.gain(FORM)), TypeError, "copied"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD)
def test_bad_arguments(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        call()
    assert isinstance(caught.value, ps.PastreamError | TypeError)


def test_a_refused_piece_changes_nothing() -> None:
    processor = ps.Processor.gain(FORM)
    with pytest.raises(ValueError, match="shape"):
        processor.put_frame(np.zeros((3, 5)))
    assert processor.get_frame() is None
    unknown = ps.Processor.gain()
    with pytest.raises(ValueError, match="shape"):
        unknown.put_frame(np.zeros((3, 5)), format=FORM)
    assert unknown.output_format() is None


def test_it_goes_when_it_is_dropped() -> None:
    processor = ps.Processor.fir(TAPS, FORM)
    processor.put_frame(sound(FORM))
    gone = weakref.ref(processor)
    gc.disable()
    try:
        del processor
        assert gone() is None
    finally:
        gc.enable()


def test_threads_come_one_after_another() -> None:
    processor = ps.Processor.gain(FORM, 2)
    x = sound(FORM, 500)
    threads = [
        threading.Thread(target=lambda: [processor.put_frame(x) for _ in range(50)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count = 0
    while (frame := processor.get_frame()) is not None:
        assert np.array_equal(frame, 2 * x)
        count += 1
    assert count == 150


def test_a_forked_child_is_told() -> None:
    processor = ps.Processor.gain(FORM, 2)
    pid = os.fork()
    if pid == 0:
        try:
            processor.put_frame(sound(FORM))
        except ps.ForkedError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert processor.process(sound(FORM)).shape == (2, N)
