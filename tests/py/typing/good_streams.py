# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Programs as the manual shows them."""

import asyncio
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pastream_ng as ps


def loops() -> None:
    total = 0.0
    for chunk in ps.chunks(1024, overlap=512, channels=1, samplerate=48000, device="loopback"):
        spectrum: NDArray[Any] = np.fft.rfft(chunk * np.hanning(1024))
        total += abs(spectrum).sum()
    with ps.InputStream("loopback", 48000, 2, "int16", 128, latency="low") as stream:
        for frames, info in stream.chunks(256, with_info=True, timeout=1.0):
            first: int = info.frame
            when: float = info.adc_time
            print(frames.shape, first, when)
        if isinstance(stream.exception, ps.DeviceLostError):
            print(stream.exception.frame)


def arrays() -> None:
    take: NDArray[Any] = ps.rec(48000, channels=2, device=ps.VirtualDevice(clock="free"))
    voice: ps.Voice = ps.play(take, 48000, loop=(0.1, None), crossfade=0.01)
    voice.fade(0.5, 0.01, at=100, curve="equal-power")
    done: bool = ps.wait(timeout=10)
    both = ps.playrec(take, 48000, channels=2)
    print(done, both.mean(), ps.get_stream().stats.xruns)


def devices() -> None:
    for info in ps.query_devices():
        name: str = info.name
        print(name, info["max_input_channels"])
    one: ps.DeviceInfo = ps.query_devices("loopback", "input")
    default: ps.DeviceInfo = ps.query_devices(kind="output")
    rates: tuple[int, ...] = ps.supported_samplerates(one)
    print(default, rates, ps.query_hostapis()[0].name, ps.refresh())


def rings() -> None:
    ring = ps.RingBuffer(size=100, dtype="float32", channels=2)
    n: int = ring.write(np.zeros((10, 2)))
    with ring.read_view(5) as frames:
        print(frames.sum(), n)
    with ring.reader() as reader:
        reader.read(3, timeout=0.5)


async def waiting() -> None:
    with ps.InputStream("loopback", samplerate=48000) as stream:
        stream.start()
        async for chunk in stream.chunks(256):
            print(chunk.dtype)
        available: int = await stream.input_ring.readable(10)
        print(available)


asyncio.run(waiting())
