# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs as text and pictures."""

__all__: list[str] = []
