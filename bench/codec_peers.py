# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoding and decoding with Python libraries: one process each, from file to file or array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .cost import Cost, of_call

BLOCK = 65536

#: Of each codec: the arguments of each library for the settings that the table names.
SETTINGS: dict[str, dict[str, Any]] = {
    "FLAC": {
        "ours": {"format": "FLAC", "compression": 5},
        "soundfile": {"format": "FLAC", "compression_level": 5 / 8},
        "pedalboard": {"quality": 5},
        "av": {"codec": "flac", "options": {"compression_level": "5"}},
    },
    "MP3": {
        "ours": {"format": "MP3", "bitrate": 128000, "bitrate_mode": "constant"},
        "soundfile": {
            "format": "MP3",
            "bitrate_mode": "CONSTANT",
            "compression_level": (320 - 128) / (320 - 32),
        },
        "pedalboard": {"quality": 128},
        "av": {"codec": "libmp3lame", "bit_rate": 128000},
    },
    "Vorbis": {
        "ours": {"format": "OGG", "subtype": "VORBIS", "quality": 0.5},
        "soundfile": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.5},
        "pedalboard": {"quality": "160 kbps"},
        "av": {"codec": "libvorbis", "bit_rate": 160000},
    },
    "Opus": {
        "ours": {"format": "OGG", "subtype": "OPUS", "bitrate": 128000},
        # libsndfile goes from 256 kb/s a channel down to 6.
        "soundfile": {
            "format": "OGG",
            "subtype": "OPUS",
            "compression_level": (256 - 64) / (256 - 6),
        },
        "av": {"codec": "libopus", "bit_rate": 128000},
    },
    "AAC": {
        "ours": {"format": "AAC", "bitrate": 128000},
        "av": {"codec": "aac", "bit_rate": 128000},
    },
}


def _encode_ours(codec: str, src: str, dst: str) -> Callable[[], object]:
    import pastream_ng as ps

    def work() -> None:
        with ps.SoundFile(src) as source:
            shape = (source.samplerate, source.channels)
            with ps.SoundFile(dst, "w", *shape, **SETTINGS[codec]["ours"]) as target:
                while len(block := source.read(BLOCK, dtype="int16")):
                    target.write(block)

    return work


def _encode_soundfile(codec: str, src: str, dst: str) -> Callable[[], object]:
    import soundfile

    def work() -> None:
        with soundfile.SoundFile(src) as source:
            shape = (source.samplerate, source.channels)
            settings = SETTINGS[codec]["soundfile"]
            with soundfile.SoundFile(dst, "w", *shape, **settings) as target:
                for block in source.blocks(BLOCK, dtype="int16"):
                    target.write(block)

    return work


def _encode_pedalboard(codec: str, src: str, dst: str) -> Callable[[], object]:
    from pedalboard.io import AudioFile

    def work() -> None:
        with AudioFile(src) as source:
            shape = (source.samplerate, source.num_channels)
            settings = SETTINGS[codec]["pedalboard"]
            with AudioFile(dst, "w", *shape, bit_depth=16, **settings) as target:
                while source.tell() < source.frames:
                    target.write(source.read(BLOCK))

    return work


def _encode_av(codec: str, src: str, dst: str) -> Callable[[], object]:
    import av

    settings = SETTINGS[codec]["av"]

    def work() -> None:
        with av.open(src) as source, av.open(dst, "w") as target:
            stream = target.add_stream(settings["codec"], rate=source.streams.audio[0].rate)
            stream.codec_context.thread_count = 1
            stream.codec_context.layout = "stereo"
            if "bit_rate" in settings:
                stream.bit_rate = settings["bit_rate"]
            stream.options = settings.get("options", {})
            for frame in source.decode(audio=0):
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))

    return work


def _decode_ours(codec: str, src: str, dst: str) -> Callable[[], object]:
    import pastream_ng as ps

    dtype = "int16" if codec == "FLAC" else "float32"

    def work() -> None:
        with ps.SoundFile(src) as source:
            while len(source.read(BLOCK, dtype=dtype)):
                pass

    return work


def _decode_soundfile(codec: str, src: str, dst: str) -> Callable[[], object]:
    import soundfile

    dtype = "int16" if codec == "FLAC" else "float32"

    def work() -> None:
        with soundfile.SoundFile(src) as source:
            for _block in source.blocks(BLOCK, dtype=dtype):
                pass

    return work


def _decode_pedalboard(codec: str, src: str, dst: str) -> Callable[[], object]:
    from pedalboard.io import AudioFile

    def work() -> None:
        with AudioFile(src) as source:
            while source.read(BLOCK).size:
                pass

    return work


def _decode_av(codec: str, src: str, dst: str) -> Callable[[], object]:
    import av

    def work() -> None:
        with av.open(src) as source:
            source.streams.audio[0].codec_context.thread_count = 1
            for frame in source.decode(audio=0):
                frame.to_ndarray()

    return work


def cost(peer: str, work: str, codec: str, src: str, dst: str = "") -> Cost:
    """Be a contestant: ``peer`` is a library, ``work`` is "encode" or "decode"."""
    return of_call(globals()[f"_{work}_{peer}"](codec, src, dst))
