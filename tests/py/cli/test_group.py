# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The group: what it imports, what it says of its commands, what it completes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import Result

from pastream_ng.cli.commands import ENTRIES, pastream


def test_help_imports_no_command() -> None:
    """It would make the start slow."""
    program = """
import json, sys
from pastream_ng.cli.main import main
try:
    main()
except SystemExit as left:
    assert left.code == 0
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
    command = [sys.executable, "-c", program, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    modules = set(json.loads(done.stderr))
    own = {name for name in modules if name.startswith("pastream_ng.cli.")}
    assert own == {f"pastream_ng.cli.{name}" for name in ("commands", "exits", "group", "main")}
    assert not modules & {"rich", "asyncio", "sounddevice", "numba", "distributed"}
    assert not any(name.startswith("pastream_ng.files") for name in modules)
    assert all(f"\n  {name} " in done.stdout for name in ENTRIES)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="the system does not tell")
def test_the_command_starts_no_threads_of_numpy() -> None:
    code = """
import os
from pastream_ng.cli.main import main
try:
    main()
except SystemExit:
    print(len(os.listdir("/proc/self/task")))
"""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "1"


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_said_of_a_command_is_what_it_says_itself(name: str) -> None:
    command = pastream.get_command(click.Context(pastream), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(200).rstrip(".") == ENTRIES[name].help.rstrip(".")


@pytest.mark.parametrize("name", ENTRIES)
def test_each_command_has_help_for_each_option(name: str, invoke: Callable[..., Result]) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0
    command = pastream.get_command(click.Context(pastream), name)
    assert command is not None
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


def test_no_words_at_all_get_the_help(invoke: Callable[..., Result]) -> None:
    assert invoke().output == invoke("--help").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["inof"], "pastream: there is no command and no file 'inof'; did you mean 'info'?"),
        (["info"], "pastream info: Missing argument 'FILES...'."),
        (["info", "--jsn"], "pastream info: No such option '--jsn'"),
        (["demo", "--seconds", "soon"], "pastream demo: Invalid value for '--seconds'"),
        (["completion", "tcsh"], "pastream completion: Invalid value for"),
    ],
)
def test_misuse_is_one_line(words: list[str], told: str, invoke: Callable[..., Result]) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert not result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith(told)
    assert "--help' tells more" in line


def completed(words: str) -> list[str]:
    kind = ShellComplete(pastream, {}, "pastream", "_PASTREAM_COMPLETE")
    *before, last = words.split(" ")
    return [item.value for item in kind.get_completions(before, last)]


def test_the_shell_completes_commands_and_options() -> None:
    assert completed("") == list(ENTRIES)
    assert completed("de") == ["devices", "demo"]
    assert "--scan" in completed("info --s")
    assert completed("completion z") == ["zsh"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("transcode --format fl", ["FLAC"]),
        ("convert --codec fl", ["flac"]),
        ("transcode --many album --to op", ["opus"]),
        ("generate si", ["sine", "silence"]),
        ("generate sine a --format ra", ["RAW"]),
        ("resample --quality b", ["best"]),
        ("play -D loop", ["loopback"]),
        ("rec --device nul", ["null"]),
        ("monitor -D loop", ["loopback"]),
    ],
)
def test_the_shell_completes_values(words: str, offered: list[str]) -> None:
    assert completed(words) == offered


@pytest.mark.parametrize(
    "words", ["transcode ", "info ", "play ", "rec ", "generate sine ", "resample ", "stream -o "]
)
def test_the_shell_completes_names_of_files(words: str) -> None:
    kind = ShellComplete(pastream, {}, "pastream", "_PASTREAM_COMPLETE")
    *before, last = words.split(" ")
    assert [item.type for item in kind.get_completions(before, last)] == ["file"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_shell_needs(shell: str, invoke: Callable[..., Result]) -> None:
    result = invoke("completion", shell)
    assert result.exit_code == 0
    assert "_PASTREAM_COMPLETE" in result.stdout
    environment = {**os.environ, "_PASTREAM_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "pastream_ng.cli"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == result.stdout


def test_rich_is_asked_for_where_it_is_needed() -> None:
    program = (
        "import sys; sys.modules['rich'] = None\nfrom pastream_ng.cli.main import main\nmain()"
    )
    for words, code in (["demo"], 1), (["devices"], 0):
        command = [sys.executable, "-c", program, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == code
        assert ("pastream_ng[cli]" in done.stderr) == (code == 1)
