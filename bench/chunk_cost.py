# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a chunk costs in Python, with no waiting in it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from . import contest
from .tables import Table

CHUNK = 1024
N_CHUNKS = 2000
RUNS = 15


def _stream_ns(**keywords: Any) -> float:
    """Return the nanoseconds per chunk of a loop over frames that are in the ring already."""
    import pastream_ng as ps

    frames = CHUNK * N_CHUNKS
    device = ps.VirtualDevice("null", clock="free", input="counter")
    best = float("inf")
    with ps.InputStream(device, samplerate=48000, channels=1, buffersize=frames + 8192) as stream:
        for _ in range(RUNS):
            stream.start()
            while stream.input_ring.read_available < frames:
                time.sleep(0.01)
            n = 0
            loop = iter(stream.chunks(CHUNK, frames=frames, **keywords))
            began = time.perf_counter()
            for _chunk in loop:
                n += 1
                if n == N_CHUNKS:
                    break
            best = min(best, (time.perf_counter() - began) / n)
            loop.close()  # type: ignore[attr-defined]
    return best * 1e9


def zero_copy() -> float:
    return _stream_ns(copy=False)


def copied() -> float:
    return _stream_ns()


def into_out() -> float:
    return _stream_ns(out=np.zeros(CHUNK, np.float32))


def with_info() -> float:
    return _stream_ns(copy=False, with_info=True)


def _array_ns(copy: bool) -> float:
    memory = np.zeros(CHUNK * N_CHUNKS, np.float32)
    best = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        for start in range(0, CHUNK * N_CHUNKS, CHUNK):
            chunk = memory[start : start + CHUNK]
            if copy:
                chunk = chunk.copy()
        best = min(best, (time.perf_counter() - began) / N_CHUNKS)
    return best * 1e9


def array_slices() -> float:
    return _array_ns(copy=False)


def array_copies() -> float:
    return _array_ns(copy=True)


CONTESTANTS = [
    ("chunks(copy=False)", zero_copy),
    ("chunks()", copied),
    ("chunks(out=array)", into_out),
    ("chunks(copy=False, with_info=True)", with_info),
    ("slices of an array, nothing else", array_slices),
    ("slices of an array, copied", array_copies),
]


def measure() -> Table:
    table = Table(
        name="chunk_cost",
        title="Cost of a chunk",
        method=(
            f"A loop over {N_CHUNKS} chunks of {CHUNK} mono float32 frames that the virtual device "
            "(free clock) has put into the ring beforehand: the loop never waits. The fastest of "
            f"{RUNS} runs. The last two rows are the same loop over a plain NumPy array, which is "
            "what Python itself costs."
        ),
        columns=["loop", "per chunk"],
    )
    for name, contestant in CONTESTANTS:
        try:
            ns = contest.run(__name__, contestant.__name__, timeout=120)
        except contest.DidNotRun as error:
            table.rows.append([name, f"did not run: {error}"])
            continue
        table.add(name, f"{ns / 1000:.3f} µs")
    return table
