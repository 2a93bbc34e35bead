# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The ring in C, beside PortAudio's and memcpy."""

from __future__ import annotations

from typing import Any

from . import c_programs, contest
from .tables import Table


def with_portaudio() -> Any:
    """Time both rings: a contestant."""
    import _rtmixer  # type: ignore[import-not-found]

    return c_programs.run_in_python("bench_ring", _rtmixer.__file__)


def measure() -> Table:
    table = Table(
        name="ring",
        title="Rings in C",
        method=(
            "Nanoseconds to bring one block through a ring of 2**14 stereo float32 frames, by the "
            "fastest of 7 runs. One thread: the block goes in and comes out again. Two threads: "
            "one writes and one reads, each as fast as it can. PortAudio's ring is the compiled "
            "one inside rtmixer; it orders memory by full fences, and has one reader and no way "
            "to wait. memcpy is the floor: the same bytes copied in and out, without any ring."
        ),
        columns=[
            "ring",
            "block",
            "one thread",
            "two threads",
            "GB/s, two threads",
            "against memcpy",
        ],
    )
    try:
        found = contest.run(__name__, with_portaudio.__name__, timeout=300)
    except contest.DidNotRun as error:
        table.add_failure("PortAudio", str(error))
        found = c_programs.run("bench_ring")
    for row in found["rows"]:
        frames = row["block_frames"]
        n_bytes = frames * found["frame_bytes"]
        for name, key in (("pastream_ng", "ring"), ("PortAudio", "portaudio")):
            alone, together = row[f"{key}_ns"], row[f"{key}_two_threads_ns"]
            if alone is None:
                continue
            table.add(
                name,
                f"{frames} frames",
                f"{alone:.1f} ns",
                f"{together:.1f} ns",
                f"{n_bytes / together:.1f}",
                f"{alone / row['memcpy_ns']:.2f} x",
            )
        floor = row["memcpy_ns"]
        table.add("memcpy", f"{frames} frames", f"{floor:.1f} ns", None, None, "1 x")
    return table
