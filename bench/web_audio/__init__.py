# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs in the engines of others."""
