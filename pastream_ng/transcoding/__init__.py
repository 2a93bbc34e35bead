# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files made of other sound files."""

from __future__ import annotations

__all__: list[str] = []  # Its modules are imported one by one: no program needs all of them.
