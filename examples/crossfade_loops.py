# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Crossfade between two loops, each without a seam. Takes the seconds to play as an argument."""

import sys

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
samplerate = 48000

time = np.arange(2 * samplerate) / samplerate
low, high = (
    sum(0.1 * np.sin(2 * np.pi * hertz * time) for hertz in chord)
    for chord in ((220, 277.2, 329.6), (293.7, 370, 440))
)

with ps.Mixer(samplerate=samplerate, channels=2) as mixer:
    # Half a second, for ever; its last 100 ms blend into the 100 ms before it.
    first = mixer.play(low, loop=(0.5, 1.0), crossfade=0.1, fade_in=0.05)
    middle = round(seconds * samplerate / 2)
    second = mixer.crossfade(first, high, 0.2, at=middle, loop=(0.5, 1.0), loop_crossfade=0.1)
    second.cancel(0.1, at=2 * middle - samplerate // 10)
    mixer.start()
    mixer.wait()
    print(f"first: {first.status.repeats} jumps, {first.state.name.lower()}")
    print(f"second: began at frame {second.status.started}, played {second.status.played_frames}")
