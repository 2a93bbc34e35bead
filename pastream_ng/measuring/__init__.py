# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Measurements with sound: what no number of the host's can be trusted for."""

from __future__ import annotations

from pastream_ng.measuring.latency import LatencyMeasurement, measure_latency

__all__ = ["LatencyMeasurement", "measure_latency"]
