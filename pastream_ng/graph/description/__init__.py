# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs as descriptions: saved, loaded, rendered with what they say."""

__all__: list[str] = []
