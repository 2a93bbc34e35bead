# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Handles on sounds that a mixer plays."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import seconds, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.waits import wait, wait_async
from pastream_ng.enums import CommandKind, Curve, Status, VoiceState
from pastream_ng.errors import ArgumentError
from pastream_ng.mixing.arguments import fill_loop, fill_moment, fill_ramp, gain_of, length

if TYPE_CHECKING:
    from pastream_ng.mixing.arguments import Length
    from pastream_ng.mixing.core import Sent
    from pastream_ng.mixing.mixer import Mixer

__all__ = ["Voice", "VoiceStatus"]

CurveName = Literal["linear", "equal-power", "exponential"]


@dataclass(frozen=True)
class VoiceStatus:
    """The numbers of a voice as of the last block; see `Voice.status`.

    Attributes
    ----------
    state : VoiceState
    position : int
        Frame of the data to be heard next.
    started : int or None
        Frame of the stream at which it began; None before.
    played_frames : int
        Frames played in all.
    repeats : int
        Jumps made from the end of the loop to its start.
    late_frames : int
        How late the start was, in frames; of a voice that is ``LATE``, would have been.
    late_command_frames : int
        How late the latest of its commands was.
    refused_commands : int
        Commands that came too late and were not allowed to.
    missing_frames : int
        Silence that was played because the ring of a `Mixer.play_ring` was empty.
    gain : float
        Now, within a ramp too; fades are not part of it.
    """

    state: VoiceState
    position: int
    started: int | None
    played_frames: int
    repeats: int
    late_frames: int
    late_command_frames: int
    refused_commands: int
    missing_frames: int
    gain: float


