# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a benchmark returns, and how it is printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | float | int | None


@dataclass
class Table:
    """One benchmark's result."""

    name: str
    title: str
    method: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """Add a row; its cells follow the columns."""
        assert len(cells) == len(self.columns), "a row has as many cells as there are columns"
        self.rows.append(list(cells))

    def add_failure(self, name: str, reason: str) -> None:
        """Add a contestant that did not run: shown as such, never left out."""
        width = len(self.columns) - 2
        self.rows.append([name, f"did not run: {reason}", *[None] * width])

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def text_of(cell: Cell) -> str:
    """Write a cell: three significant digits are all that a shared machine gives."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return str(cell)


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]


def as_text(table: Table) -> str:
    """Lay a table out for a terminal."""
    rows = [table.columns, *[[text_of(cell) for cell in row] for row in table.rows]]
    # A message instead of figures must not widen its column.
    widths = _widths([[_short(cell) for cell in row] for row in rows])
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([table.title, "", *lines, "", table.method, ""])


def _short(cell: str) -> str:
    return "" if cell.startswith("did not run") else cell


def as_rst(table: Table) -> str:
    """Write a table as a section of the documentation."""
    lines = [table.title, "-" * len(table.title), "", table.method, "", ".. list-table::"]
    lines += ["   :header-rows: 1", ""]
    for row in [table.columns, *[[text_of(cell) for cell in row] for row in table.rows]]:
        lines += [f"   {'*' if at == 0 else ' '} - {cell}".rstrip() for at, cell in enumerate(row)]
    return "\n".join([*lines, ""])
