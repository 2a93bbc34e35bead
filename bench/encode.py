# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoding of five minutes, beside the tools and libraries that people use."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import codec_tools, music
from .codec_peers import SETTINGS
from .cost import COLUMNS, OURS, Cost, add_rows, of_command, of_peer
from .tables import Table

PEERS = {"ours": OURS, "soundfile": "soundfile", "pedalboard": "pedalboard", "av": "PyAV"}


def sources(folder: Path) -> dict[str, Path]:
    """Write the input, at the rate that each codec takes."""
    import pastream_ng as ps

    data = music.frames()
    usual, at_48k = folder / "44100.wav", folder / "48000.wav"
    music.write(usual, data, music.RATE)
    music.write(at_48k, ps.resample(data, music.RATE, 48000), 48000)
    return {codec: at_48k if codec == "Opus" else usual for codec in SETTINGS}


def libraries() -> str:
    """Return what this library is built with, as a sentence."""
    import pastream_ng as ps

    names = {codec.libraries: None for codec in ps.available_codecs() if codec.libraries}
    return (
        f"This library is built with {', '.join(names)} here, and so are the tools of these "
        "libraries; Python packages bring builds of their own, and PyAV and ffmpeg decode by "
        "FFmpeg's own code."
    )


def measure() -> Table:
    table = Table(
        "encode",
        "Encoding",
        f"{music.SECONDS} s of 16-bit stereo from a WAV file into a file of each codec, with the "
        "same settings for all, on one thread; each program in a process of its own. The best of "
        "up to three runs. Of Python libraries, what their import takes is not counted; of tools, "
        "all is. In the last column, more than 1 means that this library needs less CPU time than "
        f"the fastest of the others. {libraries()}",
        COLUMNS,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for codec, src in sources(folder).items():
            dst = folder / ("out" + codec_tools.SUFFIXES[codec])
            contestants: list[tuple[str, Callable[[], Cost]]] = [
                (
                    PEERS[peer],
                    partial(
                        of_peer,
                        "bench.codec_peers",
                        "cost",
                        peer=peer,
                        work="encode",
                        codec=codec,
                        src=str(src),
                        dst=str(dst),
                    ),
                )
                for peer in SETTINGS[codec]
            ]
            for tool, command in codec_tools.encoders(codec, src, dst).items():
                contestants.append((tool, partial(of_command, command)))
            work = f"{codec}, {codec_tools.SETTINGS[codec]}"
            add_rows(table, work, music.SECONDS, contestants)
    return table
