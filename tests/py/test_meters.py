# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Levels measured in the callback, and input that is suspiciously quiet."""

import logging
import math
import threading

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.streams import advice
from pastream_ng.streams.base import Limits

from .conftest import until

pytestmark = pytest.mark.sanitize

RATE = 48000


def through(data, dtype="float32", frames=None, **options):
    """Play data through a loopback with both meters on; return the input's and the output's."""
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexStream(
        device, RATE, data.shape[1], dtype, 64, overflow="drop-oldest", **options
    ) as stream:
        stream.enable_meters()
        stream.output_ring.write(data)
        stream.output_ring.end()
        stream._start(Limits(0, frames or len(data) + 64, len(data), -1))
        assert stream.wait(30)
        return stream.input_meters, stream.output_meters


def test_levels_are_those_of_the_signal():
    n = np.arange(RATE // 2)
    data = np.stack((0.5 * np.sin(n * 2 * np.pi * 1000 / RATE), np.full(len(n), -0.25)), axis=1)
    heard, sent = through(data)
    for reading in (heard, sent):
        assert RATE / 10 <= reading.window <= RATE * 0.11
        assert reading.frames == math.ceil((len(n) + 64) / 64) * 64
        assert reading.max_peak == pytest.approx([0.5, 0.25], abs=1e-6)
        assert reading.peak == pytest.approx([0.5, 0.25], abs=1e-6)
        assert reading.rms[0] == pytest.approx(0.5 / math.sqrt(2), rel=0.01)
        assert reading.rms[1] == pytest.approx(0.25, rel=0.01)
        assert reading.peak_db[1] == pytest.approx(-12.04, abs=0.01)
        assert reading.rms_db[0] == pytest.approx(-9.03, abs=0.1)
        assert reading.max_peak_db[0] == pytest.approx(-6.02, abs=0.01)
        assert reading.clipped.tolist() == [0, 0]


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int32", "int24", "int16", "int8", "uint8"]
)
def test_every_format_is_metered(dtype):
    signal = np.zeros((2000, 3))
    signal[100, 0] = 0.5
    signal[200:210, 1] = 2.0  # Beyond, or at full scale.
    signal[300:305, 2] = -2.0
    if dtype.startswith("float"):
        data = signal.astype(dtype)
    elif dtype == "uint8":
        data = np.clip(np.round(signal * 128) + 128, 0, 255).astype("uint8")
    else:
        limits = np.iinfo("int32" if dtype == "int24" else dtype)
        data = np.clip(np.round(signal * -float(limits.min)), limits.min, limits.max)
        data = data.astype(limits.dtype) & (~0xFF if dtype == "int24" else ~0)
    for reading in through(data, dtype):
        assert reading.clipped.tolist() == [0, 10, 5]
        assert reading.max_peak[0] == 0.5
        assert reading.max_peak[1:] == pytest.approx(
            2.0 if data.dtype.kind == "f" else 1.0, rel=0.01
        )


def test_the_stream_s_own_integers_count_as_clipped_on_a_wider_device():
    data = np.full((1000, 1), 32767, "int16")
    _, sent = through(data, "int16", device_dtype="float32")
    assert sent.clipped.tolist() == [1000]


def test_the_window_forgets_and_the_largest_peak_does_not():
    data = np.zeros((RATE, 1), "float32")
    data[:10] = 1.0
    heard, sent = through(data)
    for reading in (heard, sent):
        assert reading.peak.tolist() == reading.rms.tolist() == [0.0]
        assert reading.peak_db.tolist() == [-math.inf]
        assert reading.max_peak.tolist() == [1.0]
        assert reading.clipped.tolist() == [10]


def test_nothing_is_metered_until_somebody_looks(counter):
    with ps.InputStream(counter, RATE, 2, "int16", 64, overflow="drop-oldest") as stream:
        stream._start(Limits(0, 64))
        assert stream.wait(30)
        assert stream.input_meters.frames == 0  # The first look.
        assert stream.input_meters.peak.tolist() == [0.0, 0.0]
        stream._start(Limits(0, 640))
        assert stream.wait(30)
        assert stream.input_meters.frames == 640
        assert stream.input_meters.max_peak.tolist() == [639 / 32768] * 2
        stream._start(Limits(0, 64))  # Each run counts for itself.
        assert stream.wait(30)
        assert stream.input_meters.frames == 64
        assert stream.input_meters.max_peak.tolist() == [63 / 32768] * 2


def test_peaks_are_reset_while_the_stream_runs():
    with ps.OutputStream(ps.VirtualDevice("null"), RATE, 1, blocksize=64) as stream:
        stream.enable_meters()
        stream.output_ring.write(np.ones(1000))
        stream.start()
        until(lambda: stream.stats.missing_frames > 0)  # All is played; silence follows.
        assert stream.output_meters.max_peak.tolist() == [1.0]
        assert stream.output_meters.clipped.tolist() == [1000]
        stream.reset_meters()
        until(lambda: stream.output_meters.max_peak[0] == 0)
        assert stream.output_meters.clipped.tolist() == [0]
        assert stream.output_meters.frames > 1000


