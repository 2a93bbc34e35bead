# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the checks share: where the sources lie, and how a check reports."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("csrc", "pastream_ng", "cli", "tests", "tools", "bench", "examples", "docs")


def sources(root: Path, *suffixes: str, folders: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Yield the project's own files with one of the suffixes, in a stable order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts:
                yield path


def without_comments(text: str) -> str:
    """Blank out the comments, strings and characters of C text; line numbers stay."""

    def blank(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1]

    tokens = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(tokens, blank, text, flags=re.DOTALL)


def report(check: Callable[[Path], list[str]]) -> None:
    """Run a check over the folder given on the command line, else over the project, and exit."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)