class Voice:
    """A sound that a `Mixer` plays; made by `Mixer.play` and `pastream_ng.play`.

    A voice that nobody holds plays on. All methods may be called from any thread, and do nothing
    to a voice that is over.

    Every command happens at the next block, or at the frame ``at`` of the stream, or at the frame
    that is heard at ``time``, in seconds of `Mixer.time`; exact to the frame. A command whose
    moment has passed happens at once, or with ``allow_belated=False`` not at all. Durations and
    places in the data are frames if they are int, seconds if they are float. ``curve`` is
    ``"linear"``, ``"equal-power"`` or ``"exponential"``; see `Curve`.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> with ps.Mixer(ps.VirtualDevice("null"), samplerate=48000, channels=1) as mixer:
    ...     mixer.start()
    ...     voice = mixer.play(np.zeros(48000), loop=True)
    ...     voice.fade(0.5, 0.01)
    ...     voice.stop(0.01)
    ...     voice.wait()
    ...     voice.state.name
    True
    'CANCELLED'
    """

    __slots__ = ("__weakref__", "_mixer", "_sent")

    def __init__(self, mixer: Mixer, sent: Sent) -> None:
        self._mixer = mixer
        self._sent = sent
        sent.handle = weakref.ref(self)

    # ---- Commands -------------------------------------------------------------------------------

    def _new(self, kind: CommandKind, at: Any, time: Any, allow_belated: Any) -> Any:
        command = ffi.new("pst_command *")
        lib.pst_command_default(command, kind)
        fill_moment(command.moment, at, time, allow_belated)
        return command

    def _send(self, command: Any) -> None:
        self._mixer._check_process()
        if not self._sent.is_retired():
            self._mixer._core.command(self._sent, command)

    def pause(
        self,
        fade_out: Length = 0,
        *,
        at: int | None = None,
        time: float | None = None,
        curve: CurveName | Curve = "linear",
        allow_belated: bool = True,
    ) -> None:
        """Hold the voice where it is, or where a fade out ends.

        Before its start, the voice is held there until `resume`.
        """
        command = self._new(CommandKind.PAUSE, at, time, allow_belated)
        fill_ramp(command, "fade_out", fade_out, curve, self._mixer.samplerate)
        self._send(command)

    def resume(
        self,
        fade_in: Length = 0,
        *,
        at: int | None = None,
        time: float | None = None,
        curve: CurveName | Curve = "linear",
        allow_belated: bool = True,
    ) -> None:
        """Go on after a pause."""
        command = self._new(CommandKind.RESUME, at, time, allow_belated)
        fill_ramp(command, "fade_in", fade_in, curve, self._mixer.samplerate)
        self._send(command)

    def cancel(
        self,
        fade_out: Length = 0,
        *,
        at: int | None = None,
        time: float | None = None,
        curve: CurveName | Curve = "linear",
        allow_belated: bool = True,
    ) -> None:
        """End the voice. With a fade out its last frame is ``at + fade_out - 1``."""
        command = self._new(CommandKind.CANCEL, at, time, allow_belated)
        fill_ramp(command, "fade_out", fade_out, curve, self._mixer.samplerate)
        self._send(command)

    def stop(self, fade_out: Length = 0) -> None:
        """End the voice now: `cancel` at the next block."""
        self.cancel(fade_out)

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
        """Move the gain to a factor, 0 or more.

        The frame ``at`` still has the gain from before; from ``at + duration`` on it is `to`. In a
        pause the gain goes on moving. Before the start of the voice it is set at once.
        """
        command = self._new(CommandKind.GAIN, at, time, allow_belated)
        command.gain = gain_of("to", to)
        fill_ramp(command, "duration", duration, curve, self._mixer.samplerate)
        self._send(command)

    def seek(
        self,
        position: Length,
        *,
        at: int | None = None,
        time: float | None = None,
        allow_belated: bool = True,
    ) -> None:
        """Go on at another place of the data; its end ends the voice.

        Raises
        ------
        ArgumentError
            The position lies outside the data, or the voice plays a ring.
        """
        if not self._sent.frames:
            raise ArgumentError("this voice plays a ring, in which nobody can seek")
        command = self._new(CommandKind.SEEK, at, time, allow_belated)
        frame = length("position", position, self._mixer.samplerate)
        if frame > self._sent.frames:
            raise ArgumentError(
                f"position is {shown(position)}, that is frame {frame}; data has "
                f"{self._sent.frames} frames"
            )
        command.seek_frame = frame
        self._send(command)

    def set_loop(
        self,
        loop: bool | tuple[Length, Length | None] = True,
        repeats: int | None = None,
        crossfade: Length = 0,
        *,
        at: int | None = None,
        time: float | None = None,
        allow_belated: bool = True,
    ) -> None:
        """Replace the loop; False lets the pass that has begun be the last.

        The arguments are those of `Mixer.play`. A crossfade that has begun is finished first. Rings
        have no loop.
        """
        command = self._new(CommandKind.LOOP, at, time, allow_belated)
        rate = self._mixer.samplerate
        if not self._sent.frames:
            raise ArgumentError("this voice plays a ring, which has no loop")
        fill_loop(command.loop, loop, repeats, crossfade, self._sent.frames, rate)
        self._send(command)

    # ---- Numbers --------------------------------------------------------------------------------

    @property
    def status(self) -> VoiceStatus:
        """All numbers at once."""
        status = self._sent.status()
        return VoiceStatus(
            VoiceState(status.state),
            status.position_frame,
            None if status.started_frame < 0 else status.started_frame,
            status.played_frames,
            status.n_repeats,
            status.late_frames,
            status.late_command_frames,
            status.n_refused_commands,
            status.missing_frames,
            status.gain,
        )

    @property
    def state(self) -> VoiceState:
        """Where the voice is in its life."""
        return self.status.state

    @property
    def active(self) -> bool:
        """Whether the voice is not over: scheduled, playing or paused."""
        return not self._sent.is_retired()

    @property
    def position(self) -> int:
        """Frame of the data to be heard next."""
        return self.status.position

    @property
    def frames(self) -> int:
        """Length of the data in frames; 0 for a ring, whose end is not known."""
        return self._sent.frames

    @property
    def gain(self) -> float:
        """The gain, a factor; setting it changes it within 5 ms, without a click."""
        return self.status.gain

    @gain.setter
    def gain(self, value: float) -> None:
        self.fade(gain_of("gain", value), 0.005)

    @property
    def mixer(self) -> Mixer:
        """The stream that plays it."""
        return self._mixer

    # ---- Waiting --------------------------------------------------------------------------------

    def _look(self, slice_ns: int) -> int:
        status = lib.pst_voice_wait(self._sent.pointer, slice_ns)
        if status == Status.TIMEOUT:
            self._mixer._check_running(self._sent.is_retired)
        return status

    def _is_done(self, status: int) -> bool:
        if status != Status.TIMEOUT:
            self._sent.data = None
        return status != Status.TIMEOUT

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the voice is over: its last frame was handed to the device.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True if it is over, False if the time ran out.

        Raises
        ------
        StateError, ClosedError
            The mixer does not run, so the voice does not go on.
        DeviceLostError
            The same, because the device went away.
        """
        limit = seconds("timeout", timeout)
        self._mixer._check_process()
        return self._is_done(wait(self._look, limit))

    async def finished(self, timeout: float | None = None) -> bool:
        """Await what `wait` waits for, without a thread."""
        limit = seconds("timeout", timeout)
        self._mixer._check_process()
        return self._is_done(await wait_async(self._look, self._sent.arm, limit))

    def __repr__(self) -> str:
        status = self.status
        length = f" of {self._sent.frames}" if self._sent.frames else ""
        return (
            f"<pastream_ng.Voice {status.state.name.lower()}, frame {status.position}{length}, "
            f"gain {status.gain:g}>"
        )
