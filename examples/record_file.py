# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Record into a sound file, then play it. Takes the seconds to record as an argument."""

import sys

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0

with ps.SoundFileInputStream("recording.wav", channels=1, subtype="PCM_16") as stream:
    stream.frames = round(seconds * stream.samplerate)
    stream.start()
    while not stream.wait(timeout=0.25):
        print(f"{stream.inp_fh.frames / stream.samplerate:6.2f} s in the file")
    print(stream.inp_fh)

with ps.SoundFileOutputStream("recording.wav") as stream:
    stream.start()
    stream.wait()
    print(f"played {stream.stats.played_frames} frames")
