# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the nodes of a pipeline are told. All attributes can be changed until a node is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer, real, shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.packets import AudioFormat
from pastream_ng.pipelines.sections import checked_sections, sections_of

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

__all__ = [
    "ChannelMapNodeConfig",
    "CompressorNodeConfig",
    "DelayNodeConfig",
    "FirNodeConfig",
    "GainNodeConfig",
    "IdentityNodeConfig",
    "IirNodeConfig",
    "LimiterNodeConfig",
    "NodeConfig",
    "ResampleNodeConfig",
    "check_kind",
]

KINDS = ("pcm", "packet")
_MOST_TAPS = 1 << 20
_MOST_ORDER = 64


def check_kind(name: str, value: Any) -> str:
    """Return what flows: "pcm" or "packet"."""
    if value in KINDS:
        return str(value)
    error = ArgumentError if isinstance(value, str) else ArgumentTypeError
    raise error(f'{name} is {shown(value)}; it must be "pcm" or "packet"')


def check_format(name: str, value: Any, *, optional: bool = False) -> AudioFormat | None:
    """Return an `AudioFormat`, or None where that is allowed."""
    if isinstance(value, AudioFormat) or (value is None and optional):
        return value
    wanted = "an AudioFormat" + (" or None" if optional else "")
    raise ArgumentTypeError(f"{name} is {shown(value)}; it must be {wanted}")


def _numbers(name: str, value: Any, most: int) -> list[float]:
    try:
        array = np.asarray(value, "float64")
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{name} is {shown(value)}; it must be numbers in a row") from None
    if array.ndim != 1 or not 1 <= array.size <= most:
        raise ArgumentError(
            f"{name} has shape {array.shape}; it must be 1 to {most} numbers in a row"
        )
    if not np.isfinite(array).all():
        raise ArgumentError(f"{name} has numbers in it that are not finite")
    return [float(number) for number in array]


class NodeConfig:
    """The base of all of them."""

    #: The kind of processor, as `make_processor_node` knows it.
    _processor = ""

    def _check(self) -> None:
        """Put the attributes in order, or raise."""


@dataclass
class IdentityNodeConfig(NodeConfig):
    """What comes goes on as it is.

    Parameters
    ----------
    kind : {"pcm", "packet"}
    """

    kind: str
    _processor = "identity"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        self.kind = check_kind("kind", self.kind)


@dataclass
class ResampleNodeConfig(NodeConfig):
    """Another sample rate, and other channels and sample type where the formats differ in them.

    Parameters
    ----------
    in_format : AudioFormat
        What comes. Its rate and channels must be those; another sample type is converted.
    out_format : AudioFormat
        What goes on.
    out_chunk_samples : int, optional
        Frames of each buffer that goes on; None: as they come.
    pad_final : bool, optional
        Whether silence fills the last buffer up to `out_chunk_samples`.
    """

    in_format: AudioFormat
    out_format: AudioFormat
    out_chunk_samples: int | None = None
    pad_final: bool = True
    _processor = "resample"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("in_format", self.in_format)
        check_format("out_format", self.out_format)
        if self.out_chunk_samples is not None:
            self.out_chunk_samples = integer(
                "out_chunk_samples", self.out_chunk_samples, 1, 1 << 20, unit="frames"
            )
        self.pad_final = flag("pad_final", self.pad_final)


@dataclass
class GainNodeConfig(NodeConfig):
    """A factor for all samples.

    Parameters
    ----------
    format : AudioFormat, optional
        What comes; None: whatever it is.
    gain : float, optional
        The factor; 1 changes nothing.
    """

    format: AudioFormat | None = None
    gain: float = 1.0
    _processor = "gain"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        self.gain = real("gain", self.gain, -1e6, 1e6, "times")


@dataclass
class DelayNodeConfig(NodeConfig):
    """Silence before the sound.

    Parameters
    ----------
    delay_ms : float
        Milliseconds, 0 to 600 000.
    format : AudioFormat, optional
        What comes; None: whatever it is.
    """

    delay_ms: float
    format: AudioFormat | None = None
    _processor = "delay"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        self.delay_ms = real("delay_ms", self.delay_ms, 0, 600_000, "milliseconds")


@dataclass
class FirNodeConfig(NodeConfig):
    """A filter of finite length: y[n] = taps[0] x[n] + taps[1] x[n - 1] + ...

    Parameters
    ----------
    taps : sequence of float
        The impulse response.
    format : AudioFormat, optional
        What comes; None: whatever it is.
    """

    taps: Sequence[float]
    format: AudioFormat | None = None
    _processor = "fir"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        self.taps = _numbers("taps", self.taps, _MOST_TAPS)


@dataclass
class IirNodeConfig(NodeConfig):
    """A recursive filter, as in `scipy.signal.lfilter` or `scipy.signal.sosfilt`.

    Either way it is computed in float64, as sections of second order.

    Parameters
    ----------
    b, a : sequence of float, optional
        The coefficients of numerator and denominator, of order 64 at most; a[0] is not 0, and no
        root of a lies outside of the unit circle.
    format : AudioFormat, optional
        What comes; None: whatever it is.
    sos : array, optional
        (sections, 6): b0, b1, b2, a0, a1, a2 of each. In place of `b` and `a`, and better than
        these for high orders, where rounding of `b` and `a` makes another filter.
    """

    b: Sequence[float] | None = None
    a: Sequence[float] | None = None
    format: AudioFormat | None = None
    sos: Any = field(default=None, kw_only=True)
    _processor = "iir"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        if (self.b is None, self.a is None) != (self.sos is not None,) * 2:
            raise ArgumentTypeError("b and a must be given, or sos, and not both")
        if self.sos is not None:
            self.sos = checked_sections(self.sos)
            return
        self.b = _numbers("b", self.b, _MOST_ORDER + 1)
        self.a = _numbers("a", self.a, _MOST_ORDER + 1)
        if self.a[0] == 0.0:
            raise ArgumentError("a begins with 0; its first number must not be 0")
        self._sections()

    def _sections(self) -> Array:
        """Return it as sections, in float64."""
        if self.b is None or self.a is None:
            return np.array(self.sos, "float64")
        return sections_of(self.b, self.a)


