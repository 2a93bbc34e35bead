# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs are recorded, and their levels are read."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

import pastream_ng as ps

RATE = 48000


def noise(frames, channels=1):
    return np.random.default_rng(1).uniform(-1, 1, (frames, channels)).astype(np.float32)


def context(length, channels=1):
    return ps.OfflineAudioContext(channels, length, RATE)


def playing(ctx, sound):
    source = ctx.create_buffer_source(sound)
    source.start()
    return source


# ---- Recordings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop"), [(0, 1000), (1, 2), (100, 4321), (128, 256), (7, 9000)])
def test_a_recording_is_exact(start, stop):
    ctx = context(5000, 2)
    sound = noise(5120, 2)
    recorder = playing(ctx, sound) >> ctx.create_recorder()
    recorder.start(start / RATE)
    recorder.stop(stop / RATE)
    ctx.render()
    assert np.array_equal(recorder.recording, sound[start:stop])
    assert recorder.lost_frames == 0


def test_it_can_be_started_again():
    ctx = context(5120)
    sound = noise(5120)
    recorder = playing(ctx, sound) >> ctx.create_recorder(channels=1)
    assert recorder.recording.shape == (0, 1)
    blocks = ctx.blocks(1024)
    next(blocks)
    recorder.start()
    assert recorder.is_recording
    with pytest.raises(ps.StateError, match="it records already; stop it first"):
        recorder.start()
    next(blocks)
    assert np.array_equal(recorder.recording, sound[1024:2048])
    recorder.stop(2500 / RATE)
    assert not recorder.is_recording
    with pytest.raises(ps.StateError, match="it does not record; start it first"):
        recorder.stop()
    recorder.start()  # Not before the other has ended.
    next(blocks)
    next(blocks)
    recorder.stop()
    next(blocks)
    assert np.array_equal(recorder.recording, sound[1024:4096])
    recorder.clear()
    assert recorder.recording.shape == (0, 1)


def test_what_was_recorded_can_be_forgotten():
    ctx = context(1024)
    sound = noise(1024)
    recorder = playing(ctx, sound) >> ctx.create_recorder(channels=1)
    recorder.start()
    blocks = ctx.blocks(256)
    next(blocks)
    recorder.clear()
    next(blocks)
    assert np.array_equal(recorder.recording, sound[256:512])


def test_bad_recorders_are_refused():
    ctx = context(100)
    with pytest.raises(ps.ArgumentError, match="channels is 33"):
        ctx.create_recorder(channels=33)
    recorder = ctx.create_recorder()
    assert recorder.channels == 2
    with pytest.raises(ps.ArgumentTypeError, match="when"):
        recorder.start("now")
    with pytest.raises(ps.ArgumentError, match="when"):
        recorder.start(float("nan"))
    assert not recorder.is_recording
    ctx.close()
    with pytest.raises(ps.ClosedError):
        recorder.start()


def live(**more):
    device = ps.VirtualDevice("null")
    return ps.AudioContext(RATE, 1, device=device, **more)


def ramp(ctx):
    source = ctx.create_constant_source(0)
    source.offset.linear_ramp_to_value_at_time(1, 40)
    source.start()
    return source


def test_a_live_context_is_recorded_while_it_plays():
    ctx = live()
    recorder = ramp(ctx) >> ctx.create_recorder(channels=1)
    recorder.start(0.01)
    recorder.stop(0.06)
    with ctx:
        ctx.wait(0.08)
        sound = recorder.recording[:, 0]
    wanted = np.arange(480, 2880) / (40 * RATE)
    assert np.allclose(sound, wanted, rtol=1e-5)
    assert recorder.lost_frames == 0


def test_a_thread_takes_over_what_is_recorded():
    ctx = live()
    recorder = ramp(ctx) >> ctx.create_recorder(channels=1)
    recorder.start()
    with ctx:
        # Nobody asks for it.
        deadline = time.monotonic() + 20
        while recorder._known < 4800 and time.monotonic() < deadline:
            time.sleep(0.01)
        recorder.stop()
    sound = recorder.recording[:, 0]
    assert len(sound) >= 4800
    assert np.allclose(sound, np.arange(len(sound)) / (40 * RATE), rtol=1e-5, atol=1e-9)


def test_threads_end_with_their_recorders():
    def count():
        return sum(t.name == "pastream_ng recorder" for t in threading.enumerate())

    ctx = live()
    first, second = ctx.create_recorder(), ctx.create_recorder()
    with ctx:
        first.start()
        second.start()
        assert count() == 2
        gone = weakref.ref(second)
        gc.disable()
        try:
            first.stop()
            del second
            deadline = time.monotonic() + 20
            while (count() or gone()) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert gone() is None
        finally:
            gc.enable()
        assert count() == 0
        first.start()
        assert count() == 1
    deadline = time.monotonic() + 20
    while count() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert count() == 0


# ---- Levels --------------------------------------------------------------------------------------


def test_levels_are_those_of_the_window():
    ctx = context(9600, 2)
    sound = noise(9600, 2) * np.array([1, 0.25], np.float32)
    meter = playing(ctx, sound) >> ctx.create_meter(window=0.1)
    ctx.render()
    reading = meter.read()
    assert isinstance(reading, ps.MeterReading)
    assert (reading.frames, reading.window) == (9600, 4864)
    last = sound[-4864:].astype(float)
    assert np.array_equal(reading.peak, np.abs(last).max(0))
    assert np.allclose(reading.rms, np.sqrt((last**2).mean(0)), rtol=1e-6)
    assert np.allclose(reading.rms_db, 20 * np.log10(reading.rms))
    assert np.array_equal(reading.max_peak, np.abs(sound).max(0))
    assert reading.clipped.tolist() == [0, 0]
    assert (meter.channels, meter.window) == (2, 0.1)


def test_clipping_is_counted_until_a_reset():
    ctx = context(512)
    sound = np.zeros(512, np.float32)
    sound[[3, 300]] = 1.5, -1
    meter = playing(ctx, sound) >> ctx.create_meter(channels=1, window=0.01)
    blocks = ctx.blocks(256)
    next(blocks)
    assert (meter.read().max_peak, meter.read().clipped) == (1.5, 1)
    meter.reset()
    assert (meter.read().max_peak, meter.read().clipped) == (0, 0)
    next(blocks)
    assert (meter.read().max_peak, meter.read().clipped) == (1, 1)
    assert meter.read().peak == 1.5


def test_bad_meters_are_refused():
    ctx = context(100)
    with pytest.raises(ps.ArgumentError, match=r"window is 0; it must be from 0\.001 to 10"):
        ctx.create_meter(window=0)
    with pytest.raises(ps.ArgumentError, match="channels is 33"):
        ctx.create_meter(channels=33)
