# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs that are heard: rendered by the callback of a device."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import integer, real, seconds, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.graph.contexts.base import BaseAudioContext
from pastream_ng.graph.core import CoreGraph
from pastream_ng.graph.data import MAX_CHANNELS
from pastream_ng.graph.live.output import NEVER
from pastream_ng.graph.live.playback import Playback
from pastream_ng.graph.live.streams import StreamPlan
from pastream_ng.graph.live.values import ContextStats, OutputTimestamp
from pastream_ng.graph.nodes import AudioScheduledSourceNode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from typing_extensions import Self

    from pastream_ng.graph.live.streams import GraphDuplexStream, GraphStream
    from pastream_ng.graph.live.values import ContextState
    from pastream_ng.hosts.info import DeviceInfo

__all__ = ["AudioContext"]

# A time that a context reaches within a few years.
_LONGEST_S = 1e8
# Latencies that hosts report are not trusted beyond this.
_MOST_BURST_S = 0.25


class AudioContext(BaseAudioContext):
    """A graph that is heard while it is changed.

    The device's own thread renders it, in C: whatever Python does meanwhile, it goes on. A new
    context is suspended. `resume` starts it, and so does ``with``, at whose end it is closed. It is
    also closed when nobody refers to it, or to a node of it, any more.

    All methods may be called from any thread.

    Parameters
    ----------
    sample_rate : float, optional
        Hz, from 3000 to 768000; None takes the device's. Where a device does not know that rate,
        the stream changes it to what it does.
    channels : int, optional
        Of the destination, 1 to 32; None takes 2, or 1 if the device has but one.
    device : optional
        As for `OutputStream`; with `input_channels` a pair (input, output) where they differ.
    latency : {"low", "high"} or float, optional
        As for `OutputStream`.
    quantum : int, optional
        How many frames are rendered at once, 1 to 16384. Changes act at multiples of it.
    blocksize : int, optional
        Frames per call of the device, as for `OutputStream`. It may be any number; multiples of
        `quantum` share the work out evenly.
    input_channels : int, optional
        Of the device's input, 0 to 32, which `DeviceInputNode` hears; 0: none.
    **stream
        All else goes to `OutputStream`, or to `DuplexStream` if there is an input: `mapping`,
        `on_lost`, `extra_settings`, ...

    Raises
    ------
    DeviceNotFoundError, UnsupportedOptionError, DeviceBusyError, HostError, \
PastreamTimeoutError, ForkedError, OutOfMemoryError, ArgumentError, ArgumentTypeError
        As for `OutputStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice("null", clock="free")
    >>> with ps.AudioContext(48000, device=device) as ctx:
    ...     osc = ctx.create_oscillator(frequency=220)
    ...     _ = osc >> ctx.create_gain(0.3) >> ctx.destination
    ...     osc.start()
    ...     osc.stop(2)
    ...     ctx.wait_ended(osc)
    True
    """

    def __init__(
        self,
        sample_rate: float | None = None,
        channels: int | None = None,
        *,
        device: Any = None,
        latency: Literal["low", "high"] | float | None = None,
        quantum: int = 128,
        blocksize: int | None = None,
        input_channels: int = 0,
        **stream: Any,
    ) -> None:
        if channels is not None:
            integer("channels", channels, 1, MAX_CHANNELS)
        if sample_rate is not None:
            real("sample_rate", sample_rate, 3000, 768000, "Hz")
        frames = integer("quantum", quantum, 1, 16384, "frames")
        plan = StreamPlan(device, sample_rate, channels, input_channels, blocksize, latency, stream)
        super().__init__(
            CoreGraph(
                plan.rate,
                plan.channels,
                frames,
                sends_at_once=True,
                input_channels=plan.input_channels,
            )
        )
        ended, feeds = self._ended, self._feeds

        def deliver() -> None:  # It must not lead to the context.
            feeds.tidy()
            ended.deliver()

        self._playback = Playback(self._core, plan, device, deliver, self._functions.raise_error)

    # ---- What it is ----------------------------------------------------------------------------

    @property
    def state(self) -> ContextState:
        """What it does: "suspended", "running", "interrupted" or "closed".

        It is interrupted while its device is gone. With ``on_lost="reopen"`` or ``"default"`` it
        goes on once there is one again; otherwise `resume` looks for it.
        """
        return self._playback.state

    @property
    def on_state_change(self) -> Callable[[ContextState], object] | None:
        """A function that is called with each new state; None: none.

        A thread of the library calls it, never the audio thread. What it raises is logged.
        """
        return self._playback.on_state_change

    @on_state_change.setter
    def on_state_change(self, function: Callable[[ContextState], object] | None) -> None:
        if function is not None and not callable(function):
            raise ArgumentTypeError(
                f"on_state_change is {shown(function)}; it must be a function of the state, or None"
            )
        self._playback.on_state_change = function
        if function is not None:
            self._playback.keep()

    def state_changes(self) -> AsyncIterator[ContextState]:
        """Return an asynchronous iterator over the states to come; it ends with "closed".

        Examples
        --------
        >>> import asyncio, pastream_ng as ps
        >>> async def main():
        ...     ctx = ps.AudioContext(48000, device="null")
        ...     changes = ctx.state_changes()
        ...     first = asyncio.ensure_future(anext(changes))
        ...     await asyncio.sleep(0)
        ...     ctx.resume()
        ...     print(await first)
        ...     ctx.close()
        >>> asyncio.run(main())
        running
        """
        return self._playback.states()

    @property
    def channels(self) -> int:
        """How many channels go to the device."""
        return self._core.channels

    @property
    def device(self) -> DeviceInfo | tuple[DeviceInfo, DeviceInfo]:
        """The device; a pair (input, output) if there is an input."""
        found: DeviceInfo | tuple[DeviceInfo, DeviceInfo] = self._playback.stream.device
        return found

    @property
    def stream(self) -> GraphStream | GraphDuplexStream:
        """The stream of the device, to look at: its statistics, its clock, its meters, its input.

        It is the context that starts and stops it. After `set_device`, or when a lost device was
        opened again, it is another one.
        """
        return self._playback.stream

    @property
    def base_latency(self) -> float:
        """How long a frame may wait between the graph and the device, in seconds.

        0 if the device asks for whole quanta.
        """
        blocksize = self._playback.stream.blocksize
        if blocksize and blocksize % self.render_quantum_size == 0:
            return 0.0
        return self.render_quantum_size / self.sample_rate

    @property
    def output_latency(self) -> float:
        """How long it takes from a call of the device until its first frame is heard, in seconds.

        As it was measured last; before that, as the host tells it.
        """
        latency = float(self._playback.output.status().latency_s)
        if latency > 0:
            return latency
        told = self._playback.stream.latency
        return float(told[1] if isinstance(told, tuple) else told)

    @property
    def output_timestamp(self) -> OutputTimestamp:
        """What is heard now; (0, 0) before anything was."""
        now = self._playback.stream.time
        status = self._playback.output.status()
        if status.heard_s == 0:
            return OutputTimestamp(0.0, 0.0)
        time = status.heard_frame / self.sample_rate
        if self.state == "running":
            time += now - status.heard_s
        return OutputTimestamp(min(max(time, 0.0), self.current_time), now)

    @property
    def stats(self) -> ContextStats:
        """All counters."""
        status, stream = self._playback.output.status(), self._playback.stream.stats
        return ContextStats(
            state=self.state,
            current_time=self.current_time,
            total_duration=(status.n_frames + status.lost_frames) / self.sample_rate,
            blocks=status.n_blocks,
            underrun_events=status.n_underruns,
            underrun_duration=status.lost_frames / self.sample_rate,
            xruns=stream.xruns,
            average_latency=status.average_latency_s,
            minimum_latency=status.min_latency_s,
            maximum_latency=status.max_latency_s,
            cpu_load=stream.cpu_load,
            max_cpu_load=stream.max_cpu_load,
            clipped_samples=stream.clipped_samples,
            nonfinite_samples=stream.nonfinite_samples,
        )

    def reset_latency(self) -> None:
        """Begin the average, smallest and largest latency of `stats` anew."""
        self._playback.output.reset_latency()

    # ---- Life ----------------------------------------------------------------------------------

    def resume(self) -> None:
        """Start, or go on where `suspend` has stopped; the sound fades in within 5 ms then.

        The very first start does not fade. After a loss the device is opened again.

        Raises
        ------
        ClosedError, ForkedError
        StateError
            A device that was lost still has not come back to its host.
        PastreamError
            As for `OutputStream.start`, and as for the class if the device must be opened.
        """
        self._playback.resume()

    def suspend(self) -> None:
        """Fade out within 5 ms, and stop the device. The clock of the context stands still then.

        Raises
        ------
        ClosedError, ForkedError
        DeviceLostError
            It was interrupted, and nobody was told so far. It is suspended all the same.
        """
        self._playback.suspend()

    def set_device(self, device: Any) -> None:
        """Go on with another device, after a fade; the rate and the channels stay.

        Parameters
        ----------
        device : optional
            As for the class.

        Raises
        ------
        PastreamError
            As for the class. The context goes on with the device that it had.
        """
        self._playback.set_device(device)

    def close(self) -> None:
        """Fade out, and close the device. Closing again does nothing.

        Threads that wait in a method of the context get a `ClosedError`.

        Raises
        ------
        DeviceLostError
            The device was gone, and nobody was told so far. The context is closed all the same.
        Exception
            What a function of a node has raised, if nobody was told so far; the same.
        """
        self._end(is_quiet=False)

    def _end(self, *, is_quiet: bool, fades: bool = True) -> None:
        try:
            self._playback.close(is_quiet=is_quiet, fades=fades)
        finally:
            if self._playback.is_ours:
                super().close()
            else:  # Another thread may have been at it when the process was forked.
                self._is_closed = True
        if not is_quiet:
            self._functions.raise_error()

    def _check_open(self) -> None:
        self._playback.use()

    def _burst_frames(self) -> int:
        # Hosts may take their output in bursts as long as the latency that they report.
        burst = round(min(self.output_latency, _MOST_BURST_S) * self.sample_rate)
        return max(burst, self._playback.stream.blocksize or 0)

    def __enter__(self) -> Self:
        self.resume()
        return self

    def _leave(self, has_failed: bool) -> None:
        self._end(is_quiet=has_failed)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from pastream_ng.streams.aio import in_thread

        await in_thread(self.__exit__, kind, None, None)

    def __del__(self) -> None:
        playback = getattr(self, "_playback", None)  # None: an __init__ that failed.
        if playback is None or self._is_closed or not playback.is_ours:
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
        self._end(is_quiet=True, fades=False)

    def _title(self) -> str:
        infos = self.device if isinstance(self.device, tuple) else (self.device,)
        devices = " and ".join(repr(name) for name in dict.fromkeys(info.name for info in infos))
        return (
            f"{devices}, {self.state} at {self.current_time:.3f} s, "
            f"{self.sample_rate:g} Hz, {self.channels} channels"
        )

    # ---- Waiting -------------------------------------------------------------------------------

    def _frame_at(self, name: str, time: Any, start: int = 0) -> int:
        value = real(name, time, 0.0, _LONGEST_S, "seconds")
        return start + math.ceil(value * self.sample_rate)

    def wait(self, duration: float, *, timeout: float | None = None) -> bool:
        """Wait until the clock of the context has gone on by so much.

        While the context is suspended, that does not come nearer.

        Parameters
        ----------
        duration : float
            Seconds of the context.
        timeout : float, optional
            Seconds of the wall clock; None waits for ever.

        Returns
        -------
        bool
            True, or False if the time ran out.

        Raises
        ------
        StateError
            The context was never started, or is interrupted.
        DeviceLostError
            Its device is gone.
        ClosedError
            It is closed, or was closed meanwhile.
        Exception
            What a function of a node has raised: see `FunctionNode.on_error`.
        """
        frame = self._frame_at("duration", duration, self.current_frame)
        limit = seconds("timeout", timeout)
        return self._playback.wait(lambda: self.current_frame >= frame, frame, limit)

    def wait_until(self, time: float, *, timeout: float | None = None) -> bool:
        """Wait until the clock of the context has reached a time; otherwise as `wait`.

        Parameters
        ----------
        time : float
            In seconds, as `current_time`.
        timeout : float, optional
            As for `wait`.

        Returns
        -------
        bool
            True, or False if the time ran out.
        """
        frame, limit = self._frame_at("time", time), seconds("timeout", timeout)
        return self._playback.wait(lambda: self.current_frame >= frame, frame, limit)

    def wait_ended(self, node: AudioScheduledSourceNode, *, timeout: float | None = None) -> bool:
        """Wait until a source has ended; otherwise as `wait`.

        Parameters
        ----------
        node : AudioScheduledSourceNode
            A source of this context, which was started.
        timeout : float, optional
            As for `wait`.

        Returns
        -------
        bool
            True, or False if the time ran out.
        """
        self._check_source(node)
        return self._playback.wait(lambda: node.has_ended, NEVER, seconds("timeout", timeout))

    async def sleep(self, duration: float) -> None:
        """Await what `wait` waits for.

        Parameters
        ----------
        duration : float
            Seconds of the context.
        """
        frame = self._frame_at("duration", duration, self.current_frame)
        await self._playback.wait_async(lambda: self.current_frame >= frame, frame, None)

    async def sleep_until(self, time: float) -> None:
        """Await what `wait_until` waits for.

        Parameters
        ----------
        time : float
            In seconds, as `current_time`.
        """
        frame = self._frame_at("time", time)
        await self._playback.wait_async(lambda: self.current_frame >= frame, frame, None)

    async def ended(self, node: AudioScheduledSourceNode) -> None:
        """Await what `wait_ended` waits for.

        Parameters
        ----------
        node : AudioScheduledSourceNode
            A source of this context, which was started.
        """
        self._check_source(node)
        await self._playback.wait_async(lambda: node.has_ended, NEVER, None)

    def _check_source(self, node: Any) -> None:
        if not isinstance(node, AudioScheduledSourceNode):
            raise ArgumentTypeError(
                f"node is {shown(node)} of type {type(node).__name__}; it must be a source"
            )
        if node.context is not self:
            raise ArgumentError(f"node is {node!r} of another context; it must be one of this one")
        if not (node.is_playing or node.has_ended):
            raise StateError(f"{node!r} was not started, so it does not end; call its start()")
