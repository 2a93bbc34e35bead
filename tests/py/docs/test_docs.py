# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the documentation shows is run: Python blocks, included files, commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.rst", *sorted(DOCS.rglob("*.rst"))]
RUNNER = Path(__file__).with_name("run_page.py")
SHELL = re.compile(r"^( *)\.\. code-block:: sh\n\n((?:\1 +.*\n|\s*\n)+)", re.M)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def having(text: str) -> list[Path]:
    return [page for page in PAGES if text in page.read_text(encoding="utf-8")]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {**os.environ, "PASTREAM_DEVICE": "loopback", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("page", having("code-block:: python"), ids=name)
def test_python_blocks_run(page: Path, tmp_path: Path) -> None:
    run(RUNNER, page, cwd=tmp_path)


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=name)
def test_examples_run(example: Path, tmp_path: Path) -> None:
    output = run(example, "0.5", cwd=tmp_path)
    assert output.strip(), "an example shows something"


def test_the_loopback_example_proves_what_it_says(tmp_path: Path) -> None:
    assert "bit for bit" in run(ROOT / "examples" / "loopback_test.py", cwd=tmp_path)


def test_the_fault_example_tells_what_was_lost(tmp_path: Path) -> None:
    output = run(ROOT / "examples" / "virtual_faults.py", cwd=tmp_path)
    assert "captured 26400, lost 2400" in output


@pytest.mark.parametrize("page", having("literalinclude::"), ids=name)
def test_included_code_is_code_that_is_run(page: Path) -> None:
    for target in re.findall(r"literalinclude:: (\S+)", page.read_text(encoding="utf-8")):
        source = (page.parent / target).resolve()
        assert source.exists()
        homes = (ROOT / "examples", ROOT / "csrc", ROOT / "pastream_ng")
        assert any(source.is_relative_to(home) for home in homes)


def commands(page: Path) -> list[str]:
    return [
        line.split("#")[0].strip()
        for match in SHELL.finditer(page.read_text(encoding="utf-8"))
        for line in match[2].splitlines()
    ]


@pytest.mark.parametrize("page", having("code-block:: sh"), ids=name)
def test_shown_commands_exist(page: Path) -> None:
    from pastream_ng.cli.commands import pastream

    dev = (ROOT / "dev").read_text(encoding="utf-8")
    for line in commands(page):
        words = line.split()
        while words and re.fullmatch(r"[A-Z_]+=\S+", words[0]):
            words.pop(0)
        if words[:1] == ["./dev"]:
            assert re.search(rf"\b{words[1]}\b", dev), line
        elif words[:1] == ["pastream"]:
            subcommand = pastream.get_command(click.Context(pastream), words[1])
            assert subcommand, line
            subcommand.make_context(words[1], words[2:])
        else:
            assert not words or words[0] in {"pip", "sudo", "git", "cd", "python"}, line


def test_every_page_can_be_found() -> None:
    """Each page is named in some index, by itself or by a pattern."""
    for page in sorted(DOCS.rglob("*.rst")):
        if page == DOCS / "index.rst":
            continue
        folder = page.parent
        while not (folder / "index.rst").exists() or folder / "index.rst" == page:
            folder = folder.parent
        index = (folder / "index.rst").read_text(encoding="utf-8")
        entry = page.relative_to(folder).with_suffix("").as_posix()
        patterns = re.findall(r"^   (\S*\*\S*)$", index, re.M)
        assert entry in index or any(page.match(f"{pattern}.rst") for pattern in patterns), page
