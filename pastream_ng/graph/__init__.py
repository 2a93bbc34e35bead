# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs of nodes that make, change and mix sound."""

from __future__ import annotations

__all__: list[str] = []
