# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Benchmarks against the libraries that people use today: ``./dev bench [names]``.

All figures of one table come from one run on one machine, and are meant to be read as ratios.
Nothing here is a test: a machine may be slow.
"""
