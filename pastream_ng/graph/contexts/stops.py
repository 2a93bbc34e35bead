# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Where an offline rendering stands still, so that the graph can be changed."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, StateError
from pastream_ng.graph.params import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pastream_ng.graph.contexts.offline import OfflineAudioContext
    from pastream_ng.graph.core import CoreGraph

    #: What is called at a stop; None: the caller goes on when it likes.
    Turn: TypeAlias = Callable[[OfflineAudioContext], object] | None

__all__ = ["Stops"]


class Stops:
    """The frames where a rendering of `length` frames stands still, each with what is called then.

    Any thread may add stops while another renders.
    """

    def __init__(self, core: CoreGraph, length: int) -> None:
        self._core = core
        self._length = length
        self._turns: dict[int, Turn] = {}
        self._lock = Lock()

    def _frame_of(self, at: float) -> int:
        """Return the frame of a stop; raise if there cannot be one."""
        time = number("at", at)
        if time < 0:
            raise ArgumentError(f"at is {shown(at)}; it must be 0 seconds or more")
        rate, quantum = self._core.rate, self._core.quantum
        # The quotient of frame and rate is the time of a frame; see AudioParam.
        index = max(0, math.floor(time * rate / quantum) - 1)
        while index * quantum / rate < time:
            index += 1
        frame = index * quantum
        if frame >= self._length or frame < self._core.frame:
            raise StateError(
                f"at is {shown(at)}; what is rendered lies between {self._core.frame / rate:g} and "
                f"{self._length / rate:g} seconds"
            )
        if frame in self._turns:
            raise StateError(f"at is {shown(at)}; there is a stop in that quantum already")
        return frame

    def add(self, times: Iterable[float], turn: Turn) -> None:
        """Stop at all of these times, in seconds, or, if one of them cannot be, at none."""
        with self._lock:
            before = dict(self._turns)
            try:
                for time in times:
                    self._turns[self._frame_of(time)] = turn
            except BaseException:
                self._turns = before
                raise

    def put(self, frame: int, turn: Turn) -> None:
        """Stop at a frame, in place of what was to be done there; the last one is the end."""
        with self._lock:
            self._turns[min(frame, self._length)] = turn

    def next(self) -> int:
        """Return the frame of the next stop; behind the end, if there is none."""
        with self._lock:
            return min(self._turns, default=self._length + 1)

    def take(self, frame: int) -> Turn:
        """Return what is called at a stop, which is one no longer."""
        with self._lock:
            return self._turns.pop(frame)

    def clear(self) -> None:
        """Stop nowhere."""
        with self._lock:
            self._turns.clear()
