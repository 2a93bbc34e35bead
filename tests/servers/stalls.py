# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The yardstick for sound servers on machines that stand still now and then, as virtual ones do."""

from __future__ import annotations

from .programs import Counter, compiled


class Stalls(Counter):
    """Counts how often threads with realtime scheduling wake up so much later than they wanted.

    They want to each `period_us`; without the right to such scheduling it fails to start.
    """

    def __init__(self, period_us: int, limit_us: int) -> None:
        program = compiled("stalls.c", flags=("-pthread",))
        super().__init__([program, str(period_us), str(limit_us)])

    def so_far(self) -> dict[str, int]:
        """Return what it has counted until now: how often, and the most in microseconds."""
        n_lines = self._program.output.count("\n")
        self._program.write("\n")
        self._program.wait_for(lambda: self._program.output.count("\n") > n_lines, 10, "an answer")
        return self._last_line()
