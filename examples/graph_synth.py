# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Play a small synthesizer, note by note, with an echo. Takes the seconds as an argument."""

import itertools
import sys

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
step = 0.15
melody = ["A2", "E3", "A3", "C4", "E4", "C4", "A3", "E3"]


def pluck(ctx, target, name, at):
    """Let a note sound at a time: two saws through a filter that closes."""
    saws = ctx.create_supersaw(frequency=ps.note(name), detune=12, saw_count=2)
    lowpass = ctx.create_biquad_filter("lowpass", q=6)
    level = ctx.create_gain(0)
    lowpass.frequency.set(4000, at).ramp(200, at + 0.3, "exponential")
    level.gain.set(0, at).ramp(0.3, at + 0.005).ramp(0.001, at + 0.4, "exponential")
    saws >> lowpass >> level >> target
    saws.start(at)
    saws.stop(at + 0.4)


with ps.AudioContext(channels=2) as ctx:
    out, delay, feedback = ctx.create_limiter(), ctx.create_delay(3 * step), ctx.create_gain(0.4)
    meter = ctx.create_meter()
    out >> (delay, meter)
    delay >> feedback >> out
    meter >> ctx.destination

    begin = ctx.current_time + 0.1
    for count, name in enumerate(itertools.cycle(melody)):
        at = begin + count * step
        if at > begin + seconds:
            break
        # A little before it is due: Python is never exact, but times are.
        ctx.wait_until(at - 0.05)
        pluck(ctx, out, name, at)
    peak = meter.read().peak_db.max()
    stats = ctx.stats

print(f"{count} notes, at last {peak:.1f} dB; {stats.cpu_load:.1%} of the time was needed")
print(f"{stats.underrun_events} blocks came too late")
