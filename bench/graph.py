# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs rendered as fast as they can be, beside the engines of browsers."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import contest
from .tables import Cell, Table
from .web_audio.engines import ENGINES, Description, Results

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "golden" / "bench" / "scenarios"
_RUNS = 5
_SOUNDS_OTHERWISE = 0.1  # By how much the level may differ before the table says so.


def ours(paths: list[str], runs: int) -> Results:
    """Time this library."""
    import pastream_ng as ps

    results: Results = {}
    for path in paths:
        desc = json.loads(Path(path).read_text())
        best, output = math.inf, np.zeros((1, 1), dtype=np.float32)
        for _ in range(runs):
            context = ps.graph_from_dict(desc)
            start = time.perf_counter()
            output = context.render()
            best = min(best, time.perf_counter() - start)
        level = float(np.sqrt(np.mean(np.square(output[:, 0], dtype=np.float64))))
        results[desc["id"]] = {"seconds": best, "rms": level}
    return results


def _others(descriptions: list[Description]) -> dict[str, tuple[str, Results]]:
    """Return name -> (how the table calls it, results)."""
    found: dict[str, tuple[str, Results]] = {}
    for name, measure in ENGINES.items():
        try:
            found[name] = measure(descriptions, _RUNS)
        except contest.DidNotRun as error:
            found[name] = (f"{name} (did not run: {error})", {})
    return found


def _times(desc: Description, result: dict[str, Any] | None) -> float | None:
    """Return multiples of real time; what was too quick for a clock has none."""
    if not result or not result.get("seconds"):
        return None
    return float(desc["length"] / desc["sample_rate"] / result["seconds"])


def _differs(level: float, own_level: float) -> bool:
    return abs(level - own_level) > _SOUNDS_OTHERWISE * own_level


def _cell(desc: Description, result: dict[str, Any] | None, own_level: float) -> Cell:
    times = _times(desc, result)
    if times is None or result is None:
        return None if result is None else str(result.get("error", "too quick to measure"))
    mark = "*" if _differs(result["rms"], own_level) else ""
    return f"{times:.0f}{mark}" if times >= 100 else f"{times:.3g}{mark}"


def measure() -> Table:
    """Render every scenario with every engine."""
    if not FOLDER.is_dir():
        raise RuntimeError("the descriptions of the scenarios are not here")
    paths = sorted(FOLDER.glob("*.json"))
    descriptions = [json.loads(path.read_text()) for path in paths]
    own: Results = contest.run(
        "bench.graph", "ours", paths=[str(path) for path in paths], runs=_RUNS, timeout=900
    )
    others = _others(descriptions)
    names = [label for label, _ in others.values()]
    table = Table(
        "graph",
        "Graphs, offline: how many times faster than real time",
        f"The best of {_RUNS} renders, without building the graph; one thread renders. Firefox"
        " computes the filters of 07 once in each quantum, not for each frame. A star: the level"
        f" differs by more than {_SOUNDS_OTHERWISE:.0%} from ours, so something else was rendered.",
        ["graph", "what", "pastream_ng", *names, "ratio to the fastest"],
    )
    for desc in descriptions:
        mine = own[desc["id"]]
        results = [found.get(desc["id"]) for _, found in others.values()]
        speeds = [_times(desc, result) for result in results]
        best = max((speed for speed in speeds if speed), default=None)
        speed = _times(desc, mine)
        table.add(
            desc["id"],
            desc["title"],
            speed,
            *[_cell(desc, result, mine["rms"]) for result in results],
            speed / best if speed and best else None,
        )
    return table
