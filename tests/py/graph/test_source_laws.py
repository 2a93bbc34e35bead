# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sources against models in float64: sounds played in all ways, oscillators in long quanta."""

import math
import random

import numpy as np
import pytest

import pastream_ng as ps


class Player:
    """How the specification plays a sound, frame by frame."""

    def __init__(self, sound, rate, when, offset, duration):
        self.sound, self.rate, self.when = sound, rate, when
        self.place = min(offset, len(sound))
        self.left = duration
        self.low, self.high = 0, len(sound)
        self.loops = self.is_in_loop = self.has_begun = False

    def loop(self, start, end):
        self.loops = True
        if 0 <= start < end and end > 0 and start < len(self.sound):
            self.low, self.high = start, min(end, len(self.sound))

    def frame(self, i, step):
        """Return what is heard at a frame, or None when all is over."""
        if not self.has_begun:
            self.begin(i, step)
        if self.left <= 1e-7 * max(1, abs(step)):
            return None
        if self.loops:
            self.wrap(step)
        place, n = self.place, len(self.sound)
        if not self.is_in_loop and (place < 0 if step < 0 else place >= n - 1e-9):
            return None
        self.place += step
        self.left -= abs(step)
        if abs(place - round(place)) < 1e-7:
            place = round(place)
        if not 0 <= place < n:
            return 0 * self.sound[0]
        k = math.floor(place)
        after = k + 1
        if self.is_in_loop and after >= self.high:
            after = math.floor(self.low)
        after = min(after, n - 1)
        return self.sound[k] + (place - k) * (self.sound[after] - self.sound[k])

    def begin(self, i, step):
        self.has_begun = True
        if self.loops:
            place = self.place
            self.place = min(place, self.high) if step >= 0 else max(place, self.low)
        self.place += (i - self.when * self.rate) * step

    def wrap(self, step):
        place, length = self.place, self.high - self.low
        self.is_in_loop |= self.low - 1e-9 <= place < self.high
        self.is_in_loop |= step >= 0 and place >= self.high
        if self.is_in_loop:
            while self.place < self.low - 1e-9:
                self.place += length
            while self.place >= self.high - 1e-9:
                self.place -= length


def play(seed):
    """Return what a source gives that is set at random, and what it should."""
    dice = random.Random(seed)
    rate = dice.choice([8000, 44100, 48000])
    its_rate = dice.choice([rate, rate, 22050, 48000])
    n, n_frames = dice.choice([512, 1000]), dice.choice([1, 2, 10, 100, 500, 1500])
    shape = (n_frames, dice.choice([1, 1, 2]))
    sound = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    seconds = n_frames / its_rate

    def somewhere(most):
        return dice.choice([dice.random() * most * seconds, dice.randrange(n_frames) / its_rate])

    speed = dice.choice([1, 1, 1, 0.5, 2, dice.uniform(0.1, 3), -1, -dice.uniform(0.1, 3), 0])
    detune = dice.choice([0, 0, 0, 1200, dice.uniform(-1200, 1200)])
    when = dice.choice([0, 0, dice.randrange(n) / rate, dice.random() * n / rate / 2])
    offset = dice.choice([0, 0, somewhere(1), 1.5 * seconds, seconds])
    duration = dice.choice([None, None, somewhere(2) + 1e-3])
    stop = dice.choice([None, None, dice.random() * n / rate])
    ctx = ps.OfflineAudioContext(shape[1], n, rate)
    source = ctx.create_buffer_source(ps.AudioBuffer(sound, sample_rate=its_rate))
    source.playback_rate, source.detune = speed, detune
    left = math.inf if duration is None else duration * its_rate
    player = Player(sound.astype(float), rate, when, offset * its_rate, left)
    if dice.random() < 0.5:
        source.loop = True
        source.loop_start = dice.choice([0, 0, somewhere(1), -0.1, 2 * seconds])
        source.loop_end = dice.choice([0, somewhere(1.2), seconds])
        points = [source.loop_start * its_rate, source.loop_end * its_rate]
        player.loop(*(round(x) if abs(x - round(x)) < 1e-9 else x for x in points))
    source >> ctx.destination
    source.start(when, offset, *([] if duration is None else [duration]))
    if stop is not None:
        source.stop(stop)
    expected = np.zeros((n, shape[1]))
    speed, detune = float(np.float32(speed)), float(np.float32(detune))
    step = speed * 2 ** (detune / 1200) * its_rate / rate
    for i in range(n):
        if when <= i / rate < (math.inf if stop is None else stop):
            frame = player.frame(i, step)
            if frame is None:
                break
            expected[i] = frame
    return ctx.render(), expected


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_sounds_are_played_as_the_specification_says(first):
    for seed in range(first, first + 100):
        sound, expected = play(seed)
        np.testing.assert_allclose(sound, expected, atol=2e-5, err_msg=f"seed {seed}")


def test_loop_points_at_frames_are_at_frames():
    # 461 / 44100 * 44100 is a little more than 461.
    sound = np.arange(500, dtype=np.float32)
    ctx = ps.OfflineAudioContext(1, 2000, 44100)
    source = ctx.create_buffer_source(ps.AudioBuffer(sound, sample_rate=44100), loop=True)
    source.loop_end = 461 / 44100
    assert source.loop_end * 44100 > 461
    source >> ctx.destination
    source.start()
    assert ctx.render()[:, 0].tolist() == (np.arange(2000) % 461).tolist()


def test_what_begins_at_its_end_and_goes_back_begins_with_silence():
    sound = np.arange(1, 11, dtype=np.float32)
    ctx = ps.OfflineAudioContext(1, 128, 8000)
    source = ctx.create_buffer_source(ps.AudioBuffer(sound, sample_rate=8000), playback_rate=-1)
    source >> ctx.destination
    source.start(0, 10 / 8000)
    assert ctx.render()[:12, 0].tolist() == [0, *range(10, 0, -1), 0]


@pytest.mark.parametrize("quantum", [1, 100, 128, 4096, 16384])
@pytest.mark.parametrize("hz", [100, -1000, 10001])
def test_phases_do_not_drift_in_long_quanta(quantum, hz):
    ctx = ps.OfflineAudioContext(1, 16384, 48000, quantum=quantum)
    source = ctx.create_oscillator(frequency=hz)
    source >> ctx.destination
    source.start()
    expected = np.sin(2 * np.pi * hz * np.arange(16384) / 48000)
    assert np.abs(ctx.render()[:, 0] - expected).max() < 4e-7