def test_only_sides_that_exist_have_meters(counter):
    with ps.InputStream(counter, RATE, 1) as stream:
        assert not hasattr(stream, "output_meters")
        stream.enable_meters()
    assert stream.input_meters.frames == 0  # What was there stays.
    with ps.OutputStream(ps.VirtualDevice("null", clock="free"), RATE, 1) as stream:
        assert not hasattr(stream, "input_meters")
        assert stream.output_meters.frames == 0
    other = ps.OutputStream(ps.VirtualDevice("null"), RATE, 1)
    other.close()
    with pytest.raises(ps.ClosedError):
        _ = other.output_meters
    with pytest.raises(ps.ClosedError):
        other.enable_meters()


def test_meters_are_read_and_begun_by_many_threads():
    device = ps.VirtualDevice("null", clock="free", input="sine")
    with ps.InputStream(device, RATE, 2, blocksize=64, overflow="drop-newest") as stream:
        stream.start()
        failures = []

        def look():
            try:
                for _ in range(200):
                    reading = stream.input_meters
                    assert reading.peak[0] == reading.peak[1]
                    assert reading.rms[0] <= reading.peak[0] <= 0.5
                    assert reading.max_peak[0] <= 0.5
                    stream.reset_meters()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


# ---- Silence -------------------------------------------------------------------------------------


@pytest.fixture
def taken_for_real(monkeypatch):
    """Virtual devices count as microphones of which a user might wonder."""
    monkeypatch.setattr(advice, "_is_real", lambda side: side is not None)


def silences(caplog):
    """Return the warnings of silent input so far."""
    return [r.message for r in caplog.records if "exactly zero" in r.message]


@pytest.mark.usefixtures("taken_for_real")
def test_pain_25_input_that_is_exactly_zero_is_told_once(caplog):
    device = ps.VirtualDevice("null", clock="free")
    stream = ps.InputStream(device, RATE, 1, buffersize=RATE)
    with caplog.at_level(logging.WARNING), stream:
        told_at = None
        for number, _ in enumerate(stream.chunks(4800, frames=30 * RATE)):
            if told_at is None and silences(caplog):
                told_at = number
        assert stream.stats.zero_frames == stream.frame_count >= 30 * RATE
        kinds = [(e.kind, e.frame) for e in stream.events()]
        assert kinds.count((ps.EventKind.INPUT_SILENT, 0)) == 1
    # While the loop ran, not long after it was certain.
    assert 5 * RATE // 4800 <= told_at < 20 * RATE // 4800
    (message,) = silences(caplog)
    assert "denied" in message


@pytest.mark.usefixtures("taken_for_real")
def test_pain_25_a_recording_of_nothing_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        ps.rec(6 * RATE, RATE, 1, device=ps.VirtualDevice("null", clock="free"))
        assert len(silences(caplog)) == 1


def test_pain_25_virtual_devices_may_be_silent(caplog):
    with caplog.at_level(logging.WARNING):
        ps.rec(6 * RATE, RATE, 1, device=ps.VirtualDevice("null", clock="free"))
    assert silences(caplog) == []
    assert ps.get_stream().stats.zero_frames == 6 * RATE


@pytest.mark.usefixtures("taken_for_real")
def test_pain_25_a_little_silence_and_quiet_sound_are_fine(caplog):
    quiet = np.zeros((6 * RATE, 1), "int16")
    quiet[::RATE] = 1
    device = ps.VirtualDevice("loopback", clock="free")
    with caplog.at_level(logging.WARNING):
        ps.rec(4 * RATE, RATE, 1, device=ps.VirtualDevice("null", clock="free"))
        ps.playrec(quiet, RATE, 1, device=device)
        assert ps.get_stream().stats.zero_frames < RATE
    assert silences(caplog) == []


def test_levels_are_those_of_the_stream_s_channels():
    device = ps.VirtualDevice("loopback", clock="free")
    data = np.zeros((2000, 2), "float32")
    data[:, 0] = 0.5
    gains = [[0, 0], [2, 0], [0, 1]]  # To channel 2, twice as loud.
    with ps.DuplexStream(
        device, RATE, (1, 2), blocksize=64, mapping=([2], gains), overflow="drop-oldest"
    ) as stream:
        stream.enable_meters()
        stream.output_ring.write(data)
        stream.output_ring.end()
        stream._start(Limits(0, 2000 + 64, 2000, -1))
        assert stream.wait(30)
        assert stream.output_meters.max_peak.tolist() == [0.5, 0.0]
        assert stream.input_meters.max_peak.tolist() == [1.0]
        assert stream.input_meters.clipped.tolist() == [2000]
