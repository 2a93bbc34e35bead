# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run benchmarks: ``python -m bench [names] [--json] [--write]``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from . import machine
from .tables import Table, as_rst, as_text

NAMES = [
    "gil_hold",
    "wakeup",
    "round_trip",
    "chunk_cost",
    "ring",
    "callback",
    "mixer",
    "graph_live",
    "resample",
    "encode",
    "decode",
    "transcode",
    "transcode_many",
    "effects",
    "packets",
    "pipeline",
    "runners",
    "graph",
    "import_time",
]
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.rst"

_HEAD = """\
.. Made by ``./dev bench --write``; edits here are lost with the next run.

Benchmarks
==========

All figures of a table come from one run on one machine, side by side, with the other libraries as
their packages install them. Read them as ratios. Nothing is hidden: what did not run says so.

This page was made by::

    ./dev bench --write

"""


def measured(name: str) -> Table:
    """Run one benchmark; one that cannot run at all still has a table."""
    module = importlib.import_module(f"bench.{name}")
    try:
        table: Table = module.measure()
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        table = Table(name, name, "", ["benchmark", "result"])
        table.add_failure(name, text)
    return table


def page(tables: list[Table]) -> str:
    """Write the page of the documentation."""
    facts = [f":{what}: {text}" for what, text in machine.description()]
    return _HEAD + "\n".join([*facts, "", *[as_rst(table) for table in tables]])


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.rst")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    if options.write and options.names:
        parser.error("--write needs all benchmarks, so name none")
    tables = []
    for name in options.names or NAMES:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        table = measured(name)
        tables.append(table)
        if not options.json:
            print(as_text(table), flush=True)
    if options.json:
        results = {"machine": dict(machine.description()), "tables": [t.as_dict() for t in tables]}
        print(json.dumps(results, indent=2))
    if options.write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
