# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Buffers and waves: what nodes play."""

import gc
import io

import numpy as np
import pytest

import pastream_ng as ps

RATE = 8192


@pytest.fixture
def ctx():
    return ps.OfflineAudioContext(channels=2, length=256, sample_rate=RATE)


def noise(frames=100, channels=2):
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def played(ctx, buffer):
    source = ctx.create_buffer_source(buffer)
    source >> ctx.destination
    source.start()
    return ctx.render()


def test_arrays_are_rows_of_frames(ctx):
    data = noise()
    buffer = ps.AudioBuffer(data, RATE)
    assert (buffer.number_of_channels, buffer.length, len(buffer)) == (2, 100, 100)
    assert (buffer.sample_rate, buffer.duration) == (RATE, 100 / RATE)
    assert np.array_equal(np.asarray(buffer), data)
    assert np.array_equal(buffer.planes, data.T)
    assert np.array_equal(buffer.get_channel_data(1), data[:, 1])
    assert np.array_equal(ps.AudioBuffer.from_planes(data.T, RATE).planes, data.T)
    assert np.array_equal(played(ctx, buffer)[:100], data)


def test_mono_and_other_types():
    assert ps.AudioBuffer([0.0, 0.5], RATE).planes.tolist() == [[0, 0.5]]
    assert ps.AudioBuffer(np.array([16384], "int16"), RATE).planes.tolist() == [[0.5]]
    assert ps.AudioBuffer(np.array([0.25]), RATE).planes.dtype == np.float32


def test_views_do_not_copy():
    buffer = ps.AudioBuffer(noise(), RATE)
    views = [
        np.asarray(buffer),
        buffer.planes,
        buffer.get_channel_data(0),
        np.from_dlpack(buffer),
    ]
    assert all(np.shares_memory(views[0], view) for view in views)
    assert views[3].shape == (100, 2)
    assert not np.shares_memory(views[0], np.array(buffer))
    assert np.asarray(buffer, dtype="float64").dtype == np.float64
    if int(np.__version__.split(".")[0]) >= 2:
        with pytest.raises(ValueError, match="takes a copy"):
            np.asarray(buffer, dtype="float64", copy=False)


def test_views_outlive_the_buffer():
    data = noise()
    view = ps.AudioBuffer(data, RATE).get_channel_data(1)
    gc.collect()
    assert np.array_equal(view, data[:, 1])


def test_a_buffer_can_be_written_to_until_it_is_played(ctx):
    buffer = ctx.create_buffer(2, 4)
    assert buffer.sample_rate == RATE
    buffer.get_channel_data(1)[:] = 0.5
    buffer.copy_to_channel([1, 2, 3], 0, 2)
    assert played(ctx, buffer)[:5].tolist() == [[0, 0.5], [0, 0.5], [1, 0.5], [2, 0.5], [0, 0]]
    with pytest.raises(ValueError, match="read-only"):
        buffer.get_channel_data(1)[:] = 0
    assert np.from_dlpack(buffer).tolist()[3] == [2, 0.5]


def test_the_last_frame_is_what_was_written_last(ctx):
    # At half the rate, what lies behind the last frame is that frame again.
    buffer = ctx.create_buffer(1, 2)
    buffer.get_channel_data(0)[:] = 1
    source = ctx.create_buffer_source(buffer, playback_rate=0.5)
    source >> ctx.destination
    source.start()
    assert ctx.render()[:4, 0].tolist() == [1, 1, 1, 1]


def test_copies():
    buffer = ps.AudioBuffer(np.arange(5, dtype="f4"), RATE)
    target = np.full(4, 9.0)
    buffer.copy_from_channel(target, 0, 3)
    assert target.tolist() == [3, 4, 9, 9]
    buffer.copy_from_channel(target, 0, 7)
    assert target.tolist() == [3, 4, 9, 9]
    with pytest.raises(ps.ArgumentError, match="channel is 1"):
        buffer.copy_from_channel(target, 1)
    with pytest.raises(ps.ArgumentError, match="one dimension"):
        buffer.copy_to_channel(np.zeros((2, 2)), 0)


