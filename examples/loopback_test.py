# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Prove that what is played comes back unchanged through the built-in loopback.

The free clock runs as fast as the program keeps up, so this takes less time than the sound lasts.
"""

import numpy as np

import pastream_ng as ps

loopback = ps.VirtualDevice("loopback", clock="free")
noise = np.random.default_rng(1).integers(-30000, 30000, size=(48000, 2), dtype=np.int16)

with ps.DuplexStream(
    device=loopback,
    samplerate=48000,
    channels=2,
    dtype="int16",
    blocksize=64,
    buffersize=len(noise),
) as stream:
    stream.txbuff.write(noise)
    stream.txbuff.end()
    heard = np.concatenate(list(stream.chunks(1000, frames=len(noise))))

start = int(np.argmax(heard.any(axis=1)))  # The loopback's delay: one block.
assert np.array_equal(heard[start:], noise[: len(heard) - start])
print(f"{len(heard) - start} frames came back bit for bit, {start} frames late")
