# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when a source file has more than 600 lines (it wants to be two) or over 100 columns."""

from pathlib import Path

from common import report, sources

LINES = 600
COLUMNS = 100


def check(root: Path) -> list[str]:
    """Return one line per file or line that is too long."""
    problems = []
    for path in sources(root, ".c", ".h", ".py"):
        name = path.relative_to(root)
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > LINES:
            problems.append(f"{name}: {len(lines)} lines, the limit is {LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                problems.append(f"{name}:{number}: {len(line)} columns, the limit is {COLUMNS}")
    return problems


if __name__ == "__main__":
    report(check)
