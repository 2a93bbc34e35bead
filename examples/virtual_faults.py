# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""See how a program behaves on a bad device: faults are told to the virtual host in advance."""

import pastream_ng as ps

device = ps.VirtualDevice(
    "null",
    input="counter",
    faults=[
        ps.Fault("xrun", at=4800),  # The host sets a flag, though nothing was lost.
        ps.Fault("stall", at=9600, amount=2400),  # These frames are gone.
        ps.Fault("late", at=19200, amount=0.05),  # 50 ms late, but nothing is lost.
    ],
)

with ps.InputStream(device=device, samplerate=48000, channels=1, blocksize=128) as stream:
    captured = 0
    for chunk, info in stream.chunks(480, frames=28800, with_info=True):
        captured += len(chunk)
        if info.lost:
            print(
                f"{info.lost} frames are missing before or in the chunk from frame {info.frame} on"
            )
    print(f"captured {captured}, lost {stream.stats.lost_frames}, xruns {stream.xruns}")
    for event in stream.events():
        print(event)
