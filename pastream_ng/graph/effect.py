# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs as effects of recorders, transcodings and pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import integer, real, shown
from pastream_ng.errors import ArgumentTypeError, StateError
from pastream_ng.graph.contexts.base import BaseAudioContext
from pastream_ng.graph.core import CoreGraph

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EffectContext", "GraphEffect", "check_effect"]


class EffectContext(BaseAudioContext):
    """The graph of one use of a `GraphEffect`: a chain of the library renders it.

    What comes is heard through ``ctx.create_device_input()``; what reaches ``ctx.destination`` goes
    on, a frame for a frame. The clock of the context counts the frames that came.
    """

    _calls_in_line = True

    def __init__(self, effect: GraphEffect) -> None:
        channels = effect.channels
        core = CoreGraph(effect.sample_rate, channels, effect.quantum, input_channels=channels)
        super().__init__(core)

    @property
    def state(self) -> Literal["running", "closed"]:
        """``"running"``, or ``"closed"``."""
        return "closed" if self._is_closed else "running"

    def _open_feed_capacity(self) -> int:
        raise StateError(
            "the graph of an effect cannot read or write files while it plays: it does not wait "
            "for the disk; create_buffer_source(path) has a whole file in memory"
        )


class GraphEffect:
    """A graph that sound goes through on its way: into files, or through a pipeline.

    Each use makes a graph of its own, so that one effect serves any number of recorders,
    transcodings and pipelines. What still sounds behind the last frame is not given.

    Parameters
    ----------
    build : callable
        Is called with an `EffectContext` and makes the graph: from ``ctx.create_device_input()``,
        which is what comes, to ``ctx.destination``.
    sample_rate : float
        Hz, of what comes and of what goes on.
    channels : int, optional
        The same, from 1 to 32.
    quantum : int, optional
        How many frames are rendered at once.

    Attributes
    ----------
    sample_rate : float
    channels : int
    quantum : int

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is not as described.

    Examples
    --------
    >>> import io
    >>> import numpy as np, pastream_ng as ps
    >>> def quieter(ctx):
    ...     ctx.create_device_input(channels=1) >> ctx.create_gain(0.5) >> ctx.destination
    >>> effect = ps.GraphEffect(quieter, sample_rate=8000, channels=1)
    >>> loud, quiet = io.BytesIO(), io.BytesIO()
    >>> ps.write(loud, np.full(1000, 0.5, "float32"), 8000, format="WAV")
    >>> _ = loud.seek(0)
    >>> _ = ps.transcode(loud, quiet, format="WAV", effect=effect)
    >>> _ = quiet.seek(0)
    >>> ps.read(quiet)[0][[0, -1]].tolist()
    [0.25, 0.25]
    """

    def __init__(
        self,
        build: Callable[[EffectContext], object],
        *,
        sample_rate: float,
        channels: int = 2,
        quantum: int = 128,
    ) -> None:
        if not callable(build):
            raise ArgumentTypeError(
                f"build is {shown(build)}; it must be a function of a context, which makes a graph"
            )
        self._build = build
        self.sample_rate = real("sample_rate", sample_rate, 3000, 768000, "Hz")
        self.channels = integer("channels", channels, 1, 32)
        self.quantum = integer("quantum", quantum, 1, 16384, "frames")

    def begin(self) -> EffectContext:
        """Return a new graph of it, built.

        Returns
        -------
        EffectContext

        Raises
        ------
        Exception
            What the function has raised.
        """
        context = EffectContext(self)
        self._build(context)
        return context

    def _facts(self) -> tuple[Any, ...]:
        return self._build, self.sample_rate, self.channels, self.quantum

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GraphEffect):
            return NotImplemented
        return self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

    def __repr__(self) -> str:
        name = getattr(self._build, "__name__", repr(self._build))
        n = self.channels
        return f"<GraphEffect {name}: {n} channel{'s' * (n > 1)}, {self.sample_rate:g} Hz>"


def check_effect(name: str, effect: Any) -> GraphEffect:
    """Return an argument that is an effect."""
    if not isinstance(effect, GraphEffect):
        raise ArgumentTypeError(f"{name} is {shown(effect)}; it must be a GraphEffect")
    return effect
