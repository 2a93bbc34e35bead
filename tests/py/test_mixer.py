# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What mixers play on virtual devices, heard to the bit through a loopback."""

import time

import numpy as np
import pytest

import pastream_ng as ps

from .conftest import heard

BLOCK = 16
RAMP = np.arange(1, 1001, dtype="float32") / 1024


# ---- Starts --------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("at", [0, 1, 15, 16, 17, 333])
def test_a_start_is_exact_to_the_frame(mixer, at):
    voice = mixer.play(RAMP[:100], at=at)
    wanted = np.zeros(500, "float32")
    wanted[at : at + 100] = RAMP[:100]
    assert np.array_equal(heard(mixer, 500)[:, 0], wanted)
    assert voice.status.started == at
    assert voice.state == ps.VoiceState.FINISHED


def test_voices_are_summed(mixer):
    wanted = np.zeros(300, "float32")
    for number in range(20):
        mixer.play(RAMP[:100] / 32, at=7 * number)
        wanted[7 * number : 7 * number + 100] += RAMP[:100] / 32
    assert len(mixer.voices) == 20
    assert np.array_equal(heard(mixer, 300)[:, 0], wanted)
    assert mixer.voices == []


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float16", "float32", "float64"])
def test_samples_of_all_kinds_are_kept(mixer, dtype):
    if np.dtype(dtype).kind == "f":
        data = ((np.arange(256) - 128) / 256).astype(dtype)
        wanted = data.astype("float32")
    else:
        info = np.iinfo(dtype)
        data = np.linspace(info.min, info.max, 256).astype(dtype)
        half = (info.max - info.min + 1) / 2
        wanted = ((data.astype("float64") - (half if info.min == 0 else 0)) / half).astype(
            "float32"
        )
    mixer.play(data)
    assert np.array_equal(heard(mixer, 256)[:, 0], wanted)


def test_wide_integers_keep_24_bits(mixer):
    data = np.array([2**31 - 1, -(2**31), 2**30 + 1, 12345 << 8], "int32")
    mixer.play(data)
    assert np.array_equal(heard(mixer, 4)[:, 0], (data / 2.0**31).astype("float32"))


def test_a_start_by_the_clock():
    """The frame is the one that the stream's own clock tells for that time, give or take 5 ms."""
    with ps.Mixer(ps.VirtualDevice("null"), 48000, channels=1, blocksize=64) as mixer:
        mixer.start()
        times = [mixer.time + 0.1 + 0.01 * number for number in range(5)]
        voices = [mixer.play(np.zeros(100), time=when) for when in times]
        assert mixer.wait(30)
        clock, lost = mixer.clock, mixer.stats.lost_frames
    for when, voice in zip(times, voices, strict=True):
        off = voice.status.started - voice.status.late_frames - clock.frame_at(when)
        assert abs(off) <= 240 + lost


def test_late_starts(live_mixer):
    live_mixer.play(np.zeros(4800)).wait(30)
    late = live_mixer.play(np.zeros(10), at=100)
    assert late.wait(30)
    assert late.state == ps.VoiceState.FINISHED
    assert late.status.late_frames >= 4700
    never = live_mixer.play(np.zeros(10), at=100, allow_belated=False)
    assert never.wait(30)
    assert never.state == ps.VoiceState.LATE
    assert never.status.played_frames == 0
    assert never.status.started is None


# ---- Gains and channels --------------------------------------------------------------------------


def curve(name, a, b, x):
    if name == "linear":
        return a + (b - a) * x
    if name == "equal-power":
        return np.hypot(a * np.cos(x * np.pi / 2), b * np.sin(x * np.pi / 2))
    return max(a, 1e-5) * (max(b, 1e-5) / max(a, 1e-5)) ** x


@pytest.mark.parametrize("name", ["linear", "equal-power", "exponential"])
def test_fades(mixer, name):
    voice = mixer.play(np.full(600, 0.5), fade_in=100, curve=name, gain=0.75)
    voice.fade(0.25, 150, at=200, curve=name)
    voice.cancel(80, at=450, curve=name)
    x = np.arange(600)
    wanted = np.where(x < 100, curve(name, 0, 1, x / 100), 1.0)
    wanted *= np.where(x < 200, 0.75, 0.25)
    moving = (x >= 200) & (x < 350)
    wanted[moving] = curve(name, 0.75, 0.25, (x[moving] - 200) / 150)
    wanted[450:530] *= curve(name, 1, 0, np.arange(80) / 80)
    wanted[530:] = 0
    np.testing.assert_allclose(heard(mixer, 600)[:, 0], 0.5 * wanted, atol=1e-6)
    assert voice.state == ps.VoiceState.CANCELLED
    assert voice.status.played_frames == 530


def test_seconds_are_as_good_as_frames(mixer):
    voice = mixer.play(np.ones(4800), fade_in=0.01, start=0.02, loop=(0.03, 0.05), repeats=1)
    voice.fade(0.5, 0.001, at=960)
    out = heard(mixer, 6000)[:, 0]
    assert out[240] == 0.5
    assert (out[480:961] == 1).all()
    assert (out[1008:4800] == 0.5).all()
    assert voice.status.played_frames == 4800 - 960 + 960
    assert voice.status.repeats == 1


