# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Resampling of sound that comes in pieces."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng._checks import choice, flag, integer, real
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address, frames_of
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import Format, ResampleEngine, ResampleQuality
from pastream_ng.errors import ArgumentError
from pastream_ng.formats import FORMATS, sample_format

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import ResampleQualityName

__all__ = ["MOST_RATIO", "Resampler"]

MOST_RATIO = 256

# Samples that one C call takes: Ctrl-C comes through between two of them.
_SLICE_SAMPLES = 1 << 17


def _checked_rates(from_rate: Any, to_rate: Any) -> tuple[float, float]:
    before = real("from_rate", from_rate, 1e-6, 1e12, "Hz")
    after = real("to_rate", to_rate, 1e-6, 1e12, "Hz")
    if not 1 / MOST_RATIO <= after / before <= MOST_RATIO:
        raise ArgumentError(
            f"to_rate is {after:g} and from_rate {before:g}; they must be within a factor of "
            f"{MOST_RATIO} of each other"
        )
    return before, after


class Resampler:
    """Change the sample rate of sound that comes in pieces.

    All pieces together become the frames that `resample` makes of the whole, to the bit, however
    they are cut: the first output frame lies at the time of the first input frame, and n frames
    become ``floor(n * to_rate / from_rate + 0.5)``. What depends on frames that are still to come
    stays inside until they are there; see `latency`.

    Parameters
    ----------
    from_rate, to_rate : float
        Hz, within a factor of 256 of each other.
    channels : int, optional
        1 to 256.
    quality : {"best", "medium", "fast", "linear", "hold"}, optional
        See `ResampleQuality`.
    engine : {"auto", "soxr", "samplerate"}, optional
        What computes; see `ResampleEngine`. ``"auto"`` is the faster one of those that this build
        has.
    dtype : str, numpy.dtype or type, optional
        Of the frames that come in and go out: float32, float64, int32, int16, int8 or uint8.
        Integers are rounded and clipped at the end. float64 and int32 are computed in float64 where
        the engine can (soxr; lines and holding), in float32 elsewhere.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.
    UnsupportedSettingsError
        This build has no such engine.

    Notes
    -----
    Calls from several threads come one after another. C computes without the GIL.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> resampler = ps.Resampler(44100, 48000, channels=2)
    >>> blocks = [resampler.process(np.zeros((1000, 2), "float32")) for _ in range(441)]
    >>> sum(map(len, blocks)) + len(resampler.flush())
    480000
    """

    def __init__(
        self,
        from_rate: float,
        to_rate: float,
        channels: int = 1,
        *,
        quality: ResampleQuality | ResampleQualityName = "best",
        engine: ResampleEngine | Literal["auto", "samplerate", "soxr"] = "auto",
        dtype: Any = "float32",
    ) -> None:
        self._form = sample_format(dtype)
        if self._form.name == "int24":
            raise ArgumentError("dtype is 'int24'; it must be another one, such as int32")
        is_wide = self._form.code in (Format.F64, Format.I32)
        self._work = FORMATS["float64" if is_wide else "float32"]
        self._rates = _checked_rates(from_rate, to_rate)
        self._channels = integer("channels", channels, 1, 256)
        self._quality = choice("quality", quality, ResampleQuality)
        self._lock = threading.Lock()
        self._is_flat = self._channels == 1
        config = ffi.new("pst_resampler_config *")
        config.from_hz, config.to_hz = self._rates
        config.n_channels = self._channels
        config.format = self._work.code
        config.quality = self._quality
        config.engine = choice("engine", engine, ResampleEngine)
        self._owned = owner("pst_resampler *", lib.pst_resampler_destroy)
        err = new_error()
        check(lib.pst_resampler_create(self._owned, config, err), err)

    def __repr__(self) -> str:
        before, after = self._rates
        return (
            f"<pastream_ng.Resampler {before:g} Hz to {after:g} Hz, {self._channels} channels, "
            f"{self._form.name}, {self._quality.name.lower()}>"
        )

    def __getstate__(self) -> object:
        raise TypeError("a Resampler cannot be pickled or copied")

    @property
    def from_rate(self) -> float:
        """Rate of the frames that come in, in Hz."""
        return self._rates[0]

    @property
    def to_rate(self) -> float:
        """Rate of the frames that go out, in Hz."""
        return self._rates[1]

    @property
    def ratio(self) -> float:
        """Output frames per input frame."""
        return self._rates[1] / self._rates[0]

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return self._channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples that come in and go out."""
        return np.dtype(self._form.dtype)

    @property
    def quality(self) -> ResampleQuality:
        """How well the rate is changed."""
        return self._quality

    @property
    def engine(self) -> ResampleEngine:
        """What computes; ``AUTO`` where neither is needed: lines, holding, and equal rates."""
        return ResampleEngine(lib.pst_resampler_engine(self._owned[0]))

    @property
    def latency(self) -> float:
        """Seconds by which the output is behind the input at most, before `flush`.

        It is found out by trying, which takes some milliseconds.
        """
        n_frames, err = ffi.new("int64_t *"), new_error()
        check(lib.pst_resampler_latency(self._owned[0], n_frames, err), err)
        return float(n_frames[0]) / self._rates[1]

    def process(self, x: Any, last: bool = False) -> Array:
        """Take frames, and give those that can be told by now.

        Parameters
        ----------
        x : array_like
            (frames, channels), or (frames,) with one channel, of the resampler's dtype. Floats of
            another width are converted. What is not finite counts as 0.
        last : bool, optional
            Whether these are the last frames: what `flush` would give comes with them.

        Returns
        -------
        numpy.ndarray
            (frames, channels), or (frames,) if `x` is so.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            Wrong shape or dtype.
        StateError
            The input has ended before; see `reset`.
        """
        data = frames_of("x", x, self._form, self._channels)
        is_last = flag("last", last)
        with self._lock:
            self._is_flat = np.ndim(x) == 1
            return self._shaped(self._run(data, is_last))

    def flush(self) -> Array:
        """End the input, and give the frames that are left.

        Returns
        -------
        numpy.ndarray
            In the shape that `process` gave last.
        """
        with self._lock:
            return self._shaped(self._run(None, True))

    def reset(self) -> None:
        """Forget all input: the next frame is a first one again."""
        with self._lock:
            err = new_error()
            check(lib.pst_resampler_reset(self._owned[0], err), err)

    def _shaped(self, frames: Array) -> Array:
        return frames.reshape(-1) if self._is_flat else frames

    def _run(self, data: Array | None, is_last: bool) -> Array:
        """Return what comes out of frames of the resampler's dtype; None stands for no call."""
        resampler = self._owned[0]
        n_in = 0 if data is None else len(data)
        room = int(lib.pst_resampler_room(resampler, n_in))
        out = np.empty((room, self._channels), self._work.dtype)
        n_out = 0
        if data is not None:
            n_out = self._feed(self._converted(data, self._form.code, self._work.code), out)
        if is_last:
            n_out += self._drain(out[n_out:])
        return self._converted(out[:n_out], self._work.code, self._form.code)

    def _feed(self, data: Array, out: Array) -> int:
        err, n_used, n_made = new_error(), ffi.new("int64_t *"), ffi.new("int64_t *")
        slice_frames = max(1, _SLICE_SAMPLES // self._channels)
        n_in = n_out = 0
        while True:
            piece, room = data[n_in : n_in + slice_frames], out[n_out:]
            status = lib.pst_resampler_process(
                self._owned[0],
                address(piece),
                len(piece),
                n_used,
                address(room),
                len(room),
                n_made,
                err,
            )
            check(status, err)
            n_in += int(n_used[0])
            n_out += int(n_made[0])
            if n_in == len(data):
                return n_out

    def _drain(self, out: Array) -> int:
        n_made, err = ffi.new("int64_t *"), new_error()
        status = lib.pst_resampler_drain(self._owned[0], address(out), len(out), n_made, err)
        check(status, err)
        return int(n_made[0])

    def _converted(self, data: Array, source: Format, target: Format) -> Array:
        """Return frames between the resampler's dtype and what is computed in."""
        if source == target:
            return data
        form = self._form if target == self._form.code else self._work
        result = np.empty(data.shape, form.dtype)
        check(lib.pst_convert(address(result), target, address(data), source, data.size, ffi.NULL))
        return result