@dataclass
class CompressorNodeConfig(NodeConfig):
    """Less difference between loud and soft; each channel by itself.

    Parameters
    ----------
    format : AudioFormat, optional
        What comes; None: whatever it is.
    sample_rate : float, optional
        Hz; None: the rate of what comes, which it must be otherwise.
    threshold_db : float, optional
        Peaks above are made smaller, dB of full scale.
    knee_width_db : float, optional
        How wide the bend at the threshold is, dB.
    ratio : float, optional
        How many dB above the threshold become one, at least 1.
    expansion_ratio : float, optional
        How many dB one dB below `expansion_threshold_db` becomes, at least 1.
    expansion_threshold_db : float, optional
        What is below gets softer, dB of full scale.
    attack_time, release_time : float, optional
        Seconds in which it follows what gets louder, and softer.
    master_gain_db : float, optional
        A gain behind it, dB.
    """

    format: AudioFormat | None = None
    sample_rate: float | None = None
    threshold_db: float = -18.0
    knee_width_db: float = 6.0
    ratio: float = 4.0
    expansion_ratio: float = 2.0
    expansion_threshold_db: float = -60.0
    attack_time: float = 0.01
    release_time: float = 0.1
    master_gain_db: float = 0.0
    _processor = "compressor"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        if self.sample_rate is not None:
            self.sample_rate = real("sample_rate", self.sample_rate, 1, 1e6, "Hz")
            form = self.format
            if form is not None and round(self.sample_rate) != form.sample_rate:
                raise ArgumentError(
                    f"sample_rate is {self.sample_rate:g}, but that of format {form.sample_rate}; "
                    "both must be the same, or sample_rate None"
                )
        limits: dict[str, tuple[float, float, str]] = {
            "threshold_db": (-200, 50, "dB"),
            "knee_width_db": (0, 100, "dB"),
            "ratio": (1, 1e6, "to one"),
            "expansion_ratio": (1, 1e6, "to one"),
            "expansion_threshold_db": (-400, 50, "dB"),
            "attack_time": (0, 60, "seconds"),
            "release_time": (0, 60, "seconds"),
            "master_gain_db": (-200, 200, "dB"),
        }
        for name, (low, high, unit) in limits.items():
            setattr(self, name, real(name, getattr(self, name), low, high, unit))


@dataclass
class LimiterNodeConfig(NodeConfig):
    """No sample is louder than a ceiling; what is softer sounds as it is, in its time.

    Parameters
    ----------
    format : AudioFormat, optional
        What comes; None: whatever it is.
    ceiling_db : float, optional
        dB of full scale.
    release_time : float, optional
        Seconds in which the gain comes back after a peak.
    look_ahead : float, optional
        Seconds before a peak in which the gain goes down.
    """

    format: AudioFormat | None = None
    ceiling_db: float = -1.0
    release_time: float = 0.1
    look_ahead: float = 0.005
    _processor = "limiter"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        self.ceiling_db = real("ceiling_db", self.ceiling_db, -100, 0, "dB")
        self.release_time = real("release_time", self.release_time, 0, 60, "seconds")
        self.look_ahead = real("look_ahead", self.look_ahead, 0, 1, "seconds")


@dataclass
class ChannelMapNodeConfig(NodeConfig):
    """Other channels, made of those that come.

    Parameters
    ----------
    channels : int or sequence of int, optional
        How many go on, with the sound that is usual there (stereo from mono, and so on); or for
        each of them the number of one that comes, from 0, or -1 for silence.
    gains : array, optional
        (channels that go on, channels that come): how much of each of those that come is in each
        of those that go on. In place of `channels`.
    format : AudioFormat, optional
        What comes; None: whatever it is.
    """

    channels: int | Sequence[int] | None = None
    gains: Any = None
    format: AudioFormat | None = None
    _processor = "channel-map"

    def __post_init__(self) -> None:
        self._check()

    def _check(self) -> None:
        check_format("format", self.format, optional=True)
        if (self.channels is None) == (self.gains is None):
            raise ArgumentTypeError("one of channels and gains must be given, and not both")
        if self.gains is not None:
            self._check_gains()
        elif isinstance(self.channels, Iterable):
            if isinstance(self.channels, (str, bytes)):
                raise ArgumentTypeError(
                    f"channels is {shown(self.channels)}; it must be an int, or ints in a row"
                )
            self.channels = [integer("channels", one, -1, 255) for one in self.channels]
            integer("the length of channels", len(self.channels), 1, 256)
        else:
            self.channels = integer("channels", self.channels, 1, 256)

    def _check_gains(self) -> None:
        try:
            gains = np.array(self.gains, "float32")
        except (TypeError, ValueError):
            raise ArgumentTypeError(
                f"gains is {shown(self.gains)}; it must be an array of numbers"
            ) from None
        if gains.ndim != 2 or not all(1 <= n <= 256 for n in gains.shape):
            raise ArgumentError(
                f"gains has shape {gains.shape}; it must be (channels that go on, channels that "
                "come), 1 to 256 each"
            )
        if not np.isfinite(gains).all():
            raise ArgumentError("gains has numbers in it that are not finite")
        self.gains = gains
