# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Print the level of the microphone, chunk by chunk. Takes the seconds to run as an argument."""

import sys

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
samplerate = 48000

for chunk in ps.chunks(4800, frames=round(seconds * samplerate), channels=1, samplerate=samplerate):
    level = 20 * np.log10(max(float(np.sqrt(np.mean(np.square(chunk)))), 1e-6))
    print(f"{level:6.1f} dB")
