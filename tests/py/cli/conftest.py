# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the tests of the command share: runs in this process and in one of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pastream_ng.cli.commands import pastream

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from servers.fixtures import jack, pulse  # noqa: F401

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def no_named_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASTREAM_DEVICE", raising=False)


@pytest.fixture
def invoke() -> Callable[..., Result]:
    """Run the command in this process."""

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(pastream, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def run() -> Run:
    """Run the command as users do."""

    def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-X", "dev", "-m", "pastream_ng.cli", *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return command


@pytest.fixture
def invoke_json(invoke: Callable[..., Result]) -> Callable[..., Any]:
    """Run the command with --json and return the document."""

    def run(*arguments: str) -> Any:
        result = invoke(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run
