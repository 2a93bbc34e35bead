# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A hundred short files made into files of another kind, beside xargs with ffmpeg."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from . import contest, music
from .cost import OURS, Cost, best, of_call, of_command, of_peer
from .tables import Table

COUNT = 100


class Work(NamedTuple):
    """What is made of what, and how each program is told."""

    name: str
    source: str
    to: str
    arguments: dict[str, Any]
    options: list[str]
    ffmpeg: list[str]


WORKS = [
    Work(
        "WAV to FLAC, level 5",
        "wav",
        "flac",
        {"compression": 5},
        ["--compression", "5"],
        ["-c:a", "flac", "-compression_level", "5"],
    ),
    Work(
        "WAV to MP3, 128 kb/s",
        "wav",
        "mp3",
        {"audio_bitrate": 128000, "bitrate_mode": "constant"},
        ["--bitrate", "128k", "--bitrate-mode", "constant"],
        ["-c:a", "libmp3lame", "-b:a", "128k"],
    ),
    Work(
        "FLAC of 48 kHz to Opus, 128 kb/s",
        "flac48",
        "opus",
        {"audio_bitrate": 128000},
        ["--bitrate", "128k"],
        ["-c:a", "libopus", "-b:a", "128k"],
    ),
]


def _sources(folder: Path) -> None:
    import pastream_ng as ps

    data = music.frames()
    shares = {"wav": (data, music.RATE, "wav")}
    shares["flac48"] = (ps.resample(data, music.RATE, 48000), 48000, "flac")
    for name, (frames, rate, extension) in shares.items():
        (folder / name).mkdir()
        length = len(frames) // COUNT
        for n in range(COUNT):
            share = frames[n * length : (n + 1) * length]
            ps.write(folder / name / f"{n:03}.{extension}", share, rate, subtype="PCM_16")


def cost(number: int, folder: str) -> Cost:
    """Be a contestant: transcode in this process."""
    import pastream_ng as ps

    work = WORKS[number]
    transcode_many = ps.transcode_many  # Imported with the first look at it.

    def run() -> None:
        source, target = Path(folder, work.source), Path(folder, "out")
        with transcode_many(source, target, to=work.to, **work.arguments) as batch:
            results = batch.wait()
        assert sum(result.stats is not None for result in results) == COUNT

    return of_call(run)


def _memory_mb(process: int) -> float:
    """Return the memory of a process and of those that it has started, now."""
    total = 0
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        total = sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0.0
    return total / 1024 + sum(_memory_mb(int(child)) for child in children)


def _fresh(folder: Path, run: Callable[[], Cost]) -> Cost:
    """Run a contestant whose outputs are not there yet."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "out").mkdir()
    found = run()
    made = len(list((folder / "out").iterdir()))
    if made != COUNT:
        raise contest.DidNotRun(f"it made {made} files")
    return found


def _contestants(number: int, folder: Path) -> list[tuple[str, Callable[[], Cost]]]:
    work, workers = WORKS[number], len(os.sched_getaffinity(0))
    source, out = folder / work.source, folder / "out"
    names = folder / f"{number}.txt"
    names.write_text("".join(f"{path.stem}\n" for path in sorted(source.iterdir())))
    suffix = next(source.iterdir()).suffix
    ffmpeg = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-threads",
        "1",
        "-i",
        f"{source}/{{}}{suffix}",
    ]
    ffmpeg += ["-threads", "1", *work.ffmpeg, f"{out}/{{}}.{work.to}"]
    command = [sys.executable, "-m", "pastream_ng.cli", "transcode", "--many", str(source), "-q"]
    command += ["--to", work.to, "--into", str(out), *work.options]
    ours = {"module": "bench.transcode_many", "function": "cost"}
    xargs = ["xargs", f"-P{workers}", "-a", str(names), "-I{}", *ffmpeg]
    return [
        (f"{OURS}, call", partial(of_peer, **ours, number=number, folder=str(folder))),
        (f"{OURS}, command", partial(of_command, command, _memory_mb)),
        (
            f"xargs -P{workers} ffmpeg",
            partial(of_command, xargs, _memory_mb),
        ),
    ]


def measure() -> Table:
    table = Table(
        "transcode_many",
        "Transcoding many files",
        f"{COUNT} files of {music.SECONDS // COUNT} s of 16-bit stereo, on all processors, with "
        "the same settings for both. The best of up to three runs. Of the call, what the import "
        "takes is not counted; of the commands, all is. The memory is that of all processes of a "
        "contestant at a time. In the last column, more than 1 means that this library is done "
        "sooner.",
        ["work", "program", "clock s", "CPU s", "x real time", "peak MB", "xargs / ours"],
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _sources(folder)
        for number, work in enumerate(WORKS):
            costs: dict[str, Cost | contest.DidNotRun] = {}
            for program, run in _contestants(number, folder):
                try:
                    costs[program] = best(partial(_fresh, folder, run))
                except contest.DidNotRun as error:
                    costs[program] = error
            other = costs[program]
            for program, found in costs.items():
                if isinstance(found, contest.DidNotRun):
                    table.add(work.name, program, f"did not run: {found}", *[None] * 4)
                    continue
                ratio = None
                if program.startswith(OURS) and isinstance(other, Cost):
                    ratio = f"{other.wall_s / found.wall_s:.2f}"
                figures = (found.wall_s, found.cpu_s, music.SECONDS / found.wall_s, found.peak_mb)
                table.add(work.name, program, *(float(f"{x:.3g}") for x in figures), ratio)
    return table
