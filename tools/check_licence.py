# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when a source file does not open with the two lines on its licence."""

from pathlib import Path

from common import report, sources

LINES = ("Copyright 2026 The pastream_ng authors", "SPDX-License-Identifier: MIT")


def check(root: Path) -> list[str]:
    """Return one line per file whose first lines say something else."""
    problems = []
    for path in sources(root, ".c", ".h", ".py", ".cpp", ".build"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if lines and lines[0].startswith("#!"):
            del lines[0]
        said = tuple(line.lstrip("/# ") for line in lines[:2])
        if lines and said != LINES:
            problems.append(f"{path.relative_to(root)}: does not open with the licence's two lines")
    return problems


if __name__ == "__main__":
    report(check)
