# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A slow model of a param's timeline, in float64, as the specification words it."""

import bisect
import math

import numpy as np


class Refused(Exception):
    """What the specification forbids."""


class Timeline:
    """Events in the order of their times, and of the calls where those are equal.

    An event is a list: kind, time, value, time constant or duration, end of a curve.
    """

    def __init__(self, initial):
        self.initial = initial
        self.events = []

    def call(self, method, args, now):
        """Do what a method does when it is called at a time."""
        getattr(self, method)(*args, now=now)

    def set_value_at_time(self, value, time, *, now):
        self._add(["set", max(time, now), value, 0, 0])

    def set_target_at_time(self, value, time, constant, *, now):
        self._add(["target", max(time, now), value, constant, 0])

    def linear_ramp_to_value_at_time(self, value, time, *, now):
        self._ramp(["linear", max(time, now), value, 0, 0], now)

    def exponential_ramp_to_value_at_time(self, value, time, *, now):
        self._ramp(["exponential", max(time, now), value, 0, 0], now)

    def set_value_curve_at_time(self, values, time, duration, *, now):
        time = max(time, now)
        if any(time < e[1] < time + duration for e in self.events):
            raise Refused
        self._add(["curve", time, values, duration, time + duration])

    def cancel_scheduled_values(self, time, *, now):
        time = max(time, now)
        self.events = [
            e for e in self.events if e[1] < time and not (e[0] == "curve" and e[1] <= time <= e[4])
        ]

    def cancel_and_hold_at_time(self, time, *, now):
        time = max(time, now)
        held = self.at(np.array([time]))[0]
        before = [e for e in self.events if e[1] <= time]
        after = [e for e in self.events if e[1] > time]
        self.events = before
        last = before[-1] if before else None
        if last and last[0] == "curve" and last[4] > time:
            last[4] = time
        elif after and after[0][0] in ("linear", "exponential"):
            self.events.append([after[0][0], time, held, 0, 0])
        elif last and last[0] == "target":
            self.events.append(["set", time, held, 0, 0])

    def _add(self, event):
        if any(e[0] == "curve" and e[1] <= event[1] < e[4] for e in self.events):
            raise Refused
        place = bisect.bisect_right([e[1] for e in self.events], event[1])
        self.events.insert(place, event)

    def _ramp(self, event, now):
        if any(e[0] == "curve" and e[1] <= event[1] < e[4] for e in self.events):
            raise Refused
        before = [e for e in self.events if e[1] <= event[1]]
        if not before:
            self._add(["set", now, self.at(np.array([now]))[0], 0, 0])
        elif before[-1][0] == "target" and before[-1][1] <= now:
            begun = Timeline(self.initial)
            begun.events = before
            self._add(["set", now, begun.at(np.array([now]))[0], 0, 0])
        self._add(event)

    def at(self, times):
        """Return the values at times."""
        starts, parts = [-math.inf], [lambda t: np.full_like(t, self.initial)]
        time, value = 0.0, self.initial  # Where a ramp begins.

        def part(start, function):
            starts.append(start)
            parts.append(function)

        for kind, when, to, span, end in self.events:
            before = float(parts[-1](np.array([when]))[0])
            if kind in ("linear", "exponential"):
                part(time, ramp(kind, time, value, when, to))
                part(when, lambda t, to=to: np.full_like(t, to))
                time, value = when, to
            elif kind == "set":
                part(when, lambda t, to=to: np.full_like(t, to))
                time, value = when, to
            elif kind == "target":
                part(when, target(when, before, to, span))
                time, value = when, before if span > 0 else to
            else:
                shape = curve(when, to, span)
                part(when, shape)
                value, time = float(shape(np.array([end]))[0]), end
                part(end, lambda t, to=value: np.full_like(t, to))
        order = [max(starts[: i + 1]) for i in range(len(starts))]
        which = np.searchsorted(order, times, "right") - 1
        out = np.empty(len(times))
        for i in set(which):
            out[which == i] = parts[i](times[which == i])
        return out


def ramp(kind, t0, v0, t1, v1):
    def values(t):
        if t1 <= t0:
            return np.full_like(t, v0)
        if kind == "linear":
            return v0 + (v1 - v0) * (t - t0) / (t1 - t0)
        if v0 * v1 <= 0:
            return np.full_like(t, v0)
        return v0 * (v1 / v0) ** ((t - t0) / (t1 - t0))

    return values


def target(t0, v0, v1, constant):
    if constant <= 0:
        return lambda t: np.full_like(t, v1)
    return lambda t: v1 + (v0 - v1) * np.exp(-(t - t0) / constant)


def curve(t0, values, duration):
    places = np.arange(len(values))
    return lambda t: np.interp((len(values) - 1) * (t - t0) / duration, places, values)
