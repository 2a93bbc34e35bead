# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What in a graph has params: nodes, and the listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pastream_ng.graph.params import AudioParam

if TYPE_CHECKING:
    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.core import CoreNode

__all__ = ["Face"]


class Face:
    """The face of something that C has."""

    def __init__(self, context: BaseAudioContext, core: CoreNode) -> None:
        self._context = context
        self._core = core
        self._params: dict[str, AudioParam] = {}

    @property
    def context(self) -> BaseAudioContext:
        """The context that it belongs to."""
        return self._context

    @property
    def params(self) -> dict[str, AudioParam]:
        """All its params by name."""
        return {name: self._param(name) for name in self._core.kind.params}

    def _param(self, name: str) -> AudioParam:
        """Return a param, always the same."""
        param = self._params.get(name)
        if param is None:
            info = self._core.kind.params[name]
            made = AudioParam(self._context, self._core.param(name), info, type(self).__name__)
            param = self._params.setdefault(name, made)
        return param
