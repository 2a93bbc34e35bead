# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when clang-format would change a C file; with --fix, let it."""

import subprocess
import sys
from pathlib import Path

from common import ROOT, sources


def main(arguments: list[str]) -> int:
    """Run clang-format over all C files and return its exit code."""
    files = [str(path) for path in sources(ROOT, ".c", ".h")]
    mode = ["-i"] if "--fix" in arguments else ["--dry-run", "-Werror"]
    # The one beside this Python is the pinned one; others may disagree with it.
    pinned = Path(sys.executable).with_name("clang-format")
    program = str(pinned) if pinned.exists() else "clang-format"
    return subprocess.run([program, *mode, *files]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
