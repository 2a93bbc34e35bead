# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The door of the ``pastream`` command."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def fill_closed_files() -> None:
    """Put something where a standard file is closed, or the next file opened would take its place.

    A file named like this is told to be closed when it is to carry sound.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def main() -> None:
    """Run the command, or say what to install when the packages it draws with are missing."""
    fill_closed_files()
    # NumPy's own threads, of which nothing here has any use, cost more time than its import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .commands import pastream
        from .exits import listen_to_signals
    except ModuleNotFoundError as missing:
        if missing.name not in {"click", "rich"}:
            raise
        sys.exit(f"pastream: {missing.name} is missing; run: pip install 'pastream_ng[cli]'")
    except KeyboardInterrupt:
        sys.exit(130)
    listen_to_signals()
    pastream(prog_name="pastream")
