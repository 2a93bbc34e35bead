# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Output streams that play many sounds at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pastream_ng._checks import choice, seconds
from pastream_ng._native import ffi, lib
from pastream_ng._native.waits import wait, wait_async
from pastream_ng.enums import CommandKind, Curve, Direction, Status
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    ClosedError,
    ForkedError,
    StateError,
)
from pastream_ng.mixing.arguments import (
    fill_loop,
    fill_moment,
    fill_ramp,
    gain_of,
    length,
    routes,
    sound,
)
from pastream_ng.mixing.core import Core
from pastream_ng.mixing.ring import claim, ring_channels, serve
from pastream_ng.mixing.voice import Voice
from pastream_ng.streams.base import StreamBase
from pastream_ng.streams.output import OutputStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from pastream_ng._native.arrays import Array
    from pastream_ng.mixing.arguments import Length
    from pastream_ng.mixing.voice import CurveName
    from pastream_ng.rings import RingBuffer
    from pastream_ng.streams.lengths import Limits
    from pastream_ng.streams.options import Configured, Options

__all__ = ["Mixer", "refuse_ring"]


# What an OutputStream has for callbacks, and for functions that write to its ring.
_REFUSED = ("callback", "callback_latency", "userdata", "writer", "prebuffer_timeout")


def refuse_ring(kind: type, options: dict[str, Any], names: tuple[str, ...]) -> None:
    """Refuse what a stream has for its output ring and its samples, and callbacks: it has none."""
    for name in (*names, *_REFUSED):
        if name in options:
            # What `play` uses is a mixer with another name, which is nobody's business.
            title = kind.__name__.removeprefix("Shared")
            raise ArgumentTypeError(f"{name} is no argument of {title}: its callback mixes float32")


