# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Files made into files of another kind, beside ffmpeg."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from . import codec_tools, contest, music
from .cost import COLUMNS, OURS, Cost, add_rows, of_call, of_command, of_peer
from .tables import Table


class Work(NamedTuple):
    """What is made of what, and how each program is told."""

    name: str
    source: str
    target: str
    arguments: dict[str, Any]
    options: list[str]
    ffmpeg: list[str]


_FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i"]
_SOXR = "aresample=48000:resampler=soxr:precision=28"
WORKS = [
    Work(
        "WAV to FLAC, level 5",
        "music.wav",
        "out.flac",
        {"compression": 5},
        ["--compression", "5"],
        ["-c:a", "flac", "-compression_level", "5"],
    ),
    Work(
        "WAV to FLAC of the same size",
        "music.wav",
        "out4.flac",
        {"compression": 4},
        ["--compression", "4"],
        ["-c:a", "flac", "-compression_level", "5"],
    ),
    Work(
        "FLAC to Opus, 128 kb/s",
        "music48.flac",
        "out.opus",
        {"audio_bitrate": 128000},
        ["--bitrate", "128k"],
        ["-c:a", "libopus", "-b:a", "128k"],
    ),
    Work(
        "WAV to MP3, 128 kb/s",
        "music.wav",
        "out.mp3",
        {"audio_bitrate": 128000, "bitrate_mode": "constant"},
        ["--bitrate", "128k", "--bitrate-mode", "constant"],
        ["-c:a", "libmp3lame", "-b:a", "128k"],
    ),
    Work("MP3 to WAV", "music.mp3", "out.wav", {}, [], ["-c:a", "pcm_s16le"]),
    Work(
        "FLAC to AAC in M4A, 128 kb/s",
        "music48.flac",
        "out.m4a",
        {"audio_bitrate": 128000},
        ["--bitrate", "128k"],
        ["-c:a", "aac", "-b:a", "128k"],
    ),
    Work(
        "WAV of 44.1 to 48 kHz, best quality",
        "music.wav",
        "out48.wav",
        {"sample_rate": 48000, "resample_quality": "best"},
        ["--rate", "48k"],
        ["-af", _SOXR, "-c:a", "pcm_s16le"],
    ),
]


def _sources(folder: Path) -> None:
    import pastream_ng as ps

    data = music.frames()
    music.write(folder / "music.wav", data, music.RATE)
    at_48k = folder / "music48.wav"
    music.write(at_48k, ps.resample(data, music.RATE, 48000), 48000)
    flac = codec_tools.encoders("FLAC", at_48k, folder / "music48.flac")["flac"]
    lame = codec_tools.encoders("MP3", folder / "music.wav", folder / "music.mp3")["lame"]
    of_command(flac)
    of_command(lame)
    at_48k.unlink()


def cost(number: int, folder: str) -> Cost:
    """Be a contestant: transcode in this process."""
    import pastream_ng as ps

    work = WORKS[number]
    paths = Path(folder, work.source), Path(folder, work.target)
    transcode = ps.transcode  # Imported with the first look at it.
    return of_call(lambda: transcode(*paths, overwrite=True, **work.arguments))


def callback_cost(folder: str) -> float:
    """Be a contestant: return the seconds of the calling thread that each progress costs."""
    import pastream_ng as ps

    paths = Path(folder, "music48.flac"), Path(folder, "told.opus")
    options: dict[str, Any] = {"overwrite": True, "duration": 150.0}

    def waiting(callback: Callable[[ps.Progress], None] | None) -> float:
        began = time.thread_time()
        ps.transcode(*paths, progress_callback=callback, **options)
        return time.thread_time() - began

    waiting(None)
    told: list[ps.Progress] = []
    silent = waiting(None)
    return max(0.0, waiting(told.append) - silent) / len(told)


def measure() -> Table:
    table = Table(
        "transcode",
        "Transcoding",
        f"{music.SECONDS} s of 16-bit stereo from file to file, with the same settings for both, "
        "on one thread. The best of up to three runs. Of the call, what the import takes is not "
        "counted; of the commands, all is. ffmpeg resamples by soxr, with as many bits as ours at "
        "its best, and has a FLAC encoder of its own: the file of its level 5 is 1 % larger than "
        "that of libFLAC's, and as large as that of libFLAC's level 4. In "
        "the last column, more than 1 means that this library needs less CPU time. "
        "The last row is what one call of a progress_callback costs, which comes ten times a "
        "second.",
        COLUMNS,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _sources(folder)
        for number, work in enumerate(WORKS):
            source, target = str(folder / work.source), str(folder / work.target)
            ours = {"module": "bench.transcode", "function": "cost"}
            command = [sys.executable, "-m", "pastream_ng.cli", "transcode", source, target, "-q"]
            command += ["--overwrite", *work.options]
            ffmpeg = [*_FFMPEG, source, "-threads", "1", *work.ffmpeg, target]
            contestants: list[tuple[str, Callable[[], Cost]]] = [
                (f"{OURS}, call", partial(of_peer, **ours, number=number, folder=name)),
                (f"{OURS}, command", partial(of_command, command)),
                ("ffmpeg", partial(of_command, ffmpeg)),
            ]
            add_rows(table, work.name, music.SECONDS, contestants)
        try:
            seconds = contest.run("bench.transcode", "callback_cost", timeout=120, folder=name)
            table.add("a call of progress_callback", OURS, seconds, *[None] * 4)
        except contest.DidNotRun as error:
            table.add_failure("a call of progress_callback", str(error))
    return table
