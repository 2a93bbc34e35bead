# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Capture in a coroutine while others run. Takes the seconds to run as an argument."""

import asyncio
import sys

import numpy as np

import pastream_ng as ps

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
samplerate = 48000


async def capture() -> None:
    """Print one peak per tenth of a second."""
    frames = round(seconds * samplerate)
    with ps.InputStream(samplerate=samplerate, channels=1, blocksize=256) as stream:
        async for chunk in stream.chunks(4800, frames=frames):
            print(f"peak {float(np.abs(chunk).max()):.3f}")


async def heartbeat() -> None:
    """Show that the event loop is free while the capture waits."""
    while True:
        await asyncio.sleep(0.25)
        print("tick")


async def main() -> None:
    """Run both until the capture is done."""
    beat = asyncio.create_task(heartbeat())
    await capture()
    beat.cancel()


asyncio.run(main())
