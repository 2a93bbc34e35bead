# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What streams tell about themselves, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from pastream_ng.enums import EventKind, StreamFlags

__all__ = ["ChunkInfo", "StreamEvent", "StreamStats", "event_of", "info_of", "stats_of"]


class ChunkInfo(NamedTuple):
    """Where a chunk came from.

    Attributes
    ----------
    frame : int
        Device frame number of the chunk's first frame, counted from the stream's start, lost frames
        included. A loss that shows only after a while moves the numbers from then on.
    adc_time : float
        When that frame was taken, in seconds of `time.monotonic`.
    lost : int
        Frames missing between the last frame before the chunk and its end.
    flags : StreamFlags
        What the host said about the callbacks that delivered the chunk.
    callback_time : float
        When the callback that delivered its last frame was called, in seconds of `time.monotonic`.
    """

    frame: int
    adc_time: float
    lost: int
    flags: StreamFlags
    callback_time: float


_NO_FLAGS = StreamFlags(0)


def info_of(info: Any) -> ChunkInfo:
    """Return what a ``pst_frames_info`` says."""
    flags = StreamFlags(info.flags) if info.flags else _NO_FLAGS
    return ChunkInfo(info.frame, info.adc_time_s, info.gap_frames, flags, info.callback_ns / 1e9)


_KINDS = {
    EventKind.HOST_XRUN: "the host reports an xrun",
    EventKind.DEVICE_LOSS: "lost by the device",
    EventKind.INPUT_DROPPED: "dropped, the input ring was full",
    EventKind.OUTPUT_MISSING: "silence played, the output ring was empty",
    EventKind.FINISHED: "finished",
    EventKind.ABORTED: "aborted",
    EventKind.DEVICE_LOST: "the device is away",
    EventKind.DEVICE_BACK: "the device is back",
    EventKind.INPUT_SILENT: "the input is exactly zero",
}


@dataclass(frozen=True)
class StreamEvent:
    """Something that happened while a stream ran; ``str`` of it is a line for people.

    Attributes
    ----------
    kind : EventKind
        What it was.
    frame : int
        Device frame number of the first frame concerned.
    frames : int
        How many frames; 0 where the host set a flag without an amount.
    flags : StreamFlags
        What the host said.
    time : float
        Of the callback that saw it, in seconds of `time.monotonic`.
    """

    kind: EventKind
    frame: int
    frames: int
    flags: StreamFlags
    time: float

    def __str__(self) -> str:
        """Return one line for people."""
        words = [f"{self.time:.6f} s: {_KINDS.get(self.kind, self.kind.name)}"]
        if self.frames:
            words.append(f"{self.frames} frames from frame {self.frame} on")
        else:
            words.append(f"at frame {self.frame}")
        if self.flags:
            flags = (flag.name or "" for flag in StreamFlags if flag in self.flags)
            words.append("flags " + ", ".join(flags).lower().replace("_", " "))
        return ", ".join(words)


@dataclass(frozen=True)
class StreamStats:
    """Counters of a stream since its last start. Each is exact.

    Attributes
    ----------
    frames : int
        Device frames passed, lost ones included.
    end_frame : int
        The same, but for frames of the last block that lie after the end of a run that came to its
        limits.
    captured_frames : int
        Input frames that reached the ring, inserted silence included, and also those that
        ``overflow="drop-oldest"`` took back later.
    skipped_frames : int
        Input frames left out by an offset.
    inserted_frames : int
        Silence put in for missing input, with ``overflow="silence"``.
    dropped_frames : int
        Input frames lost because the ring was full: those that never fitted, and those that
        ``overflow="drop-oldest"`` took back.
    lost_frames : int
        Frames lost by the device or host, by the device's clock.
    played_frames : int
        Output frames taken from the ring.
    missing_frames : int
        Silence played because the output ring was empty.
    padded_frames : int
        Silence played after the end, the rest of the last block included.
    clipped_samples, nonfinite_samples : int
        Samples changed in conversion.
    zero_frames : int
        The last so many frames of the input were exactly zero, as no microphone has it.
    callbacks : int
        How often the host called.
    xruns : int
        Callbacks with an xrun flag, or before which frames were lost, or in which a ring over- or
        underflowed.
    input_underflows, input_overflows, output_underflows, output_overflows : int
        Callbacks with that flag of the host.
    events_dropped : int
        Events that found the event queue full.
    last_callback_time, start_time : float
        In seconds of `time.monotonic`; 0 if it has not been yet.
    last_block, min_block, max_block : int
        Frames per callback.
    flags : StreamFlags
        All flags seen.
    thread_priority : int
        Realtime priority of the audio thread, 1 to 99; 0 if it has none, or has not called yet.
    cpu_load, max_cpu_load : float
        Time spent in the callback over the duration of its block: smoothed, and the largest.
    drift_ppm : float
        How much faster than the nominal rate the device runs, in parts per million; 0 until known.
    """

    frames: int
    end_frame: int
    captured_frames: int
    skipped_frames: int
    inserted_frames: int
    dropped_frames: int
    lost_frames: int
    played_frames: int
    missing_frames: int
    padded_frames: int
    clipped_samples: int
    nonfinite_samples: int
    zero_frames: int
    callbacks: int
    xruns: int
    input_underflows: int
    input_overflows: int
    output_underflows: int
    output_overflows: int
    events_dropped: int
    last_callback_time: float
    start_time: float
    last_block: int
    min_block: int
    max_block: int
    flags: StreamFlags
    thread_priority: int
    cpu_load: float
    max_cpu_load: float
    drift_ppm: float


def stats_of(stats: Any) -> StreamStats:
    """Return a ``pst_stream_stats`` as a value."""
    return StreamStats(
        frames=stats.frames,
        end_frame=stats.end_frame,
        captured_frames=stats.captured_frames,
        skipped_frames=stats.skipped_frames,
        inserted_frames=stats.inserted_frames,
        dropped_frames=stats.dropped_frames,
        lost_frames=stats.lost_frames,
        played_frames=stats.played_frames,
        missing_frames=stats.missing_frames,
        padded_frames=stats.padded_frames,
        clipped_samples=stats.n_clipped,
        nonfinite_samples=stats.n_nonfinite,
        zero_frames=stats.zero_frames,
        callbacks=stats.n_callbacks,
        xruns=stats.n_xruns,
        input_underflows=stats.n_input_underflows,
        input_overflows=stats.n_input_overflows,
        output_underflows=stats.n_output_underflows,
        output_overflows=stats.n_output_overflows,
        events_dropped=stats.n_events_dropped,
        last_callback_time=stats.last_callback_ns / 1e9,
        start_time=stats.start_ns / 1e9,
        last_block=stats.last_block_frames,
        min_block=stats.min_block_frames,
        max_block=stats.max_block_frames,
        flags=StreamFlags(stats.flags),
        thread_priority=stats.thread_priority,
        cpu_load=stats.cpu_load,
        max_cpu_load=stats.max_cpu_load,
        drift_ppm=stats.drift_ppm,
    )


def event_of(event: Any) -> StreamEvent:
    """Return a ``pst_stream_event`` as a value."""
    return StreamEvent(
        kind=EventKind(event.kind),
        frame=event.frame,
        frames=event.n_frames,
        flags=StreamFlags(event.flags),
        time=event.time_ns / 1e9,
    )
