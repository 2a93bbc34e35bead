# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How many frames pass between what is played and what is captured."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pastream_ng._checks import integer, pair, real, seconds
from pastream_ng.enums import Direction, Overflow
from pastream_ng.errors import ArgumentTypeError, MeasurementError, PastreamTimeoutError
from pastream_ng.formats import FORMATS
from pastream_ng.measuring.correlation import Bursts, Found, make_bursts
from pastream_ng.streams.arrays import new_recording, playing_ring, recording_ring
from pastream_ng.streams.base import Limits
from pastream_ng.streams.duplex import DuplexStream
from pastream_ng.streams.options import configure

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = ["LatencyMeasurement", "known_latency", "measure_latency"]

# Long enough to stand out of noise that is as loud as itself.
_BURST_SECONDS = 0.1
_LEAST_BURST = 2048
_PAUSE_SECONDS = 0.05

# Options of a stream that its latency may depend on, besides those that `_settings` looks up.
_OTHERS = ("device_dtype", "device_samplerate", "resample_quality")

# The last measurement of every set of settings, for aligned recordings.
_known: dict[tuple[Any, ...], LatencyMeasurement] = {}
_known_lock = threading.Lock()


@dataclass(frozen=True)
class LatencyMeasurement:
    """The round trip of a duplex stream: from the output's frames to the input's.

    Attributes
    ----------
    frames : int
        What is played as frame n is captured as frame n + `frames`: the median of all repeats.
    seconds : float
        The same in seconds, at the nominal rate.
    spread : int
        Largest less smallest of the repeats, in frames; 0 for a steady loop.
    delays : tuple of int
        Of each repeat that was found again, in frames.
    snr_db : float
        How far the correlation stands out of its noise, the median: below 25 dB the loop is weak or
        noisy. It cannot be below 18, for then nothing counts as found.
    reported : float
        What the host said of its latencies meanwhile, input and output summed, in seconds; see
        `StreamClock`.
    xruns : int
        Callbacks in which something went wrong meanwhile; with any, measure again.
    samplerate : float
        Frames per second of the stream.
    """

    frames: int
    seconds: float
    spread: int
    delays: tuple[int, ...]
    snr_db: float
    reported: float
    xruns: int
    samplerate: float


def measure_latency(
    device: Any = None,
    samplerate: float | None = None,
    *,
    input_channel: int = 1,
    output_channel: int = 1,
    repeats: int = 5,
    level: float = 0.25,
    longest: float = 1.0,
    timeout: float | None = None,
    **stream: Any,
) -> LatencyMeasurement:
    """Measure the latency of a loop from an output to an input, by cable, air or software.

    Bursts of noise are played, and looked for in what is captured. Latencies that the host reports
    play no part. The result holds for streams with the same settings; hosts may choose another one
    each time a stream is opened.

    Parameters
    ----------
    device, samplerate : optional
        As for `DuplexStream`.
    input_channel, output_channel : int, optional
        Where the loop ends and begins, counted from 1.
    repeats : int, optional
        How many bursts, 1 to 100.
    level : float, optional
        Their peak, above 0, at most 1.
    longest : float, optional
        The largest latency to look for, in seconds, at most 10. The call takes this long and 0.15
        seconds per burst.
    timeout : float, optional
        Seconds to wait for the end of it; None waits for ever.
    **stream
        All else goes to `DuplexStream`.

    Returns
    -------
    LatencyMeasurement

    Raises
    ------
    MeasurementError
        Most of the bursts were not found again: there is no loop, or it is too noisy or too long.
    PastreamTimeoutError
        The time ran out.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.
    PastreamError
        As for `DuplexStream`.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> device = ps.VirtualDevice("loopback", clock="free", latency=900)
    >>> found = ps.measure_latency(device, 48000, blocksize=100)
    >>> found.frames, found.spread
    (1000, 0)
    """
    heard = integer("input_channel", input_channel, 1, 256)
    played = integer("output_channel", output_channel, 1, 256)
    count = integer("repeats", repeats, 1, 100)
    peak = real("level", level, 1e-6, 1.0, "of full scale")
    limit = seconds("timeout", timeout)
    longest_s = real("longest", longest, 0.001, 10.0, "seconds")
    for name in ("channels", "dtype"):
        if name in stream:
            raise ArgumentTypeError(
                f"{name} is no argument of measure_latency; it plays float32 on output_channel and "
                "captures input_channel"
            )
    options = {
        "overflow": Overflow.SILENCE,
        **stream,
        "device": device,
        "samplerate": samplerate,
        "channels": (heard, played),
        "dtype": "float32",
    }
    return _measure(options, _Plan(count, peak, longest_s, limit), only_last=True)


