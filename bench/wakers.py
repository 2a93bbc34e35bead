# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Each library hands blocks to Python as soon as it can: contestants of wakeup."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .servers import RATE

BLOCK = 256
SECONDS = 10.0
# The first blocks meet cold caches and a busy start.
_WARM_UP = 100


class Arrivals:
    """When the last frame of each block reached Python."""

    def __init__(self) -> None:
        self.n_wanted = int(SECONDS * RATE / BLOCK)
        self._samples = np.zeros(self.n_wanted + _WARM_UP, np.float32)
        self._times = np.zeros(self.n_wanted + _WARM_UP, np.int64)
        self._n = 0
        self._began = 0.0
        self._cpu = 0.0

    def put(self, last_sample: float) -> bool:
        """Note a block that has just come; return whether that was the last one."""
        self._times[self._n] = time.monotonic_ns()
        self._samples[self._n] = last_sample
        self._n += 1
        if self._n == _WARM_UP:
            self._began = time.monotonic()
            self._cpu = time.process_time()
        return self._n == len(self._times)

    def save(self, file: str) -> dict[str, Any]:
        """Write the samples and times to a file; return the share of one processor used."""
        cpu = (time.process_time() - self._cpu) / (time.monotonic() - self._began)
        np.savez(file, samples=self._samples[_WARM_UP:], times=self._times[_WARM_UP:])
        return {"cpu": cpu}


def _settings(device: str) -> dict[str, Any]:
    # Two channels: sounddevice's blocking read of one crashes inside PortAudio 19.6 on JACK.
    return {
        "device": device,
        "samplerate": RATE,
        "channels": 2,
        "blocksize": BLOCK,
        "dtype": "float32",
    }


def pastream_ng(device: str, file: str) -> dict[str, Any]:
    import pastream_ng as ps

    arrivals = Arrivals()
    with ps.InputStream(**_settings(device)) as stream:
        for chunk in stream.chunks(BLOCK, copy=False):
            if arrivals.put(chunk[-1, 0]):
                break
    return arrivals.save(file)


def pastream_ng_own_clock(device: str, file: str) -> dict[str, Any]:
    """The same by the library's own account: from the end of its callback."""
    import pastream_ng as ps

    lags = []
    arrivals = Arrivals()
    with ps.InputStream(**_settings(device)) as stream:
        for chunk, info in stream.chunks(BLOCK, copy=False, with_info=True):
            now = time.monotonic()
            lags.append(now - info.callback_time)
            if arrivals.put(chunk[-1, 0]):
                break
    return {**arrivals.save(file), "lags": lags[_WARM_UP:]}


def pastream_ng_asyncio(device: str, file: str) -> dict[str, Any]:
    import asyncio

    import pastream_ng as ps

    arrivals = Arrivals()

    async def collect() -> None:
        with ps.InputStream(**_settings(device)) as stream:
            async for chunk in stream.chunks(BLOCK, copy=False):
                if arrivals.put(chunk[-1, 0]):
                    break

    asyncio.run(collect())
    return arrivals.save(file)


def sounddevice_asyncio(device: str, file: str) -> dict[str, Any]:
    """As its own example does it: a Python callback tells the event loop."""
    import asyncio

    import sounddevice as sd

    arrivals = Arrivals()

    async def collect() -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()

        def callback(data: Any, *_: Any) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, data.copy())

        with sd.InputStream(callback=callback, **_settings(device)):
            while not arrivals.put((await queue.get())[-1, 0]):
                pass

    asyncio.run(collect())
    return arrivals.save(file)


def pastream(device: str, file: str) -> dict[str, Any]:
    import pastream as old

    arrivals = Arrivals()
    for chunk in old.chunks(BLOCK, **_settings(device)):
        if arrivals.put(chunk[-1, 0]):
            break
    return arrivals.save(file)


def sounddevice(device: str, file: str) -> dict[str, Any]:
    import sounddevice as sd

    arrivals = Arrivals()
    with sd.InputStream(**_settings(device)) as stream:
        while True:
            chunk, _ = stream.read(BLOCK)
            if arrivals.put(chunk[-1, 0]):
                break
    return arrivals.save(file)


CONTESTANTS: list[tuple[str, Callable[..., Any]]] = [
    ("pastream_ng, chunks()", pastream_ng),
    ("pastream_ng, chunks(with_info=True)", pastream_ng_own_clock),
    ("pastream_ng, async for chunks()", pastream_ng_asyncio),
    ("pastream, chunks()", pastream),
    ("sounddevice, read()", sounddevice),
    ("sounddevice, callback into asyncio", sounddevice_asyncio),
]
