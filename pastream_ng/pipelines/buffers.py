# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Buffers between Python and C."""

from __future__ import annotations

from typing import Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check
from pastream_ng.enums import Format, MediaKind
from pastream_ng.packets import AudioFormat, NodeBuffer, Packet
from pastream_ng.packets.sample_types import SAMPLE_TYPES, native

__all__ = ["code_of", "fill_buffer", "kind_of", "read_buffer"]

_NO_PTS = int(ffi.cast("int64_t", lib.PST_NO_PTS)) if hasattr(lib, "PST_NO_PTS") else -(2**63)
_TYPES = {row.code: row.name for row in reversed(SAMPLE_TYPES.values())} | {Format.I32: "i32"}
#: What has no sample type of its own is converted to the next one that holds it.
_WIDER = {Format.I24: Format.I32, Format.I8: Format.I16}


def kind_of(kind: str) -> MediaKind:
    """Return what C calls a kind of buffers."""
    return MediaKind.PACKETS if kind == "packet" else MediaKind.FRAMES


def code_of(form: AudioFormat) -> Format:
    """Return the C format that samples of a format have."""
    return SAMPLE_TYPES[form.sample_type].code


# ---- To C ----------------------------------------------------------------------------------------


def fill_buffer(target: Any, buffer: NodeBuffer) -> list[Any]:
    """Fill a ``pst_buffer`` in; the result keeps its memory alive."""
    packet = buffer.as_packet()
    if packet is not None:
        return _fill_packet(target, packet)
    form = buffer._format
    assert form is not None
    assert buffer._array is not None
    array, code = native(buffer._array)
    memory = address(array)
    media = target.media
    media.kind = MediaKind.FRAMES
    media.format, media.n_channels, media.rate_hz = code, form.channels, form.sample_rate
    num, den = buffer.time_base
    is_plain = num == 1 and den == form.sample_rate
    media.time_base_num, media.time_base_den = (0, 0) if is_plain else (num, den)
    target.data, target.n_frames = memory, form.samples(array)
    target.is_planar = form.planar
    target.pts = _NO_PTS if buffer.pts is None else buffer.pts
    return [array, memory]


def _fill_packet(target: Any, packet: Packet) -> list[Any]:
    native_packet, memory = ffi.new("pst_packet *"), address(packet.data)
    native_packet.data, native_packet.n_bytes = memory, len(packet.data)
    native_packet.pts = _NO_PTS if packet.pts is None else packet.pts
    native_packet.dts = _NO_PTS if packet.dts is None else packet.dts
    native_packet.duration = -1 if packet.duration is None else packet.duration
    native_packet.time_base_num, native_packet.time_base_den = packet.time_base
    native_packet.flags = packet.flags
    target.media.kind = MediaKind.PACKETS
    target.data, target.n_frames = native_packet, 1
    target.is_planar, target.pts = False, native_packet.pts
    return [native_packet, memory]


# ---- From C --------------------------------------------------------------------------------------


def read_buffer(source: Any, planar: bool) -> NodeBuffer:
    """Return a copy of what is in a ``pst_buffer``, in a layout."""
    if source.media.kind == MediaKind.PACKETS:
        return NodeBuffer.packet(_read_packet(ffi.cast("pst_packet *", source.data)))
    media, frames = source.media, int(source.n_frames)
    code = Format(media.format)
    kept = _WIDER.get(code, code)
    channels = int(media.n_channels)
    form = AudioFormat(round(media.rate_hz), channels, _TYPES[kept], planar)
    array = np.empty((frames, channels), form.dtype)
    n_bytes = frames * channels * int(lib.pst_format_bytes(code))
    if code == kept:
        ffi.memmove(address(array), source.data, n_bytes)
    else:
        count = frames * channels
        check(lib.pst_convert(address(array), kept, source.data, code, count, ffi.NULL))
    if planar:
        array = np.ascontiguousarray(array.T)
    pts = None if source.pts == _NO_PTS else int(source.pts)
    base = (int(media.time_base_num), int(media.time_base_den))
    return NodeBuffer._of_pcm(array, form, pts, base if base[0] else (1, form.sample_rate))


def _read_packet(source: Any) -> Packet:
    return Packet(
        bytes(ffi.buffer(source.data, source.n_bytes)) if source.n_bytes else b"",
        time_base_num=int(source.time_base_num),
        time_base_den=int(source.time_base_den),
        pts=None if source.pts == _NO_PTS else int(source.pts),
        dts=None if source.dts == _NO_PTS else int(source.dts),
        duration=None if source.duration < 0 else int(source.duration),
        flags=int(source.flags),
    )
