# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Codecs as the manual shows them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pastream_ng as ps


def loops(x: NDArray[Any]) -> None:
    form = ps.AudioFormat(48000, 2, "f32", planar=True)
    with ps.Encoder("opus", ps.OpusEncoderConfig(form, bitrate=64_000, fec=True)) as encoder:
        packets: Iterator[ps.Packet] = encoder.encode(x)
        data: bytes = b"".join(packet.data for packet in packets)
        rest: list[ps.Packet] = encoder.flush()
        head: bytes | None = encoder.extradata
    decoder = ps.Decoder("opus", ps.OpusDecoderConfig(960, extradata=head), frames=48000)
    for block in decoder.decode(rest, layout="interleaved"):
        print(block.shape, len(data))
    decoder.conceal(960, rest[0])
    left: list[NDArray[Any]] = decoder.flush()
    print(left, bool(decoder.damage), decoder.tags.to_dict())


def calls(x: NDArray[Any]) -> None:
    encoder = ps.Encoder("wav", ps.WavEncoderConfig(container="rf64", frames=100))
    encoder.put_frame(x, pts=3, format=ps.AudioFormat(8000, 1, "i16"))
    data: bytes | None = encoder.get_frame(force=True)
    packet = encoder.get_packet()
    if packet is not None and packet.pts is not None:
        print(packet.pts + 1, data)
    decoder = ps.Decoder("wav")
    decoder.put_frame(memoryview(b""))
    found = decoder.get_frame_info(layout="planar")
    if found is not None:
        array, pts, (num, den) = found
        print(array.dtype, pts, num / den)
    form = decoder.output_format()
    print(form.dtype if form is not None else None)


def buffers(x: NDArray[Any]) -> None:
    buffer = ps.NodeBuffer.pcm(x, ps.AudioFormat(8000, 1, "f32"), 0, 1, 8000)
    info = buffer.pcm_info()
    if info is not None:
        form, pts, (num, den) = info
        print(form.sample_rate, pts, num, den)
    array: NDArray[Any] | None = buffer.as_pcm_with_layout("interleaved")
    packet: ps.Packet | None = ps.NodeBuffer.packet(ps.Packet(b"")).as_packet()
    print(array, packet, np.asarray(buffer.as_pcm()))


async def later(source: AsyncIterator[NDArray[Any]]) -> None:
    encoder = ps.Encoder("flac", ps.FlacEncoderConfig(ps.AudioFormat(48000, 1, "i16")))
    async for packet in encoder.encode(source):
        print(packet.duration)
