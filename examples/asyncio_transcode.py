# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcode in coroutines, with progress and a time limit. Takes a file, or makes its own.

The first argument is a sound file, or the seconds of noise to make one of.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

import pastream_ng as ps

TARGETS = {
    "archive.flac": {"compression": 8},
    "portable.mp3": {"audio_bitrate": 192_000, "sample_rate": 44100},
    "speech.opus": {"audio_bitrate": 24_000, "channels": 1},
}


def source_from(argument: str) -> Path:
    """Return the path of a sound file."""
    if Path(argument).exists():
        return Path(argument)
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (round(float(argument) * 48000), 2))
    ps.write("noise.wav", noise, 48000)
    return Path("noise.wav")


async def transcode(source: Path, name: str) -> None:
    """Make one file, and tell how far it is."""

    async def on_progress(progress: ps.Progress) -> None:
        print(f"{name}: {progress}")

    options = ps.TranscodeOptions(source, name, overwrite=True, **TARGETS[name])
    stats = await ps.Transcoder(options).run_async(on_progress)
    print(f"{name}: {stats.output_size} bytes, {stats.speed:.0f} x real time")


async def main(source: Path) -> None:
    """Make all of them at once; what is not done within a minute leaves no file."""
    jobs = [asyncio.wait_for(transcode(source, name), 60) for name in TARGETS]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    for name, found in zip(TARGETS, results, strict=True):
        if isinstance(found, Exception):
            print(f"{name}: {type(found).__name__}: {found}")


asyncio.run(main(source_from(sys.argv[1] if len(sys.argv) > 1 else "10")))
