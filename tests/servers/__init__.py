# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Real sound servers and small programs around them, for tests and benchmarks.

Everything runs on private sockets under names of its own, is bounded in time, and goes away with
the process that started it. Servers that the user runs are never touched.
"""