class _Plan(NamedTuple):
    """How to measure, checked."""

    repeats: int = 5
    level: float = 0.25
    longest: float = 1.0
    timeout: float | None = None


def _measure(options: dict[str, Any], plan: _Plan, only_last: bool) -> LatencyMeasurement:
    """Measure from the last output channel to the last input channel, or from all to the best."""
    rate, key = _settings(options)
    most = round(plan.longest * rate)
    length = max(round(_BURST_SECONDS * rate), _LEAST_BURST)
    bursts = make_bursts(plan.repeats, length, round(_PAUSE_SECONDS * rate), plan.level)
    recording, measured = _record(options, bursts, most, plan.timeout, only_last)
    heard = recording[:, -1:] if only_last else recording
    found = max((bursts.find(channel, most) for channel in heard.T), key=_certainty)
    result = _judge(found, heard, plan.longest, *measured)
    with _known_lock:
        _known[key] = result
    return result


def _certainty(found: list[Found | None]) -> float:
    return sum(each.snr_db for each in found if each is not None)


def _settings(options: dict[str, Any]) -> tuple[float, tuple[Any, ...]]:
    """Return the rate of a stream, and all that its latency may depend on."""
    configured = configure(Direction.DUPLEX, DuplexStream._options(options))
    config = configured.config
    sides = (configured.input, configured.output)
    key = (
        config.samplerate_hz,
        config.block_frames,
        *((side.info.uid, side.latency_s) for side in sides if side is not None),
        repr(pair("device", options["device"])),
        repr(sorted((name, repr(options.get(name))) for name in _OTHERS)),
    )
    return float(config.samplerate_hz), key


def _record(
    options: dict[str, Any], bursts: Bursts, most: int, limit: float | None, only_last: bool
) -> tuple[Array, tuple[float, float, int]]:
    """Play the bursts and record; return the recording, the rate, and what the host says."""
    channels, outputs = options["channels"]
    frames = np.zeros((len(bursts.signal), outputs), np.float32)
    frames[:, -1 if only_last else 0 :] = bursts.signal[:, None]
    memory = new_recording(len(frames) + most, channels, FORMATS["float32"])
    stream = DuplexStream._over(options, recording_ring(memory), playing_ring(frames))
    try:
        stream._start(Limits(0, len(memory), len(frames), -1))
        if not stream.wait(limit):
            raise PastreamTimeoutError(f"timeout: the measurement was not done within {limit} s")
        clock = stream.clock
        told = (clock.input_age or 0.0) + (clock.output_delay or 0.0)
        measured = (stream.samplerate, told, stream.xruns)
    finally:
        stream._close()
    return memory, measured


def _judge(
    found: list[Found | None],
    recording: Array,
    longest: float,
    rate: float,
    reported: float,
    xruns: int,
) -> LatencyMeasurement:
    sure = [each for each in found if each is not None]
    if 2 * len(sure) <= len(found):
        peak = float(np.max(np.abs(recording)))
        loudness = f"{20 * np.log10(peak):.0f} dBFS at most" if peak > 0 else "digital silence"
        raise MeasurementError(
            f"{len(sure)} of {len(found)} bursts came back within {longest:g} s; what was captured "
            f"is {loudness}. Connect the output to the input, or raise level or longest"
        )
    delays = sorted(each.delay for each in sure)
    frames = delays[len(delays) // 2]
    return LatencyMeasurement(
        frames=frames,
        seconds=frames / rate,
        spread=delays[-1] - delays[0],
        delays=tuple(each.delay for each in sure),
        snr_db=float(np.median([each.snr_db for each in sure])),
        reported=reported,
        xruns=xruns,
        samplerate=rate,
    )


def known_latency(options: dict[str, Any]) -> int:
    """Return the latency of duplex streams with these options, measured now if never before."""
    with _known_lock:
        known = _known.get(_settings(options)[1])
    if known is None:
        bursts = {**options, "dtype": "float32", "overflow": Overflow.SILENCE}
        known = _measure(bursts, _Plan(), only_last=False)
    return known.frames
