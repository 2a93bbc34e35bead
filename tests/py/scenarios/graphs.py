# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs that are heard on a sound server, while Python is kept busy."""

import time

import numpy as np
from servers.counting import PERIOD, ramp
from servers.gil_hold import GilHog
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000


def _play_numbers(ctx, seconds):
    """Let a graph play the number of each frame, by way of more than one node."""
    frames = min(PERIOD, int((seconds + 60) * RATE))
    source = ctx.create_buffer_source(ramp(frames), loop=True)
    source >> ctx.create_delay(64 / RATE) >> ctx.create_gain(1.0) >> ctx.destination
    source.start()


def _bustle(ctx, silence):
    """Make a note with all that belongs to it, of which nothing is heard."""
    osc, lfo = ctx.create_oscillator(type="square"), ctx.create_oscillator(frequency=7)
    lfo >> ctx.create_gain(20) >> osc.frequency
    osc >> ctx.create_delay(0.01) >> ctx.create_biquad_filter("lowpass") >> silence
    now = ctx.current_time
    osc.frequency.set_value_at_time(220, now).exponential_ramp_to_value_at_time(440, now + 0.1)
    for node in (osc, lfo):
        node.start()
        node.stop(now + 0.1)


def _bustle_little(ctx, silence):
    """Change the graph in the middle of a stretch in which Python is held."""
    source = ctx.create_constant_source()
    source >> silence


def live(device, seconds, hold):
    """Play numbers while the graph changes all the time, and Python is held now and then."""
    with ps.AudioContext(RATE, 1, device=device) as ctx:
        silence = ctx.create_gain(0.0)
        silence >> ctx.destination
        _play_numbers(ctx, seconds)
        tell("running")
        assert wait_for_word() == "connected"
        before = ctx.stats
        notes, longest, end = 0, 0.0, time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(20):
                _bustle(ctx, silence)
                notes += 1
                ctx.wait(0.005)
            # Each call of the library costs a turn while Python is held.
            with GilHog(hold) as hog:
                _bustle_little(ctx, silence)
            longest = max(longest, hog.longest)
        after = ctx.stats
        tell("over")
        wait_for_word()
    return {
        "longest": longest,
        "load": after.max_cpu_load,
        "notes": notes,
        "xruns": after.xruns - before.xruns,
        "underruns": after.underrun_events - before.underrun_events,
        "lost": after.underrun_duration - before.underrun_duration,
        "played": after.current_time - before.current_time,
        "latency": after.average_latency,
        "state": ctx.state,
    }


def heard_by_a_monitor(sink, seconds):
    """Play numbers to a sink, and look at what its monitor has of them."""
    kept = []
    with ps.InputStream(f"{sink}_monitor", RATE, 1, "float32") as stream:
        chunks = iter(stream.chunks(1024, frames=(seconds + 20) * RATE, timeout=20))
        next(chunks)
        with ps.AudioContext(RATE, 1, device=f"{sink}_play") as ctx:
            _play_numbers(ctx, seconds)
            for chunk in chunks:
                kept.append(chunk)
                if sum(len(part) for part in kept if part.any()) > seconds * RATE:
                    break
            stats = ctx.stats
    heard = np.concatenate(kept)
    heard = heard[np.flatnonzero(heard)[0] :]
    first = round(float(heard[0]) * PERIOD)
    wanted = ramp(len(heard), first)
    return {
        "is_equal": bool(np.array_equal(heard, wanted)),
        "first": first,
        "xruns": stats.xruns,
        "latency": stats.average_latency,
    }


def outlives_its_server(device):
    """Play on while the server dies and comes back; also at a rate that it does not have."""
    states = []
    with ps.AudioContext(44100, 1, device=device, lost_after=1.0) as ctx:
        ctx.on_state_change = states.append
        source = ctx.create_constant_source(0.5)
        source >> ctx.destination
        source.start()
        ctx.wait(0.05)
        tell("running")
        try:
            ctx.wait(1e6)
        except ps.DeviceLostError as error:
            lost = str(error)
        tell("lost")
        assert wait_for_word() == "back"
        before = ctx.current_time
        ctx.resume()
        ctx.wait(0.1)
        gone_on = ctx.current_time - before
        ctx.suspend()
        tell("suspended")
        assert wait_for_word() == "back again"
        ctx.resume()
        ctx.wait(0.1)
    return {"lost": lost, "gone_on": gone_on, "states": states}
