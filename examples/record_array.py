# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Record into an array. Takes the seconds to record as an argument."""

import sys

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
samplerate = 48000

take = ps.rec(frames=round(seconds * samplerate), samplerate=samplerate, channels=1)
print(f"{len(take)} frames, {take.shape[1]} channel, {take.dtype}, peak {abs(take).max():.3f}")