@pytest.mark.parametrize(
    ("data", "rate"),
    [
        (np.zeros((0, 2)), RATE),
        (np.zeros((4, 33)), RATE),
        (np.zeros((4, 0)), RATE),
        (np.zeros((1, 1, 1)), RATE),
        (np.zeros(4), 100),
        (np.zeros(4), float("nan")),
        ([1, 2], RATE),
        ("no", RATE),
        (None, RATE),
        ([0.5], "8000"),
    ],
)
def test_what_no_buffer_can_be(data, rate):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError)):
        ps.AudioBuffer(data, rate)


def file_of(data, rate, kind="WAV"):
    file = io.BytesIO()
    ps.write(file, data, rate, format=kind, subtype="FLOAT" if kind == "WAV" else None)
    return file.getvalue()


def test_files_become_buffers(ctx, tmp_path):
    data = noise()
    content = file_of(data, RATE)
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    for source in (content, path, str(path), io.BytesIO(content), bytearray(content)):
        buffer = ctx.decode_audio_data(source)
        assert np.array_equal(np.asarray(buffer), data)
    for source in (content, path, str(path), data):
        assert np.array_equal(np.asarray(ctx.create_buffer(source)), data)
        assert np.array_equal(np.asarray(ctx.create_buffer_source(source).buffer), data)


def test_files_of_other_rates_are_resampled(ctx):
    data = noise(1000)
    buffer = ctx.decode_audio_data(file_of(data, 2 * RATE))
    assert buffer.sample_rate == RATE
    assert np.array_equal(np.asarray(buffer), ps.resample(data, 2 * RATE, RATE))


def test_what_cannot_be_decoded(ctx, tmp_path):
    with pytest.raises(ps.FileFormatError):
        ctx.decode_audio_data(b"no sound")
    with pytest.raises(FileNotFoundError):
        ctx.create_buffer_source(tmp_path / "no.wav")
    with pytest.raises(ps.ArgumentError, match="has no frames"):
        ctx.decode_audio_data(file_of(np.zeros((0, 1), "f4"), RATE))
    with pytest.raises(TypeError, match="buffer is 3 of type int"):
        ctx.create_buffer_source(3)


def test_a_node_gives_back_what_it_was_given(ctx):
    buffer, wave = ps.AudioBuffer(noise(), RATE), ps.PeriodicWave(imag=[0, 1, 2])
    source, osc = ctx.create_buffer_source(buffer), ctx.create_oscillator(periodic_wave=wave)
    assert source.buffer is buffer
    assert osc.periodic_wave is wave
    assert osc.type == "custom"
    data = np.array(buffer)
    del buffer, wave
    gc.collect()
    assert np.array_equal(np.asarray(source.buffer), data)
    assert osc.periodic_wave.imag.tolist() == [0, 1, 2]
    assert osc.periodic_wave.normalize
    assert ctx.create_buffer_source().buffer is None
    assert ctx.create_oscillator().periodic_wave is None


def test_waves():
    wave = ps.PeriodicWave([0, 0.5], normalize=False)
    assert (wave.real.tolist(), wave.imag.tolist(), wave.normalize) == ([0, 0.5], [0, 0], False)
    assert ps.PeriodicWave().imag.tolist() == [0, 1]
    assert repr(wave) == "<PeriodicWave: 1 partial>"
    for wrong in ({"real": [0]}, {"real": [0, 1], "imag": [0, 1, 2]}, {"imag": [0, float("nan")]}):
        with pytest.raises(ps.ArgumentError):
            ps.PeriodicWave(**wrong)
    with pytest.raises(ps.ArgumentTypeError):
        ps.PeriodicWave("no")


def test_a_wave_sets_the_type(ctx):
    osc = ctx.create_oscillator(frequency=RATE / 64)
    osc.set_periodic_wave(ps.PeriodicWave(real=[0, 1]))
    assert osc.type == "custom"
    osc >> ctx.destination
    osc.start()
    n = np.arange(256)
    assert np.abs(ctx.render()[:, 0] - np.cos(2 * np.pi * n / 64)).max() < 1e-5
    with pytest.raises(ps.StateError, match="needs a periodic_wave"):
        ctx.create_oscillator("custom")
    with pytest.raises(TypeError, match="must be a PeriodicWave"):
        osc.set_periodic_wave([0, 1])
