# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoding and decoding packet by packet, beside PyAV."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import contest, music
from .tables import Table

RATE = 48000
SECONDS = 30
_RUNS = 3

#: Of each codec: samples a packet, the arguments of our config class, and those of PyAV.
CODECS: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {
    "opus": (960, {"bitrate": 96000}, {"name": "libopus", "format": "flt", "bit_rate": 96000}),
    "aac": (1024, {"bitrate": 128000}, {"name": "aac", "format": "fltp", "bit_rate": 128000}),
    "mp3": (
        1152,
        {"bitrate": 128000},
        {"name": "libmp3lame", "reads": "mp3", "format": "fltp", "bit_rate": 128000},
    ),
    "flac": (
        4096,
        {"compression_level": 5},
        {"name": "flac", "format": "s16", "options": {"compression_level": "5"}},
    ),
}


def _chunks(codec: str, planar: bool) -> list[np.ndarray]:
    """Return the sound, cut into packets."""
    size = CODECS[codec][0]
    data = music.frames()[: RATE * SECONDS]
    if codec != "flac":
        data = data.astype("f4") / 32768
    cuts = [data[at : at + size] for at in range(0, len(data) - size + 1, size)]
    return [np.ascontiguousarray(cut.T) if planar else np.ascontiguousarray(cut) for cut in cuts]


def _ours(codec: str) -> tuple[Callable[[], list[Any]], Callable[[list[Any]], int]]:
    import pastream_ng as ps

    settings = CODECS[codec][1]
    kind = {"opus": "Opus", "aac": "Aac", "mp3": "Mp3", "flac": "Flac"}[codec]
    form = ps.AudioFormat(RATE, 2, "i16" if codec == "flac" else "f32")
    chunks = _chunks(codec, planar=True)
    told: list[Any] = [None]

    def encode() -> list[Any]:
        make = getattr(ps, f"{kind}EncoderConfig")
        enc = ps.Encoder(codec, make(form, CODECS[codec][0], **settings))
        packets = []
        for chunk in chunks:
            enc.put_frame(chunk)
            while enc.state() == "ready" and (packet := enc.get_packet()) is not None:
                packets.append(packet)
        packets += enc.flush()
        told[0] = enc.extradata
        return packets

    def decode(packets: list[Any]) -> int:
        make = getattr(ps, f"{kind}DecoderConfig")
        extra = {"extradata": told[0]} if codec == "opus" else {}
        dec = ps.Decoder(codec, make(chunk_samples=None, **extra))
        samples = 0
        for packet in packets:
            samples += sum(block.shape[1] for block in dec.decode(packet.data))
        return samples + sum(block.shape[1] for block in dec.flush())

    return encode, decode


def _pyav(codec: str) -> tuple[Callable[[], list[Any]], Callable[[list[Any]], int]]:
    import av

    settings = CODECS[codec][2]
    is_planar = settings["format"].endswith("p")
    # PyAV wants packed sound as one row.
    chunks = [chunk if is_planar else chunk.reshape(1, -1) for chunk in _chunks(codec, is_planar)]
    told: list[Any] = [None]

    def encode() -> list[Any]:
        context = av.CodecContext.create(settings["name"], "w")
        context.rate, context.layout, context.format = RATE, "stereo", settings["format"]
        context.thread_count = 1
        if "bit_rate" in settings:
            context.bit_rate = settings["bit_rate"]
        context.options = settings.get("options", {})
        context.open()
        packets = []
        for chunk in chunks:
            frame = av.AudioFrame.from_ndarray(chunk, settings["format"], "stereo")
            frame.rate = RATE
            packets += context.encode(frame)
        packets += context.encode(None)
        told[0] = context.extradata
        return packets

    def decode(packets: list[Any]) -> int:
        context = av.CodecContext.create(settings.get("reads", settings["name"]), "r")
        context.extradata, context.thread_count = told[0], 1
        context.rate, context.layout = RATE, "stereo"
        samples = 0
        for packet in [*packets, None]:
            for frame in context.decode(packet):
                samples += frame.samples
                frame.to_ndarray()
        return samples

    return encode, decode


def cost(peer: str, codec: str) -> tuple[int, float, float]:
    """Be a contestant: return packets, and CPU seconds for encoding and for decoding them."""
    encode, decode = (_ours if peer == "pastream_ng" else _pyav)(codec)
    encoding = decoding = 1e9
    packets: list[Any] = []
    for _ in range(_RUNS):
        begin = time.process_time()
        packets = encode()
        middle = time.process_time()
        samples = decode(packets)
        end = time.process_time()
        encoding, decoding = min(encoding, middle - begin), min(decoding, end - middle)
        if samples < RATE * (SECONDS - 1):
            raise RuntimeError(f"{samples} samples came back of {RATE * SECONDS}")
    return len(packets), encoding, decoding


def measure() -> Table:
    table = Table(
        "packets",
        "Packets",
        f"{SECONDS} s of stereo at {RATE} Hz, pushed into an encoder as one array for each packet, "
        "and its packets into a decoder, each of which gives an array; on one thread, each library "
        "in a process of its own. The best of three runs. Times are of the processor; in the last "
        "two columns, more than 1 means that this library needs less of it. PyAV brings builds of "
        "its own (a newer libopus) and FFmpeg's encoder of FLAC and decoders of the others. "
        "pyaudiostream 0.0.3 is not among them: pip could not build it here.",
        ["codec", "library", "encoded packets/s", "decoded packets/s", "encoding", "decoding"],
    )
    for codec in CODECS:
        results: dict[str, tuple[int, float, float]] = {}
        failures: dict[str, str] = {}
        for peer in ("pastream_ng", "PyAV"):
            try:
                results[peer] = tuple(
                    contest.run("bench.packets", "cost", timeout=120, peer=peer, codec=codec)
                )
            except contest.DidNotRun as error:
                failures[peer] = str(error)
        for peer in ("pastream_ng", "PyAV"):
            if peer in failures:
                table.add(codec, peer, f"did not run: {failures[peer]}", *[None] * 3)
                continue
            count, encoding, decoding = results[peer]
            ratios: list[str | None] = [None, None]
            if peer == "pastream_ng" and "PyAV" in results:
                other = results["PyAV"]
                ratios = [f"{other[1] / encoding:.2f}", f"{other[2] / decoding:.2f}"]
            table.add(codec, peer, count / encoding, count / decoding, *ratios)
    return table
