# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Contexts hear."""

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000


def noise(frames, channels=1):
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def hearing(data, length, channels=1, **more):
    ctx = ps.OfflineAudioContext(channels, length, RATE, input=data, **more)
    ctx.create_device_input() >> ctx.destination
    return ctx


@pytest.mark.parametrize("quantum", [1, 100, 128])
def test_an_array_is_heard_without_a_delay(quantum):
    sound = noise(1000, 2)
    ctx = hearing(sound, 1300, 2, quantum=quantum)
    assert ctx.input_channels == 2
    heard = ctx.render()
    assert np.array_equal(heard[:1000], sound)
    assert not heard[1000:].any()
    blocks = hearing(sound, 1300, 2, quantum=quantum).blocks(77)
    assert np.array_equal(np.concatenate(list(blocks)), heard)


def test_arrays_of_all_kinds_are_heard():
    assert hearing([0.5, 0.25], 3).render()[:, 0].tolist() == [0.5, 0.25, 0]
    sound = noise(10)[:, 0].astype(np.float64)
    assert np.array_equal(hearing(sound, 10).render()[:, 0], sound.astype(np.float32))
    wide = np.asfortranarray(noise(10, 2))
    assert np.array_equal(hearing(wide, 10, 2).render(), wide)


def test_without_an_input_there_is_silence():
    ctx = hearing(None, 256)
    assert ctx.input_channels == 0
    assert not ctx.render().any()


def test_bad_inputs_are_refused():
    with pytest.raises(ps.ArgumentError, match="input has 33 channels; it must have 1 to 32"):
        hearing(np.zeros((4, 33)), 10)
    with pytest.raises(ps.ArgumentError, match="input"):
        hearing(np.zeros((1, 2, 3)), 10)
    with pytest.raises(ps.ArgumentTypeError, match="input"):
        hearing("x", 10)
    ctx = hearing(None, 10)
    with pytest.raises(ps.ArgumentError, match="channels is 33"):
        ctx.create_device_input(channels=33)


@pytest.mark.parametrize(("blocksize", "delay"), [(128, 128), (256, 256), (100, 227)])
def test_a_device_is_heard(loopback, blocksize, delay):
    # Its output comes back one block later.
    ctx = ps.AudioContext(
        RATE, 1, device=loopback, blocksize=blocksize, input_channels=1, buffersize=1 << 16
    )
    source = ctx.create_constant_source(0)
    source.offset.linear_ramp_to_value_at_time(1, 40)
    source >> ctx.destination
    source.start()
    ears = ctx.create_device_input()
    tap = ears.tap(channels=1, capacity=1 << 14)
    loop = iter(tap.chunks(9600, timeout=30).with_info())
    ctx.resume()
    heard, info = next(loop)
    ctx.close()
    assert (info.frame, info.lost) == (0, 0)
    ramp = np.arange(9600 - delay) / (40 * RATE)
    # The first sound fades in.
    assert not heard[:delay].any()
    assert np.allclose(heard[delay + 400 :], ramp[400:], rtol=1e-5)
