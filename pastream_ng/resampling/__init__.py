# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Other sample rates for frames in memory."""

from pastream_ng.resampling.oneshot import resample
from pastream_ng.resampling.resampler import Resampler

__all__ = ["Resampler", "resample"]
