# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The table at the end, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from .measure import Faults, Outcome, Quantiles

__all__ = ["NOTE", "show", "verdict"]

NOTE = (
    "Wake-up: from the audio callback that brought a chunk's last frame to the loop that gets it,"
    " where the loop was waiting and the GIL was free."
)


def milliseconds(seconds: float | None) -> str:
    """Return a time in ms, or a dash."""
    return "-" if seconds is None else f"{seconds * 1000:.3f} ms"


def share(part: int, whole: int) -> str:
    """Return a count with its share of the whole."""
    return f"{part} ({100 * part / whole:.2f} %)" if whole else str(part)


def wakeups(quantiles: Quantiles) -> str:
    """Return median, 99th percentile and how many there were, as one cell."""
    if not quantiles.count:
        return "-"
    return f"{milliseconds(quantiles.p50_s)} / {milliseconds(quantiles.p99_s)}"


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the runs side by side."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("")
    for outcome in outcomes:
        table.add_column(f"{outcome.name}\n({outcome.how})", justify="right", max_width=36)
    rows: dict[str, Callable[[Outcome], str]] = {
        "frames expected": lambda run: str(run.expected),
        "frames captured": lambda run: share(run.captured, run.expected),
        "frames lost": lambda run: str(run.lost),
        "xruns": lambda run: str(run.xruns),
        "longest GIL hold": lambda run: f"{run.longest_hold_s:.3f} s",
        "wake-up p50 / p99": lambda run: wakeups(run.wakeups),
        "wake-ups measured": lambda run: str(run.wakeups.count) if run.wakeups.count else "-",
    }
    for label, cell in rows.items():
        table.add_row(label, *(cell(outcome) for outcome in outcomes))
    console.print(table)
    console.print(NOTE, style="dim", highlight=False)


def verdict(ours: Outcome, faults: Faults) -> tuple[bool, str]:
    """Return whether the run was without fault, and say it."""
    told = []
    if faults.lost_by_host:
        told.append(f"{faults.lost_by_host} frames were lost by the device or its host")
    if ours.lost > faults.lost_by_host:
        told.append(f"{ours.lost - faults.lost_by_host} captured frames were lost")
    if faults.output_missing:
        told.append(f"{faults.output_missing} frames came too late to be played")
    if faults.differing:
        told.append(f"{faults.differing} frames came back changed")
    if told:
        return False, "Not without fault: " + ", ".join(told) + "."
    if faults.differing is None:
        return True, f"All {ours.expected} frames were captured."
    return True, f"All {ours.expected} frames were captured, bit for bit as they were played."