def test_the_mixers_own_gain(mixer):
    mixer.play(np.ones(400))
    mixer.fade(0.5, 100, at=50)
    wanted = np.interp(np.arange(400), [50, 150], [1, 0.5])
    np.testing.assert_allclose(heard(mixer, 400)[:, 0], wanted, atol=1e-6)
    assert mixer.gain == 0.5


def test_channels_are_mapped(loopback):
    stereo = np.stack([RAMP[:50], -RAMP[:50]], axis=1)
    matrix = [[1, 0], [0, 0.5], [0.25, 0.25]]
    for data, mapping, wanted in (
        (RAMP[:50], None, np.stack([RAMP[:50]] * 3, axis=1)),
        (RAMP[:50], [2], np.stack([0 * RAMP[:50], RAMP[:50], 0 * RAMP[:50]], axis=1)),
        (RAMP[:50], [3, 1], np.stack([RAMP[:50], 0 * RAMP[:50], RAMP[:50]], axis=1)),
        (stereo, [3, 2], np.stack([0 * RAMP[:50], -RAMP[:50], RAMP[:50]], axis=1)),
        (stereo, [1, 1], np.stack([0 * RAMP[:50]] * 3, axis=1)),
        (stereo, matrix, stereo @ np.array(matrix, "float32").T),
        (stereo, np.array(matrix), stereo @ np.array(matrix, "float32").T),
    ):
        with ps.DuplexMixer(loopback, 48000, channels=3, blocksize=BLOCK) as mixer:
            mixer.play(data, mapping=mapping)
            np.testing.assert_allclose(heard(mixer, 50), wanted, atol=1e-7)


# ---- Loops, seek, pause --------------------------------------------------------------------------


def test_loops_and_repeats(mixer):
    voice = mixer.play(RAMP[:30], loop=(10, 20), repeats=2, start=5)
    wanted = np.concatenate([RAMP[5:20], RAMP[10:20], RAMP[10:30]])
    assert np.array_equal(heard(mixer, 60)[:, 0], np.pad(wanted, (0, 60 - len(wanted))))
    assert voice.status.repeats == 2


def test_repeats_without_a_loop_repeat_everything(mixer):
    mixer.play(RAMP[:7], repeats=3)
    assert np.array_equal(heard(mixer, 28)[:, 0], np.tile(RAMP[:7], 4))


def test_a_loop_is_ended(mixer):
    voice = mixer.play(RAMP[:10], loop=True)
    voice.set_loop(False, at=25)
    assert np.array_equal(heard(mixer, 40)[:, 0], np.pad(np.tile(RAMP[:10], 3), (0, 10)))
    assert voice.state == ps.VoiceState.FINISHED


def test_the_crossfade_of_a_loop_is_seamless(mixer):
    """A sine whose loop is cut anywhere has no jump with a crossfade, and has one without."""
    tone = np.sin(np.arange(4000) * 0.05).astype("float32") / 2
    mixer.play(tone, loop=(1000, 1777), crossfade=200)
    out = heard(mixer, 6000)[:, 0]
    steps = np.abs(np.diff(out, 2))
    assert steps.max() < 0.006
    cut = np.concatenate([tone[:1777], tone[1000:1777]])
    assert np.abs(np.diff(cut, 2)).max() > 0.1


def test_seek_and_pause(mixer):
    voice = mixer.play(RAMP[:200])
    voice.seek(100, at=10)
    voice.pause(at=20)
    voice.resume(at=50)
    voice.seek(190, at=60)
    wanted = np.concatenate([RAMP[:10], RAMP[100:110], np.zeros(30), RAMP[110:120], RAMP[190:200]])
    assert np.array_equal(heard(mixer, 100)[:, 0], np.pad(wanted, (0, 100 - len(wanted))))
    assert voice.position == 200


def test_a_paused_voice_is_paused(live_mixer):
    voice = live_mixer.play(np.zeros(48000), loop=True)
    voice.pause(0.001)
    while voice.state != ps.VoiceState.PAUSED:
        time.sleep(0.001)
    before = voice.position
    time.sleep(0.01)
    assert voice.position == before
    assert voice.active
    voice.resume(0.001)
    while voice.position == before:
        time.sleep(0.001)
    assert voice.state == ps.VoiceState.PLAYING


def test_crossfade_of_two_voices(mixer):
    old = mixer.play(np.full(50, 0.5), loop=True)
    new = mixer.crossfade(old, np.full(300, 0.25), 100, at=75)
    x = np.clip((np.arange(300) - 75) / 100, 0, 1)
    wanted = 0.5 * np.cos(x * np.pi / 2) + 0.25 * np.sin(x * np.pi / 2)
    np.testing.assert_allclose(heard(mixer, 300)[:, 0], wanted, atol=1e-6)
    assert old.state == ps.VoiceState.CANCELLED
    assert new.status.started == 75
