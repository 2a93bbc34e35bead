# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The blocks of a function, as NumPy sees them: views of C's memory, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pastream_ng.graph.functions.declared import Declared

    Samples = NDArray[np.float32]

__all__ = ["Arrays", "Memory"]


def _planes(function: Any, first: Any, n_planes: int, block: int) -> Samples:
    """Return an array of C's memory, which keeps it."""
    lib.pst_function_retain(function)
    kept = ffi.gc(first, lambda _, function=function: lib.pst_function_release(function))
    data = np.frombuffer(ffi.buffer(kept, n_planes * block * 4), np.float32)
    return data.reshape(n_planes, block)


class Arrays:
    """Views of the blocks of one length.

    Attributes
    ----------
    inputs, outputs : list of numpy.ndarray
        (channels, frames) each. What goes in may be written over: nobody else reads it.
    block_in, block_out : numpy.ndarray or None
        The first input and output, as (frames, channels).
    buffers : list of numpy.ndarray
        The channels of the first output, or of the first input where there is none.
    params : dict
        Of arrays by name: one value each where it is the same for all frames, else one for each.
    """

    def __init__(self, memory: Memory, frames: int) -> None:
        self.frames = frames
        n, channels = memory.n_inputs, memory.channels
        planes = memory.planes_in[:, :frames]
        self.inputs = [planes[i * channels : (i + 1) * channels] for i in range(n)]
        self.outputs: list[Samples] = []
        first = 0
        for count in memory.output_channels:
            self.outputs.append(memory.planes_out[first : first + count, :frames])
            first += count
        self.block_in = self.inputs[0].T if self.inputs else None
        self.block_out = self.outputs[0].T if self.outputs else None
        first_port = (*self.outputs, *self.inputs)[:1]
        self.buffers: list[Samples] = [row for port in first_port for row in port]
        values = planes[n * channels :]
        self._steady = [plane[:1] for plane in values]
        self._moving = list(values)
        self._names = memory.names
        self._last = -1
        self.params: dict[str, Samples] = {}

    def set_steady(self, steady: int) -> None:
        """Choose which params have one value: those whose bits are set."""
        if steady == self._last:
            return
        self._last = steady
        for index, name in enumerate(self._names):
            chosen = self._steady if steady >> index & 1 else self._moving
            self.params[name] = chosen[index]


class Memory:
    """Where the blocks of a function are made."""

    def __init__(
        self,
        function: Any,
        n_inputs: int,
        channels: int,
        output_channels: Sequence[int],
        params: Sequence[Declared],
    ) -> None:
        memory = ffi.new("pst_function_memory *")
        lib.pst_function_get_memory(function, memory)
        self.block = int(memory.block_frames)
        self.n_inputs = n_inputs
        self.channels = channels
        self.output_channels = tuple(output_channels)
        self.names = [param.name for param in params]
        n_in = n_inputs * channels + len(params)
        self.planes_in = _planes(function, memory.inputs, n_in, self.block)
        self.planes_out = _planes(function, memory.outputs, sum(output_channels), self.block)
        self._whole = Arrays(self, self.block)

    def arrays(self, frames: int) -> Arrays:
        """Return the views of a block; nearly all have the same length."""
        return self._whole if frames == self.block else Arrays(self, frames)
