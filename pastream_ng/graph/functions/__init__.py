# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that are functions of the user's: what is asked of them, and who calls them.

A compiled function is called by the renderer. A Python function is called in line by whoever
renders an offline graph; in a live one by a thread of its own (`worker`), a look-ahead before its
output is heard. Either way C collects the blocks, in one place, of which NumPy has views.
"""

__all__: list[str] = []
