# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The program in which a scenario runs: see scenario.py."""

import sys
from pathlib import Path

# Python put this file's folder first; the package lies one above.
sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    from servers.scenario import main

    main(*sys.argv[1:])
