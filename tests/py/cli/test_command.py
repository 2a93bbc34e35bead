# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The command as a whole."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

import pastream_ng as ps


def test_version_is_that_of_the_library(invoke: Callable[..., Result]) -> None:
    assert ps.__version__ in invoke("--version").output


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["demo", "--help"]])
def test_help_tells_of_the_commands(arguments: list[str], invoke: Callable[..., Result]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 0
    assert "demo" in result.output


def test_unknown_command_is_refused(invoke: Callable[..., Result]) -> None:
    result = invoke("sing")
    assert result.exit_code == 2
    assert "sing" in result.output


def test_missing_package_is_named() -> None:
    program = (
        "import sys; sys.modules['click'] = None\nfrom pastream_ng.cli.main import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "click is missing" in done.stderr
    assert "pastream_ng[cli]" in done.stderr


def test_library_alone_does_not_import_the_command() -> None:
    program = "import sys, pastream_ng; print({'click', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
