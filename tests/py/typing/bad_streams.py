# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Programs that must not pass."""

import pastream_ng as ps

stream = ps.InputStream("loopback", samplerate="48000")  # error: arg-type
stream = ps.InputStream("loopback", sample_rate=48000)  # error: call-arg
stream = ps.InputStream("loopback", overflow="ignore")  # error: arg-type
stream = ps.InputStream("loopback", latency="lowest")  # error: arg-type
stream = ps.InputStream("loopback", underflow="raise")  # error: call-arg
output = ps.OutputStream("loopback", overflow="raise")  # error: call-arg
stream.write(b"")  # error: attr-defined
output.chunks()  # error: attr-defined
stream.samplerate = 44100  # error: misc
for chunk in stream.chunks("64"):  # error: call-overload
    print(chunk)
for plain in stream.chunks(64):
    print(plain.frame)  # error: attr-defined
for pair in stream.chunks(64, with_info=True):
    print(pair.shape)  # error: attr-defined
taken: int = ps.rec(100)  # error: assignment
ps.rec(frames=1.5)  # error: arg-type
ps.play()  # error: call-arg
ps.wait("soon")  # error: arg-type
name: int = ps.query_devices("loopback").name  # error: assignment
ps.query_devices(kind="sideways")  # error: call-overload
ps.Fault("stall", at="now")  # error: arg-type
ps.VirtualDevice(clock="slow")  # error: arg-type
ps.RingBuffer("4", 16)  # error: arg-type
count: str = ps.RingBuffer(4, 16).write(b"")  # error: assignment
