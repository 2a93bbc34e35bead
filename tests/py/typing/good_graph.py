# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A program about graphs that is right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import pastream_ng as ps


def build(ctx: ps.OfflineAudioContext) -> None:
    osc: ps.OscillatorNode = ctx.create_oscillator("sawtooth", frequency=220)
    lfo = ctx.create_oscillator(frequency=5, channel_count_mode="max")
    gain = ps.GainNode(ctx, 0.5, channel_count=1)
    end: ps.AudioDestinationNode = osc >> gain >> ctx.destination
    param: ps.AudioParam = lfo >> ctx.create_gain(20) >> osc.frequency
    fan: ps.Fan = lfo >> (gain, osc.detune)
    (osc, lfo) >> gain
    merger: ps.AudioNode = osc >> ctx.create_channel_merger(2)[1]
    bus: ps.GainNode = osc + lfo
    source: ps.OscillatorNode = gain << osc
    gain.gain = 0.25
    osc.type = "square"
    value: float = gain.gain.value
    gain.gain.set_value_at_time(0, 0).ramp(1, 0.5, "exponential").set(0)
    osc.on_ended = lambda: print(end, param, fan, merger, bus, source, value)
    player = ctx.create_buffer_source(np.zeros((10, 2), np.float32), loop=True)
    buffer: ps.AudioBuffer | None = player.buffer
    ctx.create_buffer(2, 100), ctx.create_buffer("x.wav"), buffer


sound: NDArray[np.float32] = ps.OfflineAudioContext(2, 48000, 48000).render(build)
array: NDArray[Any] = np.asarray(ps.AudioBuffer(sound, 48000))


def told(state: str) -> None:
    print(state)


async def live() -> None:
    async with ps.AudioContext(48000, 2, device="null", latency="low", blocksize=256) as ctx:
        ctx.on_state_change = told
        osc = ctx.create_oscillator()
        osc.start(ctx.output_timestamp.context_time + 1)
        await ctx.sleep_until(0.5)
        await ctx.ended(osc)
        done: bool = ctx.wait_ended(osc, timeout=1.0) and ctx.wait(0.1)
        load: float = ctx.stats.cpu_load + ctx.output_latency
        async for state in ctx.state_changes():
            is_over: bool = state == "closed"
            print(done, load, is_over)
