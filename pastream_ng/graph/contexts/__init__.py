# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Contexts: graphs, and what renders them."""

from pastream_ng.graph.contexts.base import BaseAudioContext
from pastream_ng.graph.contexts.offline import OfflineAudioContext, RenderSteps

__all__ = ["BaseAudioContext", "OfflineAudioContext", "RenderSteps"]
