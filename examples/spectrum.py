# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Print the loudest frequency of windows that overlap by half. Takes the seconds as an argument."""

import sys

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
samplerate = 48000
size = 4096
window = np.hanning(size)

for chunk, info in ps.chunks(
    size,
    overlap=size // 2,
    frames=round(seconds * samplerate),
    channels=1,
    samplerate=samplerate,
    with_info=True,
):
    if len(chunk) < size:  # The rest at the end may be shorter.
        break
    spectrum = np.abs(np.fft.rfft(chunk * window))
    loudest = np.argmax(spectrum) * samplerate / size
    print(f"frame {info.frame:8d}  lost {info.lost}  loudest {loudest:7.1f} Hz")
