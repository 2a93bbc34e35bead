# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Each library plays what it has just read, block by block: contestants of round_trip."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .servers import RATE

BLOCK = 128
SECONDS = 10.0
#: Blocks of silence ahead of what was read: what a late loop has in hand.
AHEAD = 2


def _settings() -> dict[str, Any]:
    # Two channels: sounddevice's blocking read of one crashes inside PortAudio 19.6 on JACK.
    return {
        "device": ("counter", "sink"),
        "samplerate": RATE,
        "channels": 2,
        "blocksize": BLOCK,
        "dtype": "float32",
    }


def _echo(read: Callable[[], Any], write: Callable[[Any], Any]) -> dict[str, Any]:
    """Go round for some seconds; return the share of one processor used."""
    began, cpu = time.monotonic(), time.process_time()
    for _ in range(int(SECONDS * RATE / BLOCK)):
        write(read())
    return {"cpu": (time.process_time() - cpu) / (time.monotonic() - began)}


def pastream_ng() -> dict[str, Any]:
    import numpy as np

    import pastream_ng as ps

    with ps.DuplexStream(**_settings()) as stream:
        stream.write(np.zeros((AHEAD * BLOCK, 2), np.float32))
        stream.start()
        found = _echo(lambda: stream.read(BLOCK), stream.write)
        return {**found, "missing": stream.stats.missing_frames}


def pastream_ng_asyncio() -> dict[str, Any]:
    import asyncio

    import numpy as np

    import pastream_ng as ps

    async def echo() -> dict[str, Any]:
        async with ps.DuplexStream(**_settings()) as stream:
            await stream.write(np.zeros((AHEAD * BLOCK, 2), np.float32))
            await stream.start()
            began, cpu = time.monotonic(), time.process_time()
            for _ in range(int(SECONDS * RATE / BLOCK)):
                await stream.write(await stream.read(BLOCK))
            used = (time.process_time() - cpu) / (time.monotonic() - began)
            return {"cpu": used}

    return asyncio.run(echo())


def sounddevice() -> dict[str, Any]:
    import sounddevice as sd

    with sd.Stream(**_settings()) as stream:
        return _echo(lambda: stream.read(BLOCK)[0], stream.write)


CONTESTANTS: list[tuple[str, Callable[[], Any]]] = [
    ("pastream_ng, read() and write()", pastream_ng),
    ("pastream_ng, await read() and write()", pastream_ng_asyncio),
    ("sounddevice, read() and write()", sounddevice),
]
