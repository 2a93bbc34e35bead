# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C object that a stream calls to play a graph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner

if TYPE_CHECKING:
    from pastream_ng.graph.core import CoreGraph

__all__ = ["NEVER", "GraphOutput"]

#: A frame that never comes.
NEVER = 2**62


class GraphOutput:
    """What plays a graph. It must outlive the stream that calls it, and knows nothing of that.

    Methods may be called from any thread.
    """

    def __init__(self, graph: CoreGraph) -> None:
        # It may be called at the very end of the program, when modules are empty.
        getpid, let_go = os.getpid, lib.pst_graph_output_release
        pid = getpid()

        def release(pointer: Any) -> None:
            # In a child process the audio thread is gone, perhaps in the middle of something.
            if pid == getpid():
                let_go(pointer)

        owned, err = owner("pst_graph_output *", release), new_error()
        check(lib.pst_graph_output_create(owned, graph.pointer, err), err)
        self._owned = owned
        self._graph = graph
        self.pointer = owned[0]

    def resume(self, was_cut: bool) -> None:
        """Go on with the next block; after a cut the sound fades in."""
        lib.pst_graph_output_resume(self.pointer, was_cut)

    def suspend(self) -> None:
        """Begin to fade out."""
        lib.pst_graph_output_suspend(self.pointer)

    def cut(self) -> None:
        """Stand still at once: the device does not play any more."""
        lib.pst_graph_output_cut(self.pointer)

    def status(self) -> Any:
        """Return the ``pst_graph_output_status``."""
        status = ffi.new("pst_graph_output_status *")
        lib.pst_graph_output_get_status(self.pointer, status)
        return status

    def reset_latency(self) -> None:
        """Begin the statistics of the latency anew."""
        lib.pst_graph_output_reset_latency(self.pointer)

    @property
    def frame(self) -> int:
        """How many frames of the graph were rendered."""
        return self._graph.frame

    @property
    def news(self) -> int:
        """How much news there was."""
        return int(lib.pst_graph_output_news(self.pointer))

    def wake(self) -> None:
        """Let everybody who waits look again."""
        lib.pst_graph_output_wake(self.pointer)

    def wait(self, frame: int, news: int, slice_ns: int) -> None:
        """Wait until the graph is at a frame, or there is more news, for so many nanoseconds."""
        lib.pst_graph_output_wait(self.pointer, frame, news, slice_ns)

    def tidy(self) -> None:
        """Free what the renderer has given back. What fails is tried again the next time."""
        lib.pst_graph_tidy(self._graph.pointer, ffi.NULL)
