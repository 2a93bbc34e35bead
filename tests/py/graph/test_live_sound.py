# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What devices get of live graphs is what offline ones render, bit by bit."""

import threading

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.sanitize

RATE = 48000
FADE = 240  # 5 ms
HANG = 60


def live(loopback, channels=2, blocksize=128, buffersize=1 << 16, **more):
    """Return a context whose output comes back as input one block later."""
    return ps.AudioContext(
        RATE,
        channels,
        device=loopback,
        blocksize=blocksize,
        input_channels=channels,
        buffersize=buffersize,
        **more,
    )


def heard(ctx, frames):
    """Start a context; return what is heard from frame 0 on."""
    block = ctx.stream.blocksize
    take = ctx.stream.recording(frames + block, always_2d=True)
    ctx.resume()
    return take.array(timeout=HANG)[block:]


def patch(ctx):
    """Make something of most kinds of moves: modulation, ramps, a cycle, starts and stops."""
    osc = ctx.create_oscillator(type="sawtooth", frequency=220)
    lfo = ctx.create_oscillator(frequency=5)
    gain = ctx.create_gain(0.3)
    echo, back = ctx.create_delay(0.011), ctx.create_gain(0.5)
    lfo >> ctx.create_gain(20) >> osc.frequency
    osc >> gain >> ctx.destination
    gain >> echo >> back >> echo >> ctx.destination
    gain.gain.set_value_at_time(0, 0).linear_ramp_to_value_at_time(0.3, 0.05)
    gain.gain.exponential_ramp_to_value_at_time(0.01, 0.4)
    osc.start(0.0101)
    lfo.start()
    osc.stop(0.43)


def offline(frames, channels=2, build=patch):
    return ps.OfflineAudioContext(channels, frames, RATE).render(build)


@pytest.mark.parametrize("blocksize", [128, 64, 100, 1000])
@pytest.mark.parametrize("quantum", [128, 37])
def test_a_device_gets_the_bits_of_an_offline_render(loopback, blocksize, quantum):
    ctx = live(loopback, blocksize=blocksize, quantum=quantum)
    patch(ctx)
    wanted = ps.OfflineAudioContext(2, 24000, RATE, quantum=quantum).render(patch)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_array_equal(heard(ctx, 24000), wanted)
    ctx.close()


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_device_may_have_any_number_of_channels(channels):
    device = ps.VirtualDevice("loopback", clock="free")
    ctx = live(device, channels)
    patch(ctx)
    np.testing.assert_array_equal(heard(ctx, 4800), offline(4800, channels))
    ctx.close()


def ramp(ctx):
    """Let each frame of the context have a value of its own."""
    source = ctx.create_constant_source(0)
    source.offset.linear_ramp_to_value_at_time(1, 40)
    source >> ctx.destination
    source.start()


def run_until(ctx, frame):
    """Let a context run until it has rendered a frame, at least; return all that was heard."""
    parts = []

    def read():
        while len(part := ctx.stream.input_ring.read(500, timeout=HANG)):
            parts.append(part)

    ctx.resume()
    reader = threading.Thread(target=read)
    reader.start()
    ctx.wait_until(frame / RATE)
    ctx.suspend()
    frame = ctx.current_frame
    reader.join(HANG)
    assert ctx.state == "suspended"
    assert ctx.current_frame == frame
    return np.concatenate(parts)


def test_what_is_suspended_fades_and_goes_on_where_it_was(loopback):
    with ps.OfflineAudioContext(1, 40 * RATE, RATE) as wanted_from:
        wanted = wanted_from.render(ramp)[:, 0]
    ctx = live(loopback, 1, buffersize=2048)
    ramp(ctx)
    position = 0
    for turn in range(3):
        got = run_until(ctx, position + 3000)
        assert not got[:128].any()  # The loopback's own delay.
        length = check_run(got[128:], wanted[position:], fades_in=turn > 0)
        # The last quantum is played to its end, of which nothing is heard.
        assert position + length <= ctx.current_frame < position + length + 128
        position = ctx.current_frame
    ctx.close()


def check_run(got, wanted, fades_in):
    """Compare a run with what should be heard; return its length."""
    out = np.arange(FADE - 1, -1, -1, dtype="float32") / np.float32(FADE)
    # Where the fade ends is not known, and its last frames may not have come back.
    least = np.nonzero(got)[0][-1] + 1
    for length in range(least, len(got) + 129):
        model = wanted[:length].copy()
        if fades_in:
            model[:FADE] *= out[::-1]
        model[-FADE:] *= out
        model = np.append(model, np.zeros(max(0, len(got) - length), "float32"))
        if np.array_equal(model[: len(got)], got):
            return length
    raise AssertionError


def test_what_is_no_number_is_played_as_silence_and_counted(loopback):
    ctx = live(loopback, 1)
    sound = np.full(1000, 0.5, "float32")
    sound[100:110] = np.nan
    sound[200] = np.inf
    sound[300] = -np.inf
    source = ctx.create_buffer_source(sound)
    source >> ctx.destination
    source.start()
    got = heard(ctx, 2000)[:, 0]
    ctx.suspend()
    assert np.isfinite(got).all()
    clean = np.where(np.isfinite(sound), sound, np.float32(0))
    np.testing.assert_array_equal(got[:1000], clean)
    assert ctx.stats.nonfinite_samples == 12
    ctx.close()


def test_a_device_with_a_format_of_its_own_clips_and_counts(loopback):
    ctx = live(loopback, 1, device_dtype="int16")
    source = ctx.create_constant_source(1.5)
    source >> ctx.destination
    source.start()
    got = heard(ctx, 500)
    assert (got == np.float32(32767 / 32768)).all()
    assert ctx.stats.clipped_samples >= 500
    ctx.close()


def test_graphs_are_changed_by_many_threads_while_they_play(loopback):
    """Sources of powers of two are switched on and off: each sample is a sum of whole ones."""
    ctx = live(loopback, 1)
    voices, turns = 4, 60
    steady = ctx.create_constant_source(1.0)
    steady >> ctx.destination
    steady.start()
    errors = []

    def work(number):
        try:
            for turn in range(turns):
                source = ctx.create_constant_source(2.0 ** (number + 1))
                gain = ctx.create_gain(1.0)
                with ctx.batch():  # Two that are never heard alone.
                    twin = ctx.create_constant_source(-(2.0 ** (number + 1)))
                    source >> gain >> ctx.destination
                    twin >> gain
                    source.start()
                    twin.start()
                gain.gain.set_value_at_time(0.5, ctx.current_time + 0.01)
                if turn % 2:
                    with ctx.batch():
                        source.stop()
                        twin.stop()
                else:
                    gain.disconnect()
        except BaseException as error:
            errors.append(error)

    ctx.resume()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(voices)]
    for thread in threads:
        thread.start()
    heads = []
    while any(thread.is_alive() for thread in threads):
        heads.append(ctx.stream.read(512))
    for thread in threads:
        thread.join(HANG)
    heads.append(ctx.stream.read(512))
    ctx.close()
    assert not errors
    got = np.concatenate(heads)[128:]
    np.testing.assert_array_equal(got, np.ones(len(got), "float32"))
