# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run one function of a scenario file in a fresh Python, and get its result back.

PortAudio looks for devices once, when it starts, and a fault may take the whole process with it. So
each story with a server or a signal in it has a process of its own. A scenario is a plain function
in a file of tests/py/scenarios; its keyword arguments and its result are JSON. It may call `tell`
to let the test know how far it is, and `wait_for_word` to be told to go on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from .programs import Program, ProgramFailed

FOLDER = Path(__file__).resolve().parents[1] / "py" / "scenarios"
# A stage of a fault is a matter of seconds; who waits that long hangs.
PATIENCE = 60.0


class Scenario:
    """A running scenario; use as a context manager."""

    def __init__(
        self,
        file: str,
        function: str,
        *,
        env: Mapping[str, str] | None = None,
        python: tuple[str, ...] = (),
        **arguments: Any,
    ) -> None:
        self._result = tempfile.NamedTemporaryFile(suffix=".json")  # noqa: SIM115
        runner = str(Path(__file__).with_name("run_scenario.py"))
        # Warnings that nobody sees become failures; but a ResourceWarning cannot be raised.
        switches = ["-X", "faulthandler", "-W", "error", *python]
        script = [runner, self._result.name, str(FOLDER / file), function, json.dumps(arguments)]
        # None of a developer's own settings, and no line kept back in a buffer.
        base = {k: v for k, v in (env or os.environ).items() if k != "PASTREAM_DEVICE"}
        base["PYTHONUNBUFFERED"] = "1"
        self.program = Program([sys.executable, *switches, *script], env=base, stdin=True)

    @property
    def pid(self) -> int:
        return self.program.pid

    @property
    def output(self) -> str:
        """What it printed, on both streams."""
        return self.program.output

    def wait_for(self, word: str, timeout: float = PATIENCE) -> None:
        """Wait until the scenario tells this word."""
        self.program.wait_for_output(f"told: {word}\n", timeout)

    def say(self, word: str) -> None:
        """Tell a word to a scenario that waits for it."""
        self.program.write(f"{word}\n")

    def result(self, timeout: float = PATIENCE) -> Any:
        """Wait for the end and return what the function returned."""
        try:
            code = self.program.finish(timeout)
        except ProgramFailed:
            # The fault handler writes where every thread hangs.
            self.program.send(signal.SIGABRT)
            self.program.wait_end(5)
            raise self.program.failed(f"hung; it did not end within {timeout} s") from None
        if code != 0:
            raise self.program.failed(f"ended with code {code}")
        return json.loads(Path(self._result.name).read_text())

    def __enter__(self) -> Scenario:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.program.stop()
        self._result.close()


def run(file: str, function: str, *, timeout: float = PATIENCE, **keywords: Any) -> Any:
    """Run a scenario to its end and return its result."""
    with Scenario(file, function, **keywords) as scenario:
        return scenario.result(timeout)


def tell(word: str) -> None:
    """In a scenario: let the test know how far it is."""
    print(f"told: {word}", flush=True)


def wait_for_word() -> str:
    """In a scenario: wait for a word of the test; an empty one means that it went away."""
    return sys.stdin.readline().strip()


def main(result: str, file: str, function: str, arguments: str) -> None:
    """Run a scenario in this process."""
    spec = importlib.util.spec_from_file_location("scenario", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scenario"] = module
    spec.loader.exec_module(module)
    value = getattr(module, function)(**json.loads(arguments))
    Path(result).write_text(json.dumps(value))
