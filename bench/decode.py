# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Decoding of five minutes, beside the tools and libraries that people use."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import codec_tools, contest, music
from .codec_peers import SETTINGS
from .cost import COLUMNS, Cost, add_rows, of_command, of_peer
from .encode import PEERS, sources
from .tables import Table


def _encoded(codec: str, src: Path, folder: Path) -> Path:
    """Return a file by the first tool there is, so that nobody reads what it wrote itself."""
    dst = folder / f"{codec}{codec_tools.SUFFIXES[codec]}"
    reasons = []
    for command in codec_tools.encoders(codec, src, dst).values():
        try:
            of_command(command)
        except contest.DidNotRun as error:
            reasons.append(str(error))
        else:
            return dst
    raise contest.DidNotRun("; ".join(reasons))


def measure() -> Table:
    table = Table(
        "decode",
        "Decoding",
        f"{music.SECONDS} s of stereo in the files of flac, lame, oggenc, opusenc and ffmpeg, with "
        "the settings of the table above, read from begin to end: FLAC as 16-bit integers, the "
        "others as float32. pedalboard gives float32 always, PyAV what it has. Else as above.",
        COLUMNS,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for codec, wav in sources(folder).items():
            try:
                src = _encoded(codec, wav, folder)
            except contest.DidNotRun as error:
                table.add(codec, "all", f"did not run: no file to read: {error}", *[None] * 4)
                continue
            contestants: list[tuple[str, Callable[[], Cost]]] = [
                (
                    PEERS[peer],
                    partial(
                        of_peer,
                        "bench.codec_peers",
                        "cost",
                        peer=peer,
                        work="decode",
                        codec=codec,
                        src=str(src),
                    ),
                )
                for peer in SETTINGS[codec]
            ]
            for tool, command in codec_tools.decoders(codec, src).items():
                contestants.append((tool, partial(of_command, command)))
            add_rows(table, codec, music.SECONDS, contestants)
    return table
