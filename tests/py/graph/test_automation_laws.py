# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Timelines of params against a model of the specification, with calls at random."""

import random

import numpy as np
import pytest
import timelines

import pastream_ng as ps

METHODS = (
    *("set_value_at_time", "linear_ramp_to_value_at_time", "exponential_ramp_to_value_at_time"),
    *("set_target_at_time", "set_value_curve_at_time"),
    *("cancel_scheduled_values", "cancel_and_hold_at_time", "linear_ramp_to_value_at_time"),
)


class Case:
    """A param with a timeline, and its model; both are called with the same."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.rate = self.dice.choice([8000, 32768, 44100, 48000])
        self.length = self.dice.choice([512, 1000, 2000])
        self.quantum = self.dice.choice([128, 128, 128, 64, 100, 1, 1024])
        self.ctx = ps.OfflineAudioContext(1, self.length, self.rate, quantum=self.quantum)
        source = self.ctx.create_constant_source()
        if self.dice.random() < 0.5:
            gain = self.ctx.create_gain()
            source >> gain >> self.ctx.destination
            self.param = gain.gain
        else:
            source >> self.ctx.destination
            self.param = source.offset
        source.start()
        self.step = 1  # Frames for which a value holds.
        if self.dice.random() < 0.25:
            self.param.automation_rate = "k-rate"
            self.step = self.quantum
        self.model = timelines.Timeline(1.0)
        self.times = []  # What was named before is interesting.

    def time(self, now):
        dice, n = self.dice, self.length
        times = [now, dice.randrange(n) / self.rate, dice.randrange(0, n, 128) / self.rate]
        times += [dice.uniform(0, 1.2 * n / self.rate)] * 2 + self.times[-2:]
        return dice.choice(times)

    def value(self):
        dice = self.dice
        return dice.choice([0, 1, -1, dice.uniform(-2, 2), *[dice.uniform(0.01, 2)] * 2])

    def arguments(self, method, now):
        time = self.time(now)
        if method.startswith("cancel"):
            return [time]
        if method == "set_value_curve_at_time":
            values = [self.value() for _ in range(self.dice.choice([2, 3, 9, 64]))]
            most = self.length / self.rate
            return [values, time, self.dice.choice([self.dice.uniform(1e-9, most), 1e-4])]
        value = self.value()
        if method == "set_target_at_time":
            return [value, time, self.dice.choice([0, 1e-4, 0.01, self.dice.uniform(0, 0.1)])]
        return [value or 0.1 if method.startswith("exp") else value, time]

    def call_some(self, now):
        for _ in range(self.dice.choice([1, 2, 3, 5, 8])):
            method = self.dice.choice(METHODS)
            args = self.arguments(method, now)
            self.times.append(args[0] if len(args) == 1 else args[1])
            if method == "set_value_curve_at_time":
                self.times.append(args[1] + args[2])
            refusals = [False, False]
            try:
                getattr(self.param, method)(*args)
            except ps.UnsupportedOptionError:
                refusals[0] = True
            try:
                self.model.call(method, args, now)
            except timelines.Refused:
                refusals[1] = True
            assert refusals[0] == refusals[1], (method, args, now)

    def expected(self):
        return self.model.at(np.arange(self.length) // self.step * self.step / self.rate)


@pytest.mark.parametrize("first", range(0, 1200, 100))
def test_calls_at_any_time_do_what_the_specification_says(first):
    for seed in range(first, first + 100):
        case = Case(seed)
        case.call_some(0.0)
        expected = case.expected()

        def turn(ctx, case=case, expected=expected):
            frame, rate = ctx.current_frame, case.rate
            before = case.model.at(np.array([(frame - case.quantum) / rate]))[0]
            assert case.param.value == pytest.approx(before, rel=1e-5, abs=1e-5)
            case.call_some(frame / rate)
            expected[frame:] = case.expected()[frame:]

        n_quanta = -(-case.length // case.quantum)
        stops = {case.dice.randrange(n_quanta) for _ in range(case.dice.choice([0, 1, 2, 4]))}
        for stop in sorted(stops - {0}):
            case.ctx.suspend(stop * case.quantum / case.rate, turn)
        sound = case.ctx.render()[:, 0]
        np.testing.assert_allclose(sound, expected, rtol=2e-6, atol=2e-6, err_msg=f"seed {seed}")


def constant(length=256, rate=8000):
    ctx = ps.OfflineAudioContext(1, length, rate)
    source = ctx.create_constant_source()
    source >> ctx.destination
    source.start()
    return ctx, source.offset


def test_what_begins_now_can_be_cancelled():
    ctx, offset = constant()

    @ctx.suspend(128 / 8000)
    def turn(ctx):
        offset.linear_ramp_to_value_at_time(5, 0)  # Which means now.
        offset.cancel_scheduled_values(0)

    assert (ctx.render() == 1).all()


def test_a_ramp_begins_before_a_curve_that_was_cancelled_under_way():
    ctx, offset = constant(512)
    offset.set_value_at_time(2, 64 / 8000).set_value_curve_at_time([9, 9], 100 / 8000, 1)

    @ctx.suspend(128 / 8000)
    def turn(ctx):
        offset.cancel_scheduled_values(ctx.current_time)
        offset.linear_ramp_to_value_at_time(0, 320 / 8000)

    sound = ctx.render()[128:, 0]
    expected = np.interp(np.arange(128, 512), [64, 320], [2, 0])
    np.testing.assert_allclose(sound, expected, atol=1e-6)


@pytest.mark.parametrize("duration", [5e-324, 1e-18, 1e-9])
def test_the_shortest_curve_ends_with_its_last_value(duration):
    ctx, offset = constant()
    offset.set_value_curve_at_time([1, 2, 3], 100 / 8000, duration)
    sound = ctx.render()[:, 0]
    assert (sound[:100] == 1).all()
    assert (sound[101:] == 3).all()


def test_ten_thousand_events_in_any_order():
    ctx, offset = constant(20000)
    events = list(range(10000))
    random.Random(1).shuffle(events)
    for i in events:
        offset.linear_ramp_to_value_at_time(i, 2 * i / 8000)
    sound = ctx.render()[:19998, 0]
    np.testing.assert_allclose(sound, np.arange(19998) / 2, rtol=1e-6)
