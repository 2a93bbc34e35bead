# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from pastream_ng._checks import flag, shown
from pastream_ng.enums import Direction, OnLost, Overflow, ResampleQuality, ResampleQualityName
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.streams.chunks import Chunks
from pastream_ng.streams.launch import Launch
from pastream_ng.streams.lengths import Lengths, Limits, lengths_of
from pastream_ng.streams.options import Options
from pastream_ng.streams.plan import make_plan
from pastream_ng.streams.shared import SharedInputStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.arrays import Array
    from pastream_ng.rings import RingBuffer
    from pastream_ng.streams.plan import ChunkPlan
    from pastream_ng.streams.values import ChunkInfo

__all__ = ["InputStream"]


class InputStream(SharedInputStream):
    """A stream that captures from a device.

    A C callback moves frames from the device into a ring; Python takes them out when it can. The
    audio side never waits for Python.

    Parameters
    ----------
    device : int, str, DeviceInfo or VirtualDevice, optional
        An index or a uid of `query_devices`; a name; or parts of "name, host API", separated by
        spaces, in any case, that fit only one device. None means what the environment variable
        ``PASTREAM_DEVICE`` names, else the host's default. ``"loopback"`` and ``"null"`` are always
        there.
    samplerate : float, optional
        Hz, 1 to 1 000 000; None takes the device's default.
    channels : int, optional
        1 to what the device has, at most 256; None takes 2, or 1 if there is but one.
    dtype : str or numpy.dtype, optional
        ``"float32"`` (the default), ``"float64"``, ``"int32"``, ``"int24"`` (in the upper bits of
        int32), ``"int16"``, ``"int8"`` or ``"uint8"`` (silence is 128).
    blocksize : int, optional
        Frames per callback, 1 to 65536; None or 0 lets the host choose and vary.
    latency : {"low", "high"} or float, optional
        What to ask the host for, in seconds; None is high.
    buffersize : int, optional
        Frames that the ring holds at least; None takes a minute, or what fits in 64 MiB.
    overflow : {"raise", "drop-oldest", "drop-newest", "silence"}, optional
        What happens when the ring is full; see `Overflow`.
    device_dtype : str or numpy.dtype, optional
        The format to open the device with; None takes what suits `dtype` best.
    mapping : sequence of int, dict or array_like, optional
        Which of the device's channels to capture, counted from 1: the device channel of each
        channel of the stream, 0 for silence; or ``{device: stream}``, where the second may be a
        list; or a matrix of gains, (stream, device) channels. Unless `channels` is given the stream
        has as many as that makes. None takes the device's first ones.
    extra_settings : AlsaSettings or another, optional
        What only devices of one host API know.
    device_samplerate : float or "auto", optional
        Hz to open the device with. Where that is not `samplerate` the library changes the rate, in
        C on the audio thread, with float32 arithmetic. ``"auto"`` takes `samplerate` where the
        device can do it, else the device's default. None takes `samplerate` alone.
    resample_quality : {"fast", "medium", "best", "linear", "hold"}, optional
        How well rates are changed; see `ResampleQuality`. Better is slower, and later: the first
        three look 21, 47 and 145 frames of the lower rate ahead on each side.
    stall_after, lost_after : float, optional
        Seconds without a callback after which the stream counts as stalled, and as lost; by default
        10 blocks and at least 0.25 s, and 1 s (5 s for the first callbacks).
    control_timeout : float, optional
        Seconds after which a host that does not come back from a call is given up; by default 1 s,
        and 5 s for opening and for stopping what is still to be played.
    on_lost : {"raise", "reopen", "default"}, optional
        What happens when the device goes away while the stream runs; see `OnLost`. With
        ``"reopen"`` and ``"default"`` the run goes on by itself once a device is there again:
        rings, readers and frame numbers go on, and the time in between counts as lost frames.
    reopen_timeout : float, optional
        Seconds after which a device that does not come back counts as lost for good; None never
        gives up.
    callback : callable, optional
        ``callback(indata, frames, time, status)``, called on a thread of the library for each block
        of `blocksize` frames (512 unless given; the last may be shorter). `indata` is a read-only
        copy, (frames, channels), that may be kept; `time` is a `CallbackTime`, `status` are
        `CallbackFlags`. It ends the run by raising `CallbackStop` or `CallbackAbort`; any other
        exception aborts the run and is raised again, the same object, by the next call on the
        stream. The input ring belongs to the callback then. Or a compiled function: one of CFFI,
        ctypes or numba, SciPy's ``LowLevelCallable``, or a `CompiledCallback`. It has the signature
        of ``pst_callback_fn`` and runs on the audio thread. There are no rings then, unless
        `buffersize` is given.
    userdata : buffer, or pointer of CFFI or ctypes, optional
        What a compiled callback is handed as its last argument; kept alive.
    frames, pad, offset : int, optional
        Lengths of runs: the properties of the same names.
    reader : callable, optional
        ``reader(stream, ring)`` runs on a thread of its own during each run, and reads `ring`; see
        :doc:`/howto/threads`.
    finished_callback : callable, optional
        Called with the stream, or without argument if it takes none, on a thread of the library
        after each run has ended, in whatever way. It may do all that the owner may.

    Raises
    ------
    DeviceNotFoundError
        No such device, or none at all.
    UnsupportedSettingsError
        The device cannot do this rate, format or channel count; the text says what it can.
    DeviceBusyError, HostError, PastreamTimeoutError, ForkedError, OutOfMemoryError
        The device could not be opened.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice(clock="free", input="sine")
    >>> with ps.InputStream(device, samplerate=48000, channels=2, blocksize=256) as stream:
    ...     for chunk in stream.chunks(512, frames=1024):
    ...         print(chunk.shape, chunk.dtype)
    (512, 2) float32
    (512, 2) float32
    """

    _direction = Direction.INPUT

    def __init__(
        self,
        device: Any = None,
        samplerate: float | None = None,
        channels: int | None = None,
        dtype: Any = None,
        blocksize: int | None = None,
        *,
        latency: Literal["low", "high"] | float | None = None,
        buffersize: int | None = None,
        overflow: Literal["raise", "drop-oldest", "drop-newest", "silence"] | Overflow = "raise",
        device_dtype: Any = None,
        mapping: Any = None,
        extra_settings: Any = None,
        device_samplerate: float | Literal["auto"] | None = None,
        resample_quality: ResampleQuality | ResampleQualityName = "medium",
        stall_after: float | None = None,
        lost_after: float | None = None,
        control_timeout: float | None = None,
        on_lost: Literal["raise", "reopen", "default"] | OnLost = "raise",
        reopen_timeout: float | None = None,
        callback: Any = None,
        userdata: Any = None,
        frames: int = -1,
        pad: int = 0,
        offset: int = 0,
        reader: Callable[[Any, RingBuffer], object] | None = None,
        finished_callback: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(
            Options(
                device=device,
                samplerate=samplerate,
                channels=channels,
                dtype=dtype,
                blocksize=blocksize,
                latency=latency,
                buffersize=buffersize,
                overflow=overflow,
                device_dtype=device_dtype,
                mapping=mapping,
                extra_settings=extra_settings,
                device_samplerate=device_samplerate,
                resample_quality=resample_quality,
                stall_after=stall_after,
                lost_after=lost_after,
                control_timeout=control_timeout,
                on_lost=on_lost,
                reopen_timeout=reopen_timeout,
                callback=callback,
                userdata=userdata,
                frames=frames,
                pad=pad,
                offset=offset,
                reader=reader,
                finished_callback=finished_callback,
            )
        )

    @overload
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int | None = None,
        offset: int | None = None,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: Literal[False] = False,
        out: Any = None,
        timeout: float | None = None,
        pad: int | None = None,
        playback: Any = None,
        loop: bool = False,
        buffersize: int | None = None,
        atleast_2d: bool = False,
    ) -> Chunks[Array]: ...
    @overload
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int | None = None,
        offset: int | None = None,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: Literal[True],
        out: Any = None,
        timeout: float | None = None,
        pad: int | None = None,
        playback: Any = None,
        loop: bool = False,
        buffersize: int | None = None,
        atleast_2d: bool = False,
    ) -> Chunks[tuple[Array, ChunkInfo]]: ...
    def chunks(
        self,
        chunksize: int | None = None,
        overlap: int = 0,
        frames: int | None = None,
        offset: int | None = None,
        *,
        always_2d: bool = False,
        copy: bool = True,
        with_info: bool = False,
        out: Any = None,
        timeout: float | None = None,
        pad: int | None = None,
        playback: Any = None,
        loop: bool = False,
        buffersize: int | None = None,
        atleast_2d: bool = False,
    ) -> Chunks[Any]:
        """Return live input in chunks, to be used in ``for`` or ``async for``.

        The loop starts the stream if it does not run, and stops it in the end, however it is left.
        Chunk k holds the frames from k * (chunksize - overlap) on, of one long recording. A last,
        shorter chunk comes only if it has frames that were in no chunk before.

        Parameters
        ----------
        chunksize : int, optional
            Frames per chunk. None means the length of `out`, or the stream's block size plus the
            overlap, or, without either, whatever has arrived.
        overlap : int, optional
            Frames that each chunk shares with the one before, less than `chunksize`.
        frames : int, optional
            Frames of the recording, from the start of the capture on and with those of `offset`; -1
            goes on for ever; None takes the stream's. On a stream that runs already the count
            begins with the first frame that was not read yet.
        offset : int, optional
            Frames to leave out at the start; None takes the stream's.
        always_2d, atleast_2d : bool, optional
            Give mono chunks the shape (frames, 1) too, not (frames,).
        copy : bool, optional
            False gives read-only views of the ring's memory, which are valid until the next chunk.
        with_info : bool, optional
            Give pairs of a chunk and its `ChunkInfo`.
        out : numpy.ndarray or buffer, optional
            Writable, C-contiguous array of one chunk's shape, or (frames,) for mono, or a bytearray
            of its size: every chunk is written to it, and it is what the loop gets.
        timeout : float, optional
            Seconds to wait for one chunk; None waits for ever.
        pad : int, optional
            Of duplex streams: frames of silence to play after the output, and to go on for with
            `playback`; None takes the stream's.
        playback, loop, buffersize : optional
            Of duplex streams: what to play meanwhile, as for `OutputStream.play`. Unless `frames`
            is given the loop ends with it. True is what `DuplexStream.set_source` has set; None
            plays that, too, or else what is written, and goes on after it.

        Returns
        -------
        Chunks
            Iterable and asynchronously iterable, as often as wanted.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above, at once.
        StateError
            In the loop: another loop or view reads from the stream; more of them go side by side
            on readers of their own, see `reader`.
        PastreamTimeoutError
            In the loop: no chunk came in time.
        BufferFull
            In the loop: the ring was full and ``overflow="raise"``; all chunks before come first.
        DeviceLostError
            In the loop: the device went away; all chunks before come first.
        ClosedError
            In the loop: the stream was closed.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> device = ps.VirtualDevice(clock="free", input="counter")
        >>> with ps.InputStream(device, channels=1, dtype="int32") as stream:
        ...     for chunk in stream.chunks(4, overlap=2, frames=9):
        ...         print(chunk)
        [0 1 2 3]
        [2 3 4 5]
        [4 5 6 7]
        [6 7 8]
        """
        lengths = self._given_lengths(frames, pad, offset)
        is_2d = flag("always_2d", always_2d) | flag("atleast_2d", atleast_2d)
        launch, total = self._launch_of_chunks(lengths, playback, loop, buffersize)
        plan = self._plan(
            chunksize, overlap, total, lengths.offset, is_2d, copy, with_info, out, timeout
        )
        return Chunks(self, plan, launch)

    def _plan(self, *arguments: Any) -> ChunkPlan:
        self._use()
        assert self._input is not None
        return make_plan(self._input, self.blocksize, len(self.input_ring), *arguments)

    def _given_lengths(self, frames: Any, pad: Any, offset: Any) -> Lengths:
        """Return lengths of which those that are None are the stream's."""
        return lengths_of(
            self.frames if frames is None else frames,
            self.pad if pad is None else pad,
            self.offset if offset is None else offset,
        )

    def _launch_of_chunks(
        self, lengths: Lengths, playback: Any, loop: Any, buffersize: Any
    ) -> tuple[Launch, int]:
        """Return what starts a chunk loop, and the frames of its recording, -1 for ever."""
        self._use()
        for name, value in (("playback", playback), ("loop", loop), ("buffersize", buffersize)):
            if value is not None and value is not False:
                raise ArgumentTypeError(
                    f"{name} is {shown(value)}; "
                    + ("it needs playback" if self._output else "it needs a DuplexStream")
                )
        limits = Limits(lengths.offset, lengths.frames, output_pad=lengths.pad)
        return Launch(limits, self._launcher.source), lengths.frames
