# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Several runners at once."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from . import contest, music
from .tables import Table

SECONDS = 30
COUNTS = (1, 2, 4)
_RUNS = 3


def cost(count: int, each_threads: int) -> float:
    """Be a contestant: return seconds by the clock until all runners are done."""
    import pastream_ng as ps

    best = 1e9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "in.wav"
        music.write(source, music.frames()[: SECONDS * music.RATE], music.RATE)
        before = ps.AudioFormat(music.RATE, 2, "f32")
        after = ps.AudioFormat(48000, 2, "f32")
        for _ in range(_RUNS):
            files, runners = [], []
            for k in range(count):
                reader = ps.SoundFile(source)
                writer = ps.SoundFile(folder / f"{k}.flac", "w", 48000, 2)
                nodes = [ps.make_resample_node(before, after), ps.make_compressor_node(after)]
                files += [reader, writer]
                runners.append(ps.AsyncDynRunner(reader, nodes, writer, threads=each_threads))
            begin = time.perf_counter()
            for runner in runners:
                runner.start()
            for runner in runners:
                runner.wait()
            best = min(best, time.perf_counter() - begin)
            for file in files:
                file.close()
    return best


def measure() -> Table:
    cores = os.cpu_count()
    table = Table(
        "runners",
        "Runners at once",
        f"Each runner brings {SECONDS} s of 16-bit stereo from a WAV file to 48000 Hz (best "
        "quality), through a compressor, into a FLAC file. Seconds by the clock until the last one "
        f"is done, on {cores} logical processors; the best of three runs. The speed is that of all "
        "together, in units of one runner on one thread.",
        ["runners", "threads each", "clock s", "x real time", "speed"],
    )
    alone = 0.0
    for count, threads in [(count, 1) for count in COUNTS] + [(1, 2)]:
        try:
            taken = contest.run(
                "bench.runners", "cost", timeout=120, count=count, each_threads=threads
            )
        except contest.DidNotRun as error:
            table.add(count, f"did not run: {error}", *[None] * 3)
            continue
        alone = alone or taken
        table.add(count, threads, taken, count * SECONDS / taken, count * alone / taken)
    return table
