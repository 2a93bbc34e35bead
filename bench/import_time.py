# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Import time beyond NumPy."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from .tables import Table

RUNS = 15
LIBRARIES = ["pastream_ng", "sounddevice", "pastream", "rtmixer"]

_SCRIPT = """
import sys, time
sys.path[:0] = {paths!r}
import numpy
began = time.perf_counter()
import {library}
print(time.perf_counter() - began)
"""


def _install(folder: str) -> list[str]:
    """Install the measured build, and return where Python finds it and the other libraries."""
    build = os.environ["PASTREAM_BUILD_DIR"]
    subprocess.run(
        ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder],
        check=True,
        capture_output=True,
    )
    (package,) = Path(folder).rglob("pastream_ng/_core*.so")
    return [str(package.parents[1]), *(path for path in sys.path if "-packages" in path)]


def _seconds(library: str, paths: list[str]) -> float:
    script = _SCRIPT.format(library=library, paths=paths)
    # Without site: what an editable install hooks into imports is not the library's.
    command = [sys.executable, "-S", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return float(done.stdout)


def measure() -> Table:
    table = Table(
        name="import_time",
        title="Import time beyond NumPy",
        method=(
            "Seconds of the import statement in a fresh Python that has imported NumPy; all are "
            f"installed, and take turns, {RUNS} runs each, after one that is not counted. "
            "sounddevice and those on top of it also start PortAudio at import, and look for "
            "devices; pastream_ng does that with the first call that needs it."
        ),
        columns=["library", "median", "fastest", "median, against pastream_ng"],
    )
    times: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = _install(folder)
        for run in range(RUNS + 1):
            for library in LIBRARIES:
                if library in failures:
                    continue
                try:
                    seconds = _seconds(library, paths)
                except RuntimeError as error:
                    failures[library] = str(error)
                    continue
                if run > 0:
                    times[library].append(seconds)
    ours = statistics.median(times["pastream_ng"]) if times["pastream_ng"] else None
    for library in LIBRARIES:
        if library in failures:
            table.add_failure(library, failures[library])
            continue
        median = statistics.median(times[library])
        ratio = f"{median / ours:.1f} x" if ours else ""
        fastest = f"{1e3 * min(times[library]):.1f} ms"
        table.add(library, f"{1e3 * median:.1f} ms", fastest, ratio)
    return table
