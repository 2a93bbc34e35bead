# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes that work on the caller's thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address, over_memory
from pastream_ng._native.closing import Unique
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.codecs.native_encoder import NO_PTS
from pastream_ng.codecs.turns import Turns
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.packets import AudioFormat, NodeBuffer
from pastream_ng.packets.audio_format import check_format, is_planar
from pastream_ng.packets.packet import timestamp
from pastream_ng.packets.sample_types import SAMPLE_TYPES, from_native, native, native_dtype
from pastream_ng.pipelines.build import Build
from pastream_ng.pipelines.configs import (
    ChannelMapNodeConfig,
    CompressorNodeConfig,
    DelayNodeConfig,
    FirNodeConfig,
    GainNodeConfig,
    IdentityNodeConfig,
    IirNodeConfig,
    LimiterNodeConfig,
    NodeConfig,
    ResampleNodeConfig,
)
from pastream_ng.pipelines.factories import make_processor_node

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.packets.node_buffer import Layout

__all__ = ["Processor"]

# Samples that one C call takes in `process`: Ctrl-C comes through between two of them.
_SLICE_SAMPLES = 1 << 17


class Processor(Unique):
    """A node that works on the caller's thread: sound goes in, changed sound comes out.

    Made by `Processor.gain` and the other static methods. What it makes of a piece waits until it
    is taken, as much as there is; how the sound is cut into pieces does not show in it.

    Raises
    ------
    ArgumentTypeError
        If it is called: the static methods make processors.

    Notes
    -----
    Calls from several threads come one after another. C computes without the GIL. Where something
    is computed, samples that are not finite count as silence. Without a format of its own a
    processor takes the one that its first piece has, until it is reset.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "f32")
    >>> half = ps.Processor.gain(fmt, gain=0.5)
    >>> half.put_frame(np.ones((2, 480), "float32"))
    >>> half.get_frame().shape, half.get_frame() is None
    ((2, 480), True)
    >>> low_pass = ps.Processor.iir([0.2], [1, -0.8], format=fmt)
    >>> low_pass.process(np.ones((2, 3), "float32"))[0]
    array([0.2  , 0.36 , 0.488], dtype=float32)
    """

    _config: NodeConfig
    _name: str
    _told: AudioFormat | None
    _format: AudioFormat | None
    _lock: Turns
    _has_ended: bool
    _owned: Any
    _in: Any
    _made: Any
    _err: Any  # Of the calls that the lock guards.
    # Of what comes out; None: nothing has been put in.
    _out: AudioFormat | None

    def __init__(self) -> None:
        raise ArgumentTypeError(
            "Processor cannot be made so; use Processor.gain(...) or another of its static methods"
        )

    # ---- Making ---------------------------------------------------------------------------------

    @classmethod
    def _of(cls, config: NodeConfig, told: AudioFormat | None) -> Processor:
        self = cls.__new__(cls)
        self._config = config
        self._told = self._format = told
        self._lock = Turns("Processor")
        self._out = None
        self._has_ended = False
        self._in, self._made = ffi.new("pst_buffer *"), ffi.new("pst_buffer *")
        node = make_processor_node(config._processor, config)
        self._name = node.name
        build = Build()
        stage = node._make(build)
        self._owned = owner("pst_processor *", lib.pst_processor_destroy)
        self._err = err = new_error()
        check(lib.pst_processor_create(self._owned, stage, 1, err), err)
        stage[0] = ffi.NULL
        return self

    @staticmethod
    def identity(format: AudioFormat | None = None) -> Processor:
        """Return a processor that changes nothing.

        Parameters
        ----------
        format : AudioFormat, optional
            Of what is put in, here and below. None: the first call of `put_frame` tells it.
        """
        return Processor._of(IdentityNodeConfig("pcm"), _optional(format))

    @staticmethod
    def resample(
        in_format: AudioFormat,
        out_format: AudioFormat,
        out_chunk_samples: int | None = None,
        pad_final: bool = True,
    ) -> Processor:
        """Return a processor that changes the sample rate, and channels and sample type.

        The parameters are those of `ResampleNodeConfig`.
        """
        config = ResampleNodeConfig(in_format, out_format, out_chunk_samples, pad_final)
        return Processor._of(config, in_format)

    @staticmethod
    def gain(format: AudioFormat | None = None, gain: float = 1.0) -> Processor:
        """Return a processor that multiplies all samples by a factor."""
        return Processor._of(GainNodeConfig(format, gain), format)

    @staticmethod
    def delay(delay_ms: float, format: AudioFormat | None = None) -> Processor:
        """Return a processor that puts silence before the sound; nothing of it is lost."""
        return Processor._of(DelayNodeConfig(delay_ms, format), format)

    @staticmethod
    def fir(taps: Sequence[float], format: AudioFormat | None = None) -> Processor:
        """Return a filter as ``scipy.signal.lfilter(taps, 1, x)``, with any number of taps.

        As many samples come out as go in.
        """
        return Processor._of(FirNodeConfig(taps, format), format)

    @staticmethod
    def iir(
        b: Sequence[float] | None = None,
        a: Sequence[float] | None = None,
        format: AudioFormat | None = None,
        *,
        sos: Any = None,
    ) -> Processor:
        """Return a filter as ``scipy.signal.lfilter(b, a, x)``, or ``sosfilt(sos, x)``.

        It is computed in float64; the parameters are those of `IirNodeConfig`.
        """
        return Processor._of(IirNodeConfig(b, a, format, sos=sos), format)

    @staticmethod
    def compressor(
        format: AudioFormat | None = None,
        sample_rate: float | None = None,
        threshold_db: float = -18.0,
        knee_width_db: float = 6.0,
        ratio: float = 4.0,
        expansion_ratio: float = 2.0,
        expansion_threshold_db: float = -60.0,
        attack_time: float = 0.01,
        release_time: float = 0.1,
        master_gain_db: float = 0.0,
    ) -> Processor:
        """Return a compressor and expander; the parameters are those of `CompressorNodeConfig`."""
        config = CompressorNodeConfig(
            format,
            sample_rate,
            threshold_db,
            knee_width_db,
            ratio,
            expansion_ratio,
            expansion_threshold_db,
            attack_time,
            release_time,
            master_gain_db,
        )
        return Processor._of(config, format)

    @staticmethod
    def limiter(
        format: AudioFormat | None = None,
        ceiling_db: float = -1.0,
        release_time: float = 0.1,
        look_ahead: float = 0.005,
    ) -> Processor:
        """Return a limiter that looks ahead; the parameters are those of `LimiterNodeConfig`.

        What comes out has the times of what went in.
        """
        config = LimiterNodeConfig(
            format, ceiling_db=ceiling_db, release_time=release_time, look_ahead=look_ahead
        )
        return Processor._of(config, format)

    @staticmethod
    def channel_map(
        channels: int | Sequence[int] | None = None,
        gains: Any = None,
        format: AudioFormat | None = None,
    ) -> Processor:
        """Return a processor that makes other channels.

        The parameters are those of `ChannelMapNodeConfig`.
        """
        return Processor._of(ChannelMapNodeConfig(channels, gains, format), format)

    def __repr__(self) -> str:
        return f"<pastream_ng.Processor {self._name}>"

    # ---- What there is --------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What it is, such as ``"gain"``."""
        return self._name

    def output_format(self) -> AudioFormat | None:
        """Return the format of what comes out; None as long as nothing tells it."""
        config = self._config
        if isinstance(config, ResampleNodeConfig):
            return config.out_format
        if self._format is None or not isinstance(config, ChannelMapNodeConfig):
            return self._format
        if config.gains is not None:
            channels = len(config.gains)
        elif isinstance(config.channels, Sequence):
            channels = len(config.channels)
        else:
            assert config.channels is not None
            channels = config.channels
        if channels == self._format.channels:
            return self._format
        return self._format.replace(channels=channels, channel_layout_mask=0)

    # ---- Sound ----------------------------------------------------------------------------------

    def put_frame(
        self, pcm: Any, pts: int | None = None, format: AudioFormat | None = None
    ) -> None:
        """Put sound in, and compute.

        Parameters
        ----------
        pcm : array_like
            As for `AudioFormat.array`.
        pts : int, optional
            When its first sample is to be heard, in samples. None: right behind what came before.
        format : AudioFormat, optional
            What it is. Needed once if the processor was made without a format; where it is known
            already, it must be the same.

        Raises
        ------
        ArgumentError
            Wrong shape, dtype or format; or the format is not known yet, and None.
        ArgumentTypeError
            No numbers, or another argument that is not as described above.
        StateError
            The input has ended; see `reset`.
        """
        start = timestamp("pts", pts)
        with self._lock:
            form = self._form_of(format)
            array = form._array("pcm", pcm)
            self._put(array, form, start)

    def flush(self) -> None:
        """End the input: `get_frame` gives what is still inside. Does nothing the second time."""
        with self._lock:
            self._flush()

    def get_frame(self, force: bool = False, layout: Layout = "planar") -> Array | None:
        """Return the next piece that has come out, or None.

        Each piece that was put in gives one, unless the rate is changed or sound is held back.

        Parameters
        ----------
        force : bool, optional
            Whether to end the input first, as `flush` does.
        layout : {"planar", "interleaved"}, optional
            (channels, samples) or (samples, channels).

        Returns
        -------
        numpy.ndarray or None
            Of the type of `output_format`. None: nothing before more is put in, or, behind the
            end, nothing more.
        """
        planar = is_planar(layout)
        forces = flag("force", force)
        with self._lock:
            if forces:
                self._flush()
            return self._get(planar)

    def get_buffer(self, force: bool = False) -> NodeBuffer | None:
        """Return the next piece that has come out, with its time, or None; as `get_frame`.

        Returns
        -------
        NodeBuffer or None
            Of `output_format`.
        """
        forces = flag("force", force)
        with self._lock:
            if forces:
                self._flush()
            form = self._out
            array = None if form is None else self._get(form.planar)
            if array is None or form is None:
                return None
            media = self._made.media
            base = (int(media.time_base_num), int(media.time_base_den))
            return NodeBuffer._of_pcm(
                array, form, int(self._made.pts), base if base[0] else (1, form.sample_rate)
            )

    def process(self, x: Any, last: bool = False, format: AudioFormat | None = None) -> Array:
        """Put sound in, and return all that has come out by now.

        Parameters
        ----------
        x : array_like
            As for `AudioFormat.array`.
        last : bool, optional
            Whether it is the last sound: what is still inside comes with it.
        format : AudioFormat, optional
            As for `put_frame`.

        Returns
        -------
        numpy.ndarray
            In the format that `output_format` tells: (channels, samples) or (samples, channels).

        Raises
        ------
        ArgumentError, ArgumentTypeError, StateError
            As `put_frame`.
        """
        is_last = flag("last", last)
        with self._lock:
            form = self._form_of(format)
            array = form._array("x", x)
            frames = form.samples(array)
            step = max(1, _SLICE_SAMPLES // form.channels)
            if frames <= step:
                self._put(array, form, None)
            for at in range(0, frames, step) if frames > step else ():
                cut = array[:, at : at + step] if form.planar else array[at : at + step]
                self._put(np.ascontiguousarray(cut), form, None)
            if is_last:
                self._flush()
            return self._all()

    def reset(self) -> None:
        """Forget all sound, also what waits; and the format, if the processor was made without."""
        with self._lock:
            err = new_error()
            check(lib.pst_processor_reset(self._owned[0], err), err)
            self._format, self._out, self._has_ended = self._told, None, False

    # ---- The same, with the lock held -----------------------------------------------------------

    def _form_of(self, given: Any) -> AudioFormat:
        """Return the format of what is put in."""
        if self._has_ended:
            raise StateError("the input of this Processor has ended; call reset() to begin again")
        form = None if given is None else check_format("format", given)
        if self._format is None:
            if form is None:
                raise ArgumentError(
                    "format is missing: this Processor was made without one, and the first call "
                    "has to tell it"
                )
            return form
        if form is not None and form != self._format:
            raise ArgumentError(
                f"format is {shown(form)}; it must be {self._format}, as before"
                + ("" if self._told is not None else ", until reset() is called")
            )
        return self._format

    def _learn(self, form: AudioFormat) -> None:
        """Take over the format of sound that was looked at."""
        self._format = form
        self._out = self.output_format()
        self._in.is_planar = form.planar
        self._in.media.n_channels = form.channels
        self._in.media.rate_hz = form.sample_rate

    def _put(self, array: Array, form: AudioFormat, pts: int | None) -> None:
        if form is not self._format or self._out is None:
            self._learn(form)
        buffer, err = self._in, self._err
        plain, buffer.media.format = native(array)
        memory = address(plain)
        buffer.data, buffer.n_frames = memory, form.samples(array)
        buffer.pts = NO_PTS if pts is None else pts
        status = lib.pst_processor_put(self._owned[0], buffer, err)
        buffer.data = ffi.NULL
        check(status, err)

    def _flush(self) -> None:
        err = new_error()
        self._has_ended = True
        check(lib.pst_processor_flush(self._owned[0], err), err)

    def _get(self, planar: bool) -> Array | None:
        """Return a copy of the next piece in the type of the output."""
        buffer, form = self._made, self._out
        if lib.pst_processor_get(self._owned[0], buffer) != _OK or form is None:
            return None
        kind = SAMPLE_TYPES[form.sample_type]
        dtype = native_dtype(kind)
        n_bytes = buffer.n_frames * form.channels * dtype.itemsize
        frames = over_memory(buffer.data, n_bytes, dtype, form.channels)
        return from_native(np.array(frames.T if planar else frames, order="C"), kind)

    def _all(self) -> Array:
        form = self._out
        assert form is not None
        pieces = []
        while (piece := self._get(form.planar)) is not None:
            pieces.append(piece)
        if len(pieces) == 1:
            return pieces[0]
        pieces.append(np.empty(form.shape(0), form.dtype))
        return np.concatenate(pieces, axis=1 if form.planar else 0)


_OK = int(Status.OK)  # Compared for each piece: a number is the quicker one.


def _optional(format: Any) -> AudioFormat | None:
    return None if format is None else check_format("format", format)
