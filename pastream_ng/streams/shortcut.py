# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The chunk loop in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng._checks import flag
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.streams.arrays import playable
from pastream_ng.streams.chunks import Chunks
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.input import InputStream
from pastream_ng.streams.lengths import lengths_of

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
    pad: int = 0,
    playback: Any = None,
    loop: bool = False,
    atleast_2d: bool = False,
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
    pad: int = 0,
    playback: Any = None,
    loop: bool = False,
    atleast_2d: bool = False,
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
    pad: int = 0,
    playback: Any = None,
    loop: bool = False,
    atleast_2d: bool = False,
    **stream: Any,
) -> Chunks[Any]:
    """Open a stream, return its live input in chunks, and close it at the end of the loop.

    Parameters
    ----------
    chunksize, overlap, frames, offset, always_2d, atleast_2d, copy, with_info, out, timeout
        As for `InputStream.chunks`.
    playback : array_like, optional
        Frames to play while capturing: (frames, channels), or (frames,) for one channel. Unless
        `frames` is given the loop ends with them. `channels` and `dtype` are the array's on the
        output side.
    pad, loop : optional
        With `playback`, as for `DuplexStream.playrec`.
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
    data = None
    if playback is None:
        source = InputStream(**stream)
    else:
        data, options = _playing(playback, stream)
        source = DuplexStream._over(options)
    try:
        lengths = lengths_of(frames, pad, offset)
        launch, total = source._launch_of_chunks(lengths, data, loop, None)
        is_2d = flag("always_2d", always_2d) | flag("atleast_2d", atleast_2d)
        plan = source._plan(chunksize, overlap, total, offset, is_2d, copy, with_info, out, timeout)
    except BaseException:
        source._close()
        raise
    return Chunks(source, plan, launch, closes=True)


def _playing(playback: Any, stream: dict[str, Any]) -> tuple[Array, dict[str, Any]]:
    """Return an array to play, and the arguments of a duplex stream for it."""
    data, form = playable(playback, name="playback")
    for name in ("channels", "dtype"):
        if isinstance(stream.get(name), (tuple, list)):
            raise ArgumentTypeError(
                f"{name} is {stream[name]!r}; with playback it is for the input alone, since the "
                "array has its own"
            )
    size = stream.get("buffersize")
    return data, {
        **stream,
        "channels": (stream.get("channels"), data.shape[1]),
        "dtype": (stream.get("dtype"), form.name),
        # The array is played where it lies.
        "buffersize": size if isinstance(size, (tuple, list)) else (size, 1),
    }
