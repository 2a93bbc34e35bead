# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pictures of graphs: boxes in columns, and curves between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Arrow", "Box", "drawing"]

# In pixels.
_HEIGHT, _GAP_X, _GAP_Y, _MARGIN, _PER_LETTER, _PADDING = 40, 72, 18, 12, 6.4, 20
# How often the rows of all columns are put in order anew.
_SWEEPS = 6


class Box(NamedTuple):
    """A node."""

    name: str
    text: str


class Arrow(NamedTuple):
    """A connection, from one box to another by their numbers."""

    source: int
    target: int
    label: str
    is_dashed: bool


@dataclass
class _Cell:
    """A place in a column: a box, or where a long arrow passes."""

    column: int
    box: Box | None
    left: list[_Cell] = field(default_factory=list)
    right: list[_Cell] = field(default_factory=list)
    row: float = 0.0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0

    @property
    def middle(self) -> float:
        """Where arrows meet it."""
        return self.y + _HEIGHT / 2


def _forward(n: int, arrows: list[Arrow]) -> list[bool]:
    """Tell of each arrow whether it goes to the right; those that close a cycle do not."""
    leads: list[list[int]] = [[] for _ in range(n)]
    for i, arrow in enumerate(arrows):
        leads[arrow.source].append(i)
    is_forward = [True] * len(arrows)
    state = [0] * n  # 1: on the way here, 2: done.
    for start in range(n):
        path = [(start, iter(leads[start]))] if state[start] == 0 else []
        while path:
            at, rest = path[-1]
            state[at] = 1
            i = next(rest, -1)
            if i < 0:
                state[at] = 2
                path.pop()
            elif state[arrows[i].target] == 1:
                is_forward[i] = False
            elif state[arrows[i].target] == 0:
                path.append((arrows[i].target, iter(leads[arrows[i].target])))
    return is_forward


