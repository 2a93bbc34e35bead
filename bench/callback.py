# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The cost of one callback."""

from __future__ import annotations

from . import c_programs
from .servers import RATE
from .tables import Table


def measure() -> Table:
    found = c_programs.run("bench_callback")
    frames = found["block_frames"]
    table = Table(
        name="callback",
        title=f"One callback of {frames} frames",
        method=(
            "The stream's callback driven directly, without a host: capture and playback of "
            f"{frames} frames with float32 rings, clock, counters and limits included, by the "
            f"fastest of 7 runs. The share is that of the {1e3 * frames / RATE:.2f} ms that a "
            f"block lasts at {RATE} Hz."
        ),
        columns=["stream", "time", "share of the block"],
    )
    for row in found["rows"]:
        share = row["ns"] / (1e9 * frames / RATE)
        table.add(row["name"], f"{row['ns']:.0f} ns", f"{100 * share:.3f} %")
    return table
