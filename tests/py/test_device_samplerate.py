# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Devices that run at another rate than their stream."""

import numpy as np
import pytest

import pastream_ng as ps

STREAM_RATE, DEVICE_RATE = 44100, 48000


def tone(frames, rate=STREAM_RATE, hz=997.0):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / rate)


def noise_db(signal, rate=STREAM_RATE, hz=997.0):
    """Return how far below the tone everything else in a signal lies, in dB."""
    phase = 2 * np.pi * hz * np.arange(len(signal)) / rate
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    amplitudes, *_ = np.linalg.lstsq(basis, signal, rcond=None)
    rest = signal - basis @ amplitudes
    return 10 * np.log10(np.sum(signal**2) / np.sum(rest**2))


@pytest.mark.sanitize
def test_what_is_played_comes_back_at_the_streams_rate(loopback):
    data = tone(30000)
    back = ps.playrec(
        data, STREAM_RATE, channels=1, device=loopback, device_samplerate=DEVICE_RATE, blocksize=64
    )[:, 0]
    stream = ps.get_stream()
    assert stream.samplerate == STREAM_RATE
    assert len(back) == len(data)
    assert noise_db(back[2000:28000]) > 115
    # The tone is the same length of time: no frame was lost or made up at the seam.
    assert stream.stats.lost_frames == 0
    assert stream.stats.missing_frames == 0


@pytest.mark.parametrize(
    ("quality", "least_db"),
    [("fast", 95), ("medium", 115), ("best", 135), ("linear", 40), ("hold", 15)],
)
def test_quality(loopback, quality, least_db):
    back = ps.playrec(
        tone(20000),
        STREAM_RATE,
        channels=1,
        device=loopback,
        device_samplerate=DEVICE_RATE,
        resample_quality=quality,
    )[:, 0]
    assert noise_db(back[4000:16000]) > least_db


def test_counts_are_in_frames_of_the_stream():
    device = ps.VirtualDevice(clock="free", input="sine")
    with ps.InputStream(
        device, STREAM_RATE, 1, blocksize=480, device_samplerate=DEVICE_RATE
    ) as stream:
        chunks = [len(chunk) for chunk in stream.chunks(1000, frames=4410)]
        assert sum(chunks) == 4410
        assert stream.stats.captured_frames == 4410
    assert stream.latency > 0


def test_a_loss_of_the_device_is_counted_in_frames_of_the_stream():
    fault = ps.Fault("stall", at=DEVICE_RATE // 2, amount=DEVICE_RATE // 10)
    device = ps.VirtualDevice(clock="free", input="counter", faults=[fault])
    with ps.InputStream(
        device,
        STREAM_RATE,
        1,
        blocksize=256,
        overflow="silence",
        device_samplerate=DEVICE_RATE,
    ) as stream:
        total = sum(len(chunk) for chunk in stream.chunks(441, frames=STREAM_RATE))
        assert total == STREAM_RATE
        assert stream.stats.lost_frames == STREAM_RATE // 10
        assert stream.stats.inserted_frames == STREAM_RATE // 10


@pytest.mark.parametrize("dtype", ["int16", "int24", "float64", "uint8"])
def test_every_format_takes_part(loopback, dtype):
    scale = {"int16": 2**15, "int24": 2**31, "float64": 1.0, "uint8": 2**7}[dtype]
    offset = 128 if dtype == "uint8" else 0
    kind = {"int24": "int32"}.get(dtype, dtype)
    data = (tone(20000) * scale * 0.9 + offset).astype(kind)
    with ps.DuplexStream(
        loopback, STREAM_RATE, channels=1, dtype=dtype, device_samplerate=DEVICE_RATE
    ) as stream:
        stream.output_ring.write(data)
        stream.output_ring.end()
        back = np.concatenate(list(stream.chunks(1000, frames=18000)))
    back = (back.astype("float64") - offset) / scale
    assert noise_db(back[4000:16000]) > (33 if dtype == "uint8" else 85)


def test_auto_takes_the_streams_rate_where_the_device_can(loopback):
    data = np.random.default_rng(1).uniform(-1, 1, 500).astype("float32")
    back = ps.playrec(data, STREAM_RATE, 1, device=loopback, device_samplerate="auto", blocksize=4)
    assert np.array_equal(back[4:, 0], data[:-4])


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"device_samplerate": "best"}, ps.ArgumentError, "device_samplerate is 'best'"),
        ({"device_samplerate": 0}, ps.ArgumentError, "device_samplerate is 0"),
        ({"device_samplerate": float("nan")}, ps.ArgumentError, "device_samplerate is nan"),
        ({"device_samplerate": 100}, ps.ArgumentError, "within a factor of 256"),
        ({"resample_quality": "perfect"}, ps.ArgumentError, "resample_quality is 'perfect'"),
    ],
)
def test_bad_arguments(loopback, arguments, error, text):
    with pytest.raises(error, match=text):
        ps.InputStream(loopback, STREAM_RATE, 1, **arguments)
