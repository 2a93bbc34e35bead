# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The chunk loop in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng.errors import ArgumentTypeError
from pastream_ng.streams.arrays import playable, playing_ring
from pastream_ng.streams.base import Limits
from pastream_ng.streams.chunks import Chunks
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.streams.values import ChunkInfo

__all__ = ["chunks"]


@overload
def chunks(
    chunksize: int | None = None,
    overlap: int = 0,
    frames: int = -1,
    offset: int = 0,
    *,
    always_2d: bool = False,
    copy: bool = True,
    with_info: Literal[False] = False,
    out: Array | None = None,
    timeout: float | None = None,
    playback: Any = None,
    **stream: Any,
) -> Chunks[Array]: ...
@overload
def chunks(
    chunksize: int | None = None,
    overlap: int = 0,
    frames: int = -1,
    offset: int = 0,
    *,
    always_2d: bool = False,
    copy: bool = True,
    with_info: Literal[True],
    out: Array | None = None,
    timeout: float | None = None,
    playback: Any = None,
    **stream: Any,
) -> Chunks[tuple[Array, ChunkInfo]]: ...
def chunks(
    chunksize: int | None = None,
    overlap: int = 0,
    frames: int = -1,
    offset: int = 0,
    *,
    always_2d: bool = False,
    copy: bool = True,
    with_info: bool = False,
    out: Array | None = None,
    timeout: float | None = None,
    playback: Any = None,
    **stream: Any,
) -> Chunks[Any]:
    """Open a stream, return its live input in chunks, and close it at the end of the loop.

    Parameters
    ----------
    chunksize, overlap, frames, offset, always_2d, copy, with_info, out, timeout
        As for `InputStream.chunks`.
    playback : array_like, optional
        Frames to play while capturing: (frames, channels), or (frames,) for one channel. Unless
        `frames` is given the loop ends with them. `channels` and `dtype` are the array's on the
        output side.
    **stream
        All else goes to `InputStream`, or with `playback` to `DuplexStream`.

    Returns
    -------
    Chunks
        To be iterated once, with ``for`` or ``async for``. Its stream is open already; it is closed
        when the iteration ends or the object is dropped.

    Raises
    ------
    PastreamError
        As for `InputStream` and `InputStream.chunks`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free", input="sine")
    >>> for chunk in ps.chunks(1024, overlap=512, frames=2048, channels=1, device=device):
    ...     spectrum = np.fft.rfft(chunk * np.hanning(1024))
    ...     print(chunk.shape, spectrum.shape)
    (1024,) (513,)
    (1024,) (513,)
    (1024,) (513,)
    """
    arguments = (chunksize, overlap, frames, offset, always_2d, copy, with_info, out, timeout)
    if playback is None:
        source = InputStream(**stream)
        length = -1
    else:
        source, length = _playing(playback, stream)
    try:
        plan = source._plan(*arguments)
    except BaseException:
        source._close()
        raise
    if plan.total < 0 <= length:
        plan = plan._replace(total=length)
    # The output is padded as long as the input lasts.
    limits = Limits(plan.offset, plan.total, length, 0 if length < 0 else -1)
    return Chunks(source, plan, limits, closes=True)


def _playing(playback: Any, stream: dict[str, Any]) -> tuple[DuplexStream, int]:
    """Return a duplex stream that plays an array, and the array's length."""
    data, form = playable(playback)
    for name in ("channels", "dtype"):
        if isinstance(stream.get(name), (tuple, list)):
            raise ArgumentTypeError(
                f"{name} is {stream[name]!r}; with playback it is for the input alone, since the "
                "array has its own"
            )
    options = {
        **stream,
        "channels": (stream.get("channels"), data.shape[1]),
        "dtype": (stream.get("dtype"), form.name),
    }
    return DuplexStream._over(options, output_ring=playing_ring(data)), len(data)
