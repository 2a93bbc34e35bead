# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run the command by ``python -m pastream_ng.cli``, or ``python -m cli`` in a checkout."""

from __future__ import annotations

from .main import main

if __name__ == "__main__":
    main()
