# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The sound servers of the tests, for benchmarks."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from servers.browser import CHROMIUM, CHROMIUM_OPTIONS, Files, find_first, run_page
from servers.counting import PERIOD, continuity, numbers
from servers.gil_hold import GilHog
from servers.jack import RATE, JackServer
from servers.programs import MissingProgram, Program, ProgramFailed

__all__ = [
    "CHROMIUM",
    "CHROMIUM_OPTIONS",
    "PERIOD",
    "RATE",
    "Files",
    "GilHog",
    "JackServer",
    "MissingProgram",
    "Program",
    "ProgramFailed",
    "continuity",
    "find_first",
    "numbers",
    "run_page",
]
