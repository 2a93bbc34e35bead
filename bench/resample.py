# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Resampling of five minutes, beside the libraries that people use."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from . import music
from .cost import COLUMNS, OURS, Cost, add_rows, of_call, of_command, of_peer
from .tables import Table

TO_RATE = 48000
_SOXR = {"fast": "LQ", "medium": "HQ", "best": "VHQ"}
_SAMPLERATE = {"fast": "sinc_fastest", "medium": "sinc_medium", "best": "sinc_best"}
_SOX = {"fast": "-l", "medium": "-h", "best": "-v"}


def _work(peer: str, quality: str, x: np.ndarray) -> Callable[[], object]:
    before, after = music.RATE, TO_RATE
    if peer == "python-soxr":
        import soxr

        return lambda: soxr.resample(x, before, after, quality=_SOXR[quality])
    if peer == "python-samplerate":
        import samplerate

        return lambda: samplerate.resample(x, after / before, _SAMPLERATE[quality])
    import pastream_ng as ps

    chosen = {"quality": ps.ResampleQuality[quality.upper()], "engine": peer}
    return lambda: ps.resample(x, before, after, **chosen)


def cost(peer: str, quality: str, path: str) -> Cost:
    """Be a contestant."""
    return of_call(_work(peer, quality, np.load(path)))


def measure() -> Table:
    table = Table(
        "resample",
        "Resampling",
        f"{music.SECONDS} s of float32 stereo from {music.RATE} to {TO_RATE} Hz in one call, on "
        "one thread; sox reads 16 bits from a WAV file. Qualities that keep the same promises "
        "stand together; soxr's keep more than libsamplerate's, and of the best ones ours keeps "
        "97 % of the bandwidth and VHQ 95 %. In the last column, more than 1 means that this "
        "library needs less CPU time than the fastest of the others with the same engine.",
        COLUMNS,
    )
    with tempfile.TemporaryDirectory() as name:
        wav, array = Path(name) / "music.wav", Path(name) / "music.npy"
        data = music.frames()
        music.write(wav, data, music.RATE)
        np.save(array, data.astype("f4") / 32768)
        del data
        for quality in ("fast", "medium", "best"):
            for engine, other in (("soxr", "python-soxr"), ("samplerate", "python-samplerate")):
                peers = {f"{OURS}, {engine}": engine, other: other}
                contestants: list[tuple[str, Callable[[], Cost]]] = [
                    (
                        label,
                        partial(
                            of_peer,
                            "bench.resample",
                            "cost",
                            peer=peer,
                            quality=quality,
                            path=str(array),
                        ),
                    )
                    for label, peer in peers.items()
                ]
                if engine == "soxr":
                    command = ["sox", "--single-threaded", str(wav), "-t", "raw", "/dev/null"]
                    command += ["rate", _SOX[quality], str(TO_RATE)]
                    contestants.append(("sox", partial(of_command, command)))
                add_rows(table, quality, music.SECONDS, contestants)
    return table