class Mixer(StreamBase):
    """An output stream that plays any number of sounds at once, each scheduled to the frame.

    The sounds are mixed in float32 by a C function on the audio thread. Nothing that Python does
    holds them up. Sums beyond full scale are clipped, and counted, by the device's conversion.

    Frames of the stream count from its start; a new run counts from 0 again. Voices that play, or
    are paused, go on in it; what waits for a frame waits for that frame of the new run.

    Parameters
    ----------
    device, samplerate, channels, blocksize : optional
        As for `OutputStream`.
    **stream
        All else goes to `OutputStream`; there is no ``dtype``, ``buffersize``,
        ``underflow``, ``callback`` or ``writer``.

    Raises
    ------
    PastreamError
        As for `OutputStream`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> tone = 0.1 * np.sin(np.arange(4800) * 0.06)
    >>> with ps.Mixer(ps.VirtualDevice("null"), samplerate=48000, channels=2) as mixer:
    ...     first = mixer.play(tone, at=480, gain=0.5)
    ...     second = mixer.play(tone, at=960, fade_in=0.02)
    ...     mixer.start()
    ...     mixer.wait()
    ...     first.status.started, second.status.started
    True
    (480, 960)
    """

    _direction = Direction.OUTPUT
    _stop_when_idle = False
    _core: Core

    def __init__(
        self,
        device: Any = None,
        samplerate: float | None = None,
        channels: int | None = None,
        blocksize: int | None = None,
        **stream: Any,
    ) -> None:
        options = {
            "device": device,
            "samplerate": samplerate,
            "channels": channels,
            "blocksize": blocksize,
            **stream,
        }
        StreamBase.__init__(self, self._options(options))

    @classmethod
    def _options(cls, options: dict[str, Any]) -> Options:
        refuse_ring(cls, options, ("dtype", "buffersize", "underflow"))
        return OutputStream._options({**options, "dtype": "float32"})

    def _prepare(self, configured: Configured) -> None:
        assert configured.output is not None
        self._core = Core(configured.output.channels, self._stop_when_idle)
        self._borrowed.append(self._core)
        config = configured.config
        config.callback = ffi.addressof(lib, "pst_mixer_render")
        config.callback_user = self._core.pointer
        config.without_output_ring = True

    # ---- Sounds ---------------------------------------------------------------------------------

    def play(
        self,
        data: Any,
        *,
        at: int | None = None,
        time: float | None = None,
        gain: float = 1.0,
        fade_in: Length = 0,
        curve: CurveName | Curve = "linear",
        loop: bool | tuple[Length, Length | None] = False,
        repeats: int | None = None,
        crossfade: Length = 0,
        start: Length = 0,
        mapping: Any = None,
        allow_belated: bool = True,
    ) -> Voice:
        """Play an array.

        Durations and places in the data are frames if they are int, seconds if they are float.

        Parameters
        ----------
        data : array_like
            (frames, channels), or (frames,) for one channel, which goes to all of the mixer's.
            Floats, and integers of 8 (signed or not), 16 and 32 bits, of which 24 are kept. float32
            arrays are not copied, and must not be changed before the voice is over.
        at : int, optional
            Frame of the stream at which the first frame is played; None is the next block, or the
            start of a stream that does not run yet.
        time : float, optional
            In place of `at`: when the first frame is heard, in seconds of `Mixer.time`.
        gain : float, optional
            A factor, 0 or more.
        fade_in : int or float, optional
            Length of a fade in from silence.
        curve : {"linear", "equal-power", "exponential"}, optional
            Its shape; see `Curve`.
        loop : bool or tuple, optional
            True repeats the whole data, (start, end) a part of it; an end of None is that of the
            data. What lies before the loop is played once, what lies behind it after the repeats.
        repeats : int, optional
            How often the loop is repeated after its first pass; None is for ever.
        crossfade : int or float, optional
            Length of an equal-power crossfade that makes the jump seamless: the last frames of the
            loop blend into the frames before its start. Where there are not so many, they blend
            into the first frames of the loop itself, which later passes then leave out.
        start : int or float, optional
            Where in the data to begin.
        mapping : sequence of int, dict or array_like, optional
            As for `OutputStream`, with the mixer's channels in place of the device's.
        allow_belated : bool, optional
            A start whose moment has passed happens at once; with False, not at all: the voice is
            over then, with the state ``LATE``.

        Returns
        -------
        Voice
            The sound plays on without it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.
        ClosedError, ForkedError
        """
        frames = sound(data)
        config, keep = self._voice_config(
            frames, gain, fade_in, curve, loop, repeats, crossfade, start, mapping
        )
        fill_moment(config.start, at, time, allow_belated)
        return self._send(config, frames, keep)

    def play_ring(
        self,
        ring: RingBuffer,
        *,
        at: int | None = None,
        time: float | None = None,
        gain: float = 1.0,
        fade_in: Length = 0,
        curve: CurveName | Curve = "linear",
        mapping: Any = None,
        allow_belated: bool = True,
    ) -> Voice:
        """Play what is written to a ring, for as long as it is not ended.

        Where the ring is empty there is silence, which `VoiceStatus.missing_frames` counts. The
        voice finishes when the ring was ended and is empty.

        Parameters
        ----------
        ring : RingBuffer
            Of float32, with the mixer's channels, or 1, which goes to all. From now on its own
            reader is the mixer, for ever. Writers that wait for room notice when the voice is over.
        at, time, gain, fade_in, curve, mapping, allow_belated : optional
            As for `play`.

        Returns
        -------
        Voice
            `Voice.seek` and `Voice.set_loop` are not for rings.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.
        StateError
            Somebody reads the ring, or it belongs to a stream.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> ring = ps.RingBuffer(size=4096, dtype="float32", channels=1)
        >>> with ps.Mixer(ps.VirtualDevice("null"), samplerate=48000, channels=2) as mixer:
        ...     mixer.start()
        ...     voice = mixer.play_ring(ring, gain=0.5)
        ...     for _ in range(4):
        ...         n = ring.write(np.zeros(2048), timeout=5)
        ...     ring.end()
        ...     voice.wait()
        ...     voice.status.played_frames
        True
        8192
        """
        channels = ring_channels(ring)
        config, keep = self._common_config(channels, gain, fade_in, curve, mapping)
        fill_moment(config.start, at, time, allow_belated)
        config.ring = ring._ring.pointer
        user = claim(ring)
        voice = self._send(config, None, keep)
        serve(ring, user, voice._sent)
        return voice

    def crossfade(
        self,
        old: Voice,
        data: Any,
        duration: Length,
        *,
        at: int | None = None,
        time: float | None = None,
        curve: CurveName | Curve = "equal-power",
        gain: float = 1.0,
        loop: bool | tuple[Length, Length | None] = False,
        repeats: int | None = None,
        loop_crossfade: Length = 0,
        start: Length = 0,
        mapping: Any = None,
        allow_belated: bool = True,
    ) -> Voice:
        """Replace a voice by another sound: one fades out while the other fades in.

        Both begin at the same frame.

        Parameters
        ----------
        old : Voice
            A voice of this mixer. It is cancelled.
        data : array_like
            The new sound, as for `play`.
        duration : int or float
            Length of both fades.
        at, time, curve, gain, loop, repeats, start, mapping, allow_belated : optional
            As for `play`; ``loop_crossfade`` is its ``crossfade``.

        Returns
        -------
        Voice
            The new one.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> with ps.Mixer(ps.VirtualDevice("null"), samplerate=48000, channels=1) as mixer:
        ...     old = mixer.play(np.zeros(48000), loop=True)
        ...     new = mixer.crossfade(old, np.zeros(480), 240, at=960)
        ...     mixer.start()
        ...     mixer.wait()
        ...     old.state.name, new.state.name
        True
        ('CANCELLED', 'FINISHED')
        """
        if not isinstance(old, Voice):
            raise ArgumentTypeError(f"old is of type {type(old).__name__}; it must be a Voice")
        if old._mixer is not self:
            raise ArgumentError("old is a voice of another mixer; it must be one of this mixer")
        frames = sound(data)
        config, keep = self._voice_config(
            frames,
            gain,
            duration,
            curve,
            loop,
            repeats,
            loop_crossfade,
            start,
            mapping,
            names=("duration", "loop_crossfade"),
        )
        fill_moment(config.start, at, time, allow_belated)
        config.replaces = old._sent.pointer
        return self._send(config, frames, keep)

    def _voice_config(
        self,
        frames: Array,
        gain: Any,
        fade_in: Any,
        curve: Any,
        loop: Any,
        repeats: Any,
        crossfade: Any,
        start: Any,
        mapping: Any,
        names: tuple[str, str] = ("fade_in", "crossfade"),
    ) -> tuple[Any, Any]:
        """Return what C needs to know of a voice, and what must live until it has been told."""
        rate = self.samplerate
        config, keep = self._common_config(frames.shape[1], gain, fade_in, curve, mapping, names[0])
        config.n_frames = len(frames)
        whole = True if repeats is not None and loop is False else loop
        fill_loop(config.loop, whole, repeats, crossfade, len(frames), rate, names[1])
        offset = length("start", start, rate)
        if offset >= len(frames):
            raise ArgumentError(f"start is {offset} frames; data has {len(frames)} frames")
        config.offset_frames = offset
        return config, keep

    def _common_config(
        self,
        channels: int,
        gain: Any,
        fade_in: Any,
        curve: Any,
        mapping: Any,
        name: str = "fade_in",
    ) -> tuple[Any, Any]:
        config = ffi.new("pst_voice_config *")
        lib.pst_voice_config_default(config)
        config.n_channels = channels
        config.gain = gain_of("gain", gain)
        config.fade_in_frames = length(name, fade_in, self.samplerate)
        config.fade_in_curve = choice("curve", curve, Curve)
        gains, keep = routes(mapping, channels, self._core.channels), None
        if gains is not None:
            keep = ffi.from_buffer("float[]", gains)
            config.gains = keep
        return config, keep

    def _send(self, config: Any, frames: Array | None, keep: Any) -> Voice:
        self._use()
        sent = self._core.play(config, frames)
        del keep
        return Voice(self, sent)

    @property
    def voices(self) -> list[Voice]:
        """The voices that are not over, in the order in which they were sent."""
        found = []
        for sent in self._core.sent():
            voice = sent.handle() if sent.handle is not None else None
            found.append(voice or Voice(self, sent))
        return found

    # ---- The mixer's own gain -------------------------------------------------------------------

    @property
    def gain(self) -> float:
        """The gain of the sum, a factor; setting it changes it within 5 ms, without a click."""
        return float(self._core.status().gain)

    @gain.setter
    def gain(self, value: float) -> None:
        self.fade(gain_of("gain", value), 0.005)

    def fade(
        self,
        to: float,
        duration: Length,
        *,
        at: int | None = None,
        time: float | None = None,
        curve: CurveName | Curve = "linear",
        allow_belated: bool = True,
    ) -> None:
        """Move the gain of the sum to a factor, 0 or more; see `Voice.fade`."""
        command = ffi.new("pst_command *")
        lib.pst_command_default(command, CommandKind.GAIN)
        fill_moment(command.moment, at, time, allow_belated)
        command.gain = gain_of("to", to)
        fill_ramp(command, "duration", duration, curve, self.samplerate)
        self._use()
        self._core.command(None, command)

    # ---- Waiting --------------------------------------------------------------------------------

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            raise ForkedError(
                "this mixer belongs to the process that made it, which was forked since; make one "
                "here, with multiprocessing's 'spawn' start method"
            )

    def _check_running(self, is_done: Callable[[], bool]) -> None:
        """Raise if voices do not go on, unless what was waited for has happened meanwhile."""
        if self.active or is_done():
            return
        if self._is_closed:
            raise ClosedError("the mixer was closed before the voice was over")
        self._raise_pending()
        raise StateError("the mixer does not run, so its voices do not go on; call start()")

    def _is_idle(self) -> bool:
        return bool(self._core.status().n_voices == 0)

    def _look(self, slice_ns: int) -> int:
        status = lib.pst_mixer_wait(self._core.pointer, slice_ns)
        if status == Status.TIMEOUT:
            self._check_running(self._is_idle)
        return status

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no voice is left. The stream runs on.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once the last frame of all voices was handed to the device, False if the time ran
            out.

        Raises
        ------
        StateError, ClosedError
            The mixer does not run, so its voices do not go on.
        DeviceLostError
            The same, because the device went away.
        """
        limit = seconds("timeout", timeout)
        self._use()
        return self._is_done(wait(self._look, limit))

    def _is_done(self, status: int) -> bool:
        if status != Status.TIMEOUT:
            self._core.sent()  # Lets go of all data.
        return status != Status.TIMEOUT

    async def _wait_async(self, timeout: float | None) -> bool:
        limit = seconds("timeout", timeout)
        self._use()
        return self._is_done(await wait_async(self._look, self._core.arm, limit))

    # ---- Runs -----------------------------------------------------------------------------------

    def _start_device(self, limits: Limits) -> None:
        # Without a ring only the device's frames can be counted. Padding without end belongs to
        # calls that look at the input alone.
        if limits.output_total >= 0:
            pad = limits.output_pad
            length = -1 if pad < 0 else limits.output_total + pad
            limits = limits._replace(output_total=-1, output_pad=0, output_run=length)
        super()._start_device(limits)

    # ---- The end --------------------------------------------------------------------------------

    def _close(self) -> None:
        super()._close()
        # No callback comes any more, unless the host did not come back: then this does nothing.
        self._core.clear()

    def _after_host_call(self, status: int) -> int:
        if status == Status.TIMEOUT:
            self._core.abandon()
        return super()._after_host_call(status)
