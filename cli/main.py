# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The door of the ``pastream`` command."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command, or say what to install when the packages it draws with are missing."""
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
