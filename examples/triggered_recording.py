# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Record every sound by itself, with what came just before it. Takes the seconds to listen."""

import sys
import time

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
samplerate = 48000

with ps.recording(
    samplerate=samplerate,
    channels=1,
    trigger="-30 dB",  # Begin with the first sample as loud as this,
    pre_roll=samplerate // 10,  # and the tenth of a second before it.
    release=samplerate // 2,  # End after half a second that was softer.
    retrigger=True,
) as take:
    print(f"listening for {seconds:g} s to {take.stream.device.name}")
    time.sleep(seconds)

segments = take.segments
for number, (frame, data) in enumerate(segments, 1):
    peak = 20 * np.log10(np.abs(data).max())
    print(f"{number}: at {frame / samplerate:.3f} s, {len(data) / samplerate:.3f} s, {peak:.1f} dB")
print(f"{len(segments)} sounds, {take.frames} frames, {take.lost} lost")
