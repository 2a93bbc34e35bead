# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Play a tone and record what comes in meanwhile. Takes the seconds as an argument."""

import sys

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
samplerate = 48000

time = np.arange(round(seconds * samplerate)) / samplerate
tone = 0.2 * np.sin(2 * np.pi * 440 * time)

both = ps.playrec(tone, samplerate=samplerate, channels=1)
print(f"played {len(tone)} frames, recorded {both.shape}")
spectrum = np.abs(np.fft.rfft(both[:, 0] * np.hanning(len(both))))
print(f"loudest at {np.argmax(spectrum) * samplerate / len(both):.0f} Hz")
