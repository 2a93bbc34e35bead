# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a node and a buffer of a pipeline cost, beside calling the functions of C straight."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import contest
from .tables import Table

RATE = 48000
FRAMES = 480
BUFFERS = 4000
TAPS = [0.5, 0.25, 0.125, 0.0625]
NODES = (1, 8)
_RUNS = 3


def _sound() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (2, FRAMES)).astype("f4")


def _straight(count: int, folder: Path) -> Callable[[], object]:
    """One call of C for each filter and buffer, from a loop in Python."""
    from pastream_ng._native import ffi, lib

    taps, effects = ffi.new("double[]", TAPS), []
    for _ in range(count):
        owned = ffi.new("pst_effect **")
        assert lib.pst_effect_fir(owned, 1, 2, taps, len(TAPS), ffi.NULL) == 0
        effects.append(ffi.gc(owned[0], lib.pst_effect_destroy))
    frames = ffi.from_buffer(np.ascontiguousarray(_sound().T))

    def work() -> None:
        process = lib.pst_effect_process
        for _ in range(BUFFERS):
            for effect in effects:
                process(effect, frames, FRAMES)

    return work


def _processor(count: int, folder: Path) -> Callable[[], object]:
    import pastream_ng as ps

    form = ps.AudioFormat(RATE, 2, "f32")
    processors = [ps.Processor.fir(TAPS, form) for _ in range(count)]
    sound = _sound()

    def work() -> None:
        for _ in range(BUFFERS):
            frame: Any = sound
            for processor in processors:
                processor.put_frame(frame)
                frame = processor.get_frame()

    return work


def _pipeline(count: int, folder: Path) -> Callable[[], object]:
    import pastream_ng as ps

    form = ps.AudioFormat(RATE, 2, "f32")
    buffer = ps.NodeBuffer.pcm(_sound(), form)

    def work() -> None:
        with ps.AsyncDynPipeline([ps.make_fir_node(TAPS) for _ in range(count)]) as pipeline:
            got = 0
            for _ in range(BUFFERS):
                pipeline.push(buffer)
                while pipeline.try_get() is not None:
                    got += 1
            pipeline.flush()
            while pipeline.get() is not None:
                got += 1
        assert got == BUFFERS, f"{got} buffers of {BUFFERS}"

    return work


def _runner(count: int, folder: Path) -> Callable[[], object]:
    """From a file into a file: nothing of it is Python's."""
    import pastream_ng as ps

    source, sink = folder / "in.wav", folder / "out.wav"
    sound = np.tile(_sound().T, (BUFFERS, 1))
    ps.write(source, sound, RATE, subtype="FLOAT")

    def work() -> None:
        reader = ps.SoundFile(source)
        writer = ps.SoundFile(sink, "w", RATE, 2, subtype="FLOAT")
        with reader, writer:
            ps.AsyncDynRunner(reader, [ps.make_fir_node(TAPS) for _ in range(count)], writer).run()

    return work


WAYS: dict[str, tuple[str, Callable[[int, Path], Callable[[], object]]]] = {
    "straight": ("C called straight", _straight),
    "processor": ("Processor", _processor),
    "pipeline": ("AsyncDynPipeline, push and get", _pipeline),
    "runner": ("AsyncDynRunner, file to file", _runner),
}


def cost(way: str, count: int) -> float:
    """Be a contestant: return microseconds of the processor for each buffer."""
    best = 1e9
    with tempfile.TemporaryDirectory() as name:
        work = WAYS[way][1](count, Path(name))
        for _ in range(_RUNS):
            begin = time.process_time()
            work()
            best = min(best, time.process_time() - begin)
    return 1e6 * best / BUFFERS


def measure() -> Table:
    table = Table(
        "pipeline",
        "Nodes and buffers",
        f"{BUFFERS} buffers of {FRAMES} frames of float32 stereo through filters of {len(TAPS)} "
        f"taps, {NODES[0]} or {NODES[1]} in a row. Microseconds of the processor, on all threads "
        "together. What a node costs is the difference between the two, for each node more; what "
        "a buffer costs is the rest: for the pipeline that is two arrays, a copy into C and one "
        "out of it, and threads that wake each other.",
        ["way", "1 node, us/buffer", "8 nodes, us/buffer", "us/node and buffer", "us/buffer"],
    )
    for way, (label, _) in WAYS.items():
        try:
            costs = [
                contest.run("bench.pipeline", "cost", timeout=120, way=way, count=count)
                for count in NODES
            ]
        except contest.DidNotRun as error:
            table.add(label, f"did not run: {error}", *[None] * 3)
            continue
        node = (costs[1] - costs[0]) / (NODES[1] - NODES[0])
        table.add(label, *costs, node, costs[0] - node)
    return table
