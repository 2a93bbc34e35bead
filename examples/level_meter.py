# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Show how loud the input is, then how the stream did. Takes the seconds to listen."""

import sys

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
samplerate = 48000

with ps.InputStream(samplerate=samplerate, channels=1) as stream:
    stream.enable_meters()
    for _ in stream.chunks(samplerate // 10, frames=int(seconds * samplerate)):
        levels = stream.input_meters
        rms, peak = (int(60 + max(db[0], -60)) for db in (levels.rms_db, levels.peak_db))
        print("#" * rms + "-" * (peak - rms), f"{levels.peak_db[0]:.1f} dB")
    levels, timing, clock = stream.input_meters, stream.timing, stream.clock
    events = stream.events()

print(f"loudest {levels.max_peak_db[0]:.1f} dB, {levels.clipped[0]} samples clipped")
print(f"latest callback {timing.interval.max:.2f} blocks, largest load {timing.load.max:.1%}")
print(f"first frame taken at {clock.datetime_of(0)}, drift {clock.drift_ppm:.1f} ppm")
for event in events:
    print(event)
