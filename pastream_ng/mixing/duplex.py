# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Mixers that capture, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng._checks import pair
from pastream_ng.enums import Direction
from pastream_ng.errors import ArgumentError
from pastream_ng.mixing.mixer import Mixer, refuse_ring
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream

if TYPE_CHECKING:
    from pastream_ng.streams.options import Options

__all__ = ["DuplexMixer"]


class DuplexMixer(Mixer, InputStream):
    """A `Mixer` that captures in the same callback: both sides count the same frames.

    It has the methods of `Mixer` and those of `InputStream`, except that `wait` is the mixer's.

    Parameters
    ----------
    device, samplerate, channels, blocksize : optional
        As for `DuplexStream`: a pair (input, output) where the sides differ.
    dtype : optional
        Of the input; the output is float32.
    **stream
        All else goes to `DuplexStream`; there is no ``underflow``, ``callback`` or
        ``writer``, and ``buffersize`` is the input's.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice("loopback", clock="free")
    >>> with ps.DuplexMixer(device, 48000, channels=1, blocksize=4) as mixer:
    ...     voice = mixer.play([0.5, 0.25], at=3)
    ...     mixer.start()
    ...     mixer.read(10).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.25, 0.0]
    """

    _direction = Direction.DUPLEX

    def __init__(
        self,
        device: Any = None,
        samplerate: float | None = None,
        channels: Any = None,
        dtype: Any = None,
        blocksize: int | None = None,
        **stream: Any,
    ) -> None:
        super().__init__(device, samplerate, channels, blocksize, dtype=dtype, **stream)

    @classmethod
    def _options(cls, options: dict[str, Any]) -> Options:
        refuse_ring(cls, options, ("underflow",))
        kind, other = pair("dtype", options.get("dtype"))
        if isinstance(options.get("dtype"), (tuple, list)) and other not in (None, "float32"):
            raise ArgumentError(f"dtype is {options['dtype']!r}; a mixer's output is float32")
        size, _ = pair("buffersize", options.get("buffersize"))
        return DuplexStream._options(
            {**options, "dtype": (kind, "float32"), "buffersize": (size, None)}
        )
