# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Buffers: what pipelines carry, sound or packets, with its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng.errors import ArgumentTypeError
from pastream_ng.packets.audio_format import AudioFormat, check_format, is_planar, turned
from pastream_ng.packets.packet import Packet, check_packet, time_base, timestamp

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array

    Layout = Literal["planar", "interleaved"]

__all__ = ["NodeBuffer", "check_buffer"]


class NodeBuffer:
    """A piece of sound or a packet, on its way through a pipeline.

    Made by `NodeBuffer.pcm` or `NodeBuffer.packet`. It has a copy of what it was made of, and gives
    copies, so that nothing changes it; it can be used as often as one likes.

    Attributes
    ----------
    kind : {"pcm", "packet"}
        What is in it.

    Notes
    -----
    Two buffers are equal if their formats, times and samples are, or their packets.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "f32")
    >>> buffer = ps.NodeBuffer.pcm(np.zeros((2, 480), "float32"), fmt, pts=960)
    >>> buffer.as_pcm_with_layout("interleaved").shape, buffer.as_packet()
    ((480, 2), None)
    >>> ps.NodeBuffer.packet(ps.Packet(b"abc")).as_packet().data
    b'abc'
    """

    __slots__ = ("_array", "_base", "_format", "_packet", "_pts", "kind")

    kind: Literal["pcm", "packet"]
    _array: Array | None
    _format: AudioFormat | None
    _packet: Packet | None
    _pts: int | None
    _base: tuple[int, int]

    def __init__(self) -> None:
        raise ArgumentTypeError(
            "NodeBuffer cannot be made so; use NodeBuffer.pcm(array, format) or "
            "NodeBuffer.packet(packet)"
        )

    @classmethod
    def pcm(
        cls,
        array: Any,
        format: AudioFormat,
        pts: int | None = None,
        time_base_num: int | None = None,
        time_base_den: int | None = None,
    ) -> NodeBuffer:
        """Return a buffer of sound.

        Parameters
        ----------
        array : array_like
            As for `AudioFormat.array`; copied.
        format : AudioFormat
            What it is.
        pts : int, optional
            When its first sample is to be heard, in units of the time base.
        time_base_num, time_base_den : int, optional
            A unit is num/den seconds; both or none. The default is one sample: 1/sample_rate.

        Returns
        -------
        NodeBuffer
            Whose `kind` is ``"pcm"``.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.
        """
        made = check_format("format", format)
        if (time_base_num is None) != (time_base_den is None):
            raise ArgumentTypeError(
                f"time_base_num is {time_base_num} and time_base_den {time_base_den}; "
                "give both or none"
            )
        base = (1, made.sample_rate)
        if time_base_num is not None:
            base = time_base(time_base_num, time_base_den)
        start = timestamp("pts", pts)
        data = made._array("array", array)
        return cls._of_pcm(
            data.copy() if np.may_share_memory(data, array) else data, made, start, base
        )

    @classmethod
    def _of_pcm(
        cls, array: Array, format: AudioFormat, pts: int | None, base: tuple[int, int]
    ) -> NodeBuffer:
        """Return a buffer that takes over an array of that format, which nobody else may have."""
        self = cls.__new__(cls)
        self.kind, self._packet = "pcm", None
        self._array, self._format, self._pts, self._base = array, format, pts, base
        return self

    @classmethod
    def packet(cls, packet: Packet) -> NodeBuffer:
        """Return a buffer of a packet, whose `kind` is ``"packet"``."""
        self = cls.__new__(cls)
        self._packet = check_packet("packet", packet)
        self.kind, self._array, self._format = "packet", None, None
        self._pts, self._base = packet.pts, packet.time_base
        return self

    @property
    def format(self) -> AudioFormat | None:
        """The format of sound; None of a packet."""
        return self._format

    @property
    def samples(self) -> int | None:
        """How many samples for each channel there are; None of a packet."""
        if self._array is None or self._format is None:
            return None
        return self._format.samples(self._array)

    @property
    def pts(self) -> int | None:
        """When it begins, in units of the time base; None: not known."""
        return self._pts

    @property
    def time_base(self) -> tuple[int, int]:
        """(num, den): a unit of time is num/den seconds."""
        return self._base

    @property
    def time(self) -> float | None:
        """When it begins, in seconds; None: not known."""
        return None if self._pts is None else self._pts * self._base[0] / self._base[1]

    def as_pcm(self) -> Array | None:
        """Return a copy of the sound, (channels, samples); None of a packet."""
        return self.as_pcm_with_layout("planar")

    def as_pcm_with_layout(self, layout: Layout) -> Array | None:
        """Return a copy of the sound, or None of a packet.

        Parameters
        ----------
        layout : {"planar", "interleaved"}
            (channels, samples) or (samples, channels).
        """
        wants_planar = is_planar(layout)
        if self._array is None or self._format is None:
            return None
        made = turned(self._array, self._format.planar, wants_planar)
        return made.copy() if np.may_share_memory(made, self._array) else made

    def as_packet(self) -> Packet | None:
        """Return the packet; None of sound."""
        return self._packet

    def pcm_info(self) -> tuple[AudioFormat, int | None, tuple[int, int]] | None:
        """Return (format, pts, time base) of sound; None of a packet."""
        return None if self._format is None else (self._format, self._pts, self._base)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeBuffer):
            return NotImplemented
        if self._packet is not None or other._packet is not None:
            return self._packet == other._packet
        return self.pcm_info() == other.pcm_info() and np.array_equal(
            np.asarray(self._array), np.asarray(other._array)
        )

    __hash__ = None  # type: ignore[assignment]  # Samples are compared, not hashed.

    def __reduce__(self) -> tuple[Any, ...]:
        if self._packet is not None:
            return NodeBuffer.packet, (self._packet,)
        return NodeBuffer.pcm, (self._array, self._format, self._pts, *self._base)

    def __repr__(self) -> str:
        if self._format is None:
            return f"<pastream_ng.NodeBuffer {self._packet!r}>"
        form = self._format
        start = "" if self._pts is None else f", pts {self._pts} of {self._base[0]}/{self._base[1]}"
        return (
            f"<pastream_ng.NodeBuffer {self.samples} samples, {form.channels} channels, "
            f"{form.sample_rate} Hz, {form.sample_type} {form.layout}{start}>"
        )


def check_buffer(name: str, value: Any) -> NodeBuffer:
    """Return an argument that must be a `NodeBuffer`."""
    if isinstance(value, NodeBuffer):
        return value
    raise ArgumentTypeError(
        f"{name} is {value!r:.60} of type {type(value).__name__}; it must be a NodeBuffer"
    )
