# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a piece of work costs: processor time, time by the clock, and most memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import contest
from .tables import Table

# A short run is repeated, and the best counts: the machine has other work, too.
_ENOUGH_S = 2.0
_MOST_RUNS = 3


class Cost(NamedTuple):
    cpu_s: float
    wall_s: float
    peak_mb: float


def _peak_mb(process: int | str) -> float:
    """Return the most memory that a process has had, 0 when it is gone.

    Not getrusage: that begins with the memory of the process that started this one.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(next(sizes, "0")) / 1024


def of_call(function: Callable[[], object]) -> Cost:
    """Run a function in this process; the memory is that of the whole process."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu, wall, _peak_mb("self"))


def of_command(command: list[str], memory_mb: Callable[[int], float] = _peak_mb) -> Cost:
    """Run a program; raise DidNotRun with what it said last if it fails.

    `memory_mb` tells what a process needs; its largest answer counts.
    """
    peak = 0.0
    with tempfile.TemporaryFile() as told:
        began = time.perf_counter()
        try:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told
            )
        except FileNotFoundError:
            raise contest.DidNotRun(f"{command[0]} is not installed") from None
        while (ended := os.wait4(program.pid, os.WNOHANG))[0] == 0:
            peak = max(peak, memory_mb(program.pid))
            time.sleep(0.003)
        wall = time.perf_counter() - began
        program.returncode = os.waitstatus_to_exitcode(ended[1])
        if program.returncode != 0:
            told.seek(0)
            lines = told.read().decode(errors="replace").strip().splitlines()
            raise contest.DidNotRun(lines[-1] if lines else f"exit code {program.returncode}")
    return Cost(ended[2].ru_utime + ended[2].ru_stime, wall, peak)


def of_peer(module: str, function: str, **arguments: Any) -> Cost:
    """Run a function of a contestant in a process of its own; it returns a Cost."""
    return Cost(*contest.run(module, function, timeout=120, **arguments))


def best(run: Callable[[], Cost]) -> Cost:
    """Return the cheapest of a few runs."""
    costs = [run()]
    while len(costs) < _MOST_RUNS and sum(cost.wall_s for cost in costs) < _ENOUGH_S:
        costs.append(run())
    cheapest = min(costs)
    return cheapest._replace(peak_mb=min(cost.peak_mb for cost in costs))


COLUMNS = ["work", "program", "CPU s", "clock s", "x real time", "peak MB", "others' best / ours"]
OURS = "pastream_ng"


def add_rows(
    table: Table, work: str, seconds: float, contestants: list[tuple[str, Callable[[], Cost]]]
) -> None:
    """Run the contestants of one work, and add a row for each; the library's name is OURS."""
    costs: dict[str, Cost] = {}
    failures: dict[str, str] = {}
    for name, run in contestants:
        try:
            costs[name] = best(run)
        except contest.DidNotRun as error:
            failures[name] = str(error)
    others = [cost.cpu_s for name, cost in costs.items() if not name.startswith(OURS)]
    for name, _ in contestants:
        if name in failures:
            table.add(work, name, f"did not run: {failures[name]}", *[None] * 4)
            continue
        cost = costs[name]
        ratio = f"{min(others) / cost.cpu_s:.2f}" if name.startswith(OURS) and others else None
        speed = seconds / cost.cpu_s
        table.add(work, name, *(float(f"{x:.3g}") for x in (*cost[:2], speed, cost[2])), ratio)