def _columns(n: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Return the column of each box: behind all that lead to it, as far to the right as that."""
    waiting = [0] * n
    leads: list[list[int]] = [[] for _ in range(n)]
    for a, b in pairs:
        leads[a].append(b)
        waiting[b] += 1
    columns = [0] * n
    ready = [i for i in range(n) if waiting[i] == 0]
    order = []
    while ready:
        a = ready.pop()
        order.append(a)
        for b in leads[a]:
            columns[b] = max(columns[b], columns[a] + 1)
            waiting[b] -= 1
            if waiting[b] == 0:
                ready.append(b)
    # What could stand nearer to what it leads to, does.
    for a in reversed(order):
        if leads[a]:
            columns[a] = min(columns[b] for b in leads[a]) - 1
    return columns


def _route(cells: list[_Cell], a: int, b: int) -> list[_Cell]:
    """Return what an arrow to the right passes, with cells of its own in the columns between."""
    first, last = cells[a], cells[b]
    between = [_Cell(column, None) for column in range(first.column + 1, last.column)]
    row = [first, *between, last]
    for one, other in pairwise(row):
        one.right.append(other)
        other.left.append(one)
    return row


def _place(columns: list[list[_Cell]]) -> None:
    """Give each cell its row: near those that it is connected with."""
    for column in columns:
        for i, cell in enumerate(column):
            cell.row = i
    for sweep in range(_SWEEPS):
        is_right = sweep % 2 == 0
        for column in columns if is_right else reversed(columns):
            wanted = {
                id(cell): _mean(cell.left if is_right else cell.right, cell.row) for cell in column
            }
            _sort(column, wanted)


def _sort(column: list[_Cell], wanted: dict[int, float]) -> None:
    column.sort(key=lambda cell: wanted[id(cell)])
    for i, cell in enumerate(column):
        cell.row = i


def _mean(cells: list[_Cell], default: float) -> float:
    return sum(cell.row for cell in cells) / len(cells) if cells else default


def _measure(columns: list[list[_Cell]]) -> tuple[float, float]:
    """Give each cell its place in pixels; return the size of the picture."""
    step = _HEIGHT + _GAP_Y
    height = max(len(column) for column in columns) * step - _GAP_Y
    x: float = _MARGIN
    for column in columns:
        widest = max((_width(cell.box) for cell in column), default=0.0)
        top = _MARGIN + (height - (len(column) * step - _GAP_Y)) / 2
        for i, cell in enumerate(column):
            cell.width = _width(cell.box) if cell.box else widest
            cell.x = x + (widest - cell.width) / 2
            cell.y = top + i * step
        x += widest + _GAP_X
    return x - _GAP_X + _MARGIN, height + 2 * _MARGIN


def _width(box: Box | None) -> float:
    return _PADDING + _PER_LETTER * max(len(box.name), len(box.text)) if box else 0.0


def _curve(row: list[_Cell], is_forward: bool) -> str:
    """Return the path of an arrow."""
    # Beside the way there is the way back.
    shift = 0 if is_forward else _HEIGHT / 5
    points = [(row[0].x + row[0].width, row[0].middle + shift)]
    for cell in row[1:-1]:
        points += [(cell.x, cell.middle), (cell.x + cell.width, cell.middle)]
    points.append((row[-1].x, row[-1].middle + shift))
    if not is_forward:
        points.reverse()
    x, y = points[0]
    path = f"M{x:.1f} {y:.1f}"
    for i, (to_x, to_y) in enumerate(points[1:]):
        bend = (x + to_x) / 2
        path += (
            f" C{bend:.1f} {y:.1f} {bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
            if i % 2 == 0
            else f" L{to_x:.1f} {to_y:.1f}"
        )
        x, y = to_x, to_y
    return path


def _loop(cell: _Cell) -> str:
    """Return the path of an arrow from a box to itself."""
    left, right, top = cell.x + 12, cell.x + cell.width - 12, cell.y
    return f"M{right:.1f} {top:.1f} C{right:.1f} {top - 16:.1f} {left:.1f} {top - 16:.1f} " + (
        f"{left:.1f} {top:.1f}"
    )


def _box(cell: _Cell, box: Box) -> tuple[str, str]:
    """Return the frame of a box, and what stands in it."""
    x, y = cell.x, cell.y
    middle = x + cell.width / 2
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell.width:.1f}" height="{_HEIGHT}" rx="6"/>',
        f'<text x="{middle:.1f}" y="{y + 16:.1f}" font-weight="bold">{escape(box.name)}</text>'
        f'<text x="{middle:.1f}" y="{y + 31:.1f}">{escape(box.text)}</text>',
    )


_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" '
    'viewBox="0 0 {w:.0f} {h:.0f}" font-family="sans-serif" font-size="11" text-anchor="middle">'
    '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>'
)


def drawing(boxes: list[Box], arrows: list[Arrow]) -> str:
    """Return an SVG of boxes and the arrows between them."""
    is_forward = _forward(len(boxes), arrows)
    ends = [
        (arrow.source, arrow.target) if forward else (arrow.target, arrow.source)
        for arrow, forward in zip(arrows, is_forward, strict=True)
    ]
    columns = _columns(len(boxes), [(a, b) for a, b in ends if a != b])
    cells = [_Cell(column, box) for column, box in zip(columns, boxes, strict=True)]
    routes = [_route(cells, a, b) if a != b else [cells[a]] for a, b in ends]
    grid: list[list[_Cell]] = [[] for _ in range(max(columns, default=0) + 1)]
    for cell in cells:
        grid[cell.column].append(cell)
    for route in routes:
        for cell in route[1:-1]:
            grid[cell.column].append(cell)
    _place(grid)
    width, height = _measure(grid)
    parts = [_HEAD.format(w=width, h=height), '<g fill="none" stroke="#555">']
    labels = []
    for arrow, route, forward in zip(arrows, routes, is_forward, strict=True):
        path = _loop(route[0]) if len(route) == 1 else _curve(route, forward)
        dash = ' stroke-dasharray="4 3"' if arrow.is_dashed else ""
        parts.append(f'<path d="{path}"{dash} marker-end="url(#head)"/>')
        if arrow.label:
            end = cells[arrow.target]
            labels.append(
                f'<text x="{end.x - 4:.1f}" y="{end.middle - 5:.1f}" text-anchor="end" '
                f'font-style="italic">{escape(arrow.label)}</text>'
            )
    parts.append('</g><g fill="#f6f8fa" stroke="#555">')
    drawn = [_box(cell, box) for cell, box in zip(cells, boxes, strict=False)]
    parts += [frame for frame, _ in drawn]
    texts = [text for _, text in drawn]
    return "".join([*parts, '</g><g fill="#222">', *texts, *labels, "</g></svg>"])
