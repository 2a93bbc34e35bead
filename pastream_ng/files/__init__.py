# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""

__all__: list[str] = []  # Its modules are imported one by one: no program needs all of them.
