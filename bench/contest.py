# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run each contestant of a benchmark in a process of its own.

A contestant is a function in one of the modules here; its keyword arguments and its result are
JSON. ``python -m bench.contest MODULE FUNCTION ARGUMENTS RESULT_FILE`` is such a process.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .servers import Program, ProgramFailed

ROOT = Path(__file__).resolve().parents[1]


class DidNotRun(Exception):
    """A contestant failed; the text is the last line it printed."""


def run(
    module: str,
    function: str,
    *,
    env: Mapping[str, str] | None = None,
    timeout: float,
    **arguments: Any,
) -> Any:
    """Run a contestant and return its result."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        command = [sys.executable, "-m", "bench.contest", module, function]
        program = Program([*command, json.dumps(arguments), result.name], env=env, cwd=ROOT)
        try:
            code = program.finish(timeout)
            if code != 0:
                last = (program.output.strip().splitlines() or [""])[-1]
                raise DidNotRun(last or f"exit code {code}")
            return json.loads(Path(result.name).read_text())
        except ProgramFailed:
            raise DidNotRun(f"still running after {timeout:.0f} s") from None
        finally:
            program.stop()


def main() -> None:
    """Be a contestant."""
    module, function, arguments, result = sys.argv[1:]
    contestant = getattr(importlib.import_module(module), function)
    value = contestant(**json.loads(arguments))
    Path(result).write_text(json.dumps(value))


if __name__ == "__main__":
    main()
