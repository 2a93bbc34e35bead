# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs on devices: the streams that play them, their states, and who waits for their time."""

from __future__ import annotations

__all__: list[str] = []
