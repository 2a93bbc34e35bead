# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The timed C programs of tests/c/bench, as the release build made them."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Return where the programs are: the build this Python belongs to, or build/release."""
    # tools/run_in_build.py gives each build a Python of its own, below it.
    for build in [*Path(sys.prefix).parents, ROOT / "build" / "release"]:
        programs = build / "tests" / "c" / "bench"
        if (programs / "bench_ring").exists():
            return programs
    raise FileNotFoundError("the C benchmarks are not built; run ./dev bench")


def run(name: str) -> Any:
    """Run a program and return what it printed."""
    done = subprocess.run(
        [folder() / name], capture_output=True, text=True, timeout=300, check=True
    )
    return json.loads(done.stdout)


def run_in_python(name: str, library: str) -> Any:
    """Run the main function of a program that was built as a library; in a contestant's process."""
    program = ctypes.CDLL(str(folder() / f"{name}_module.so"))
    words = [name.encode(), library.encode(), None]
    reading, writing = os.pipe()
    kept = os.dup(1)
    os.dup2(writing, 1)
    try:
        code = program.main(2, (ctypes.c_char_p * 3)(*words))
    finally:
        os.dup2(kept, 1)
        os.close(writing)
    with os.fdopen(reading) as output:
        text = output.read()
    if code != 0:
        raise RuntimeError(f"{name} ended with code {code}")
    return json.loads(text)
