# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The cost of many voices."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import c_programs, contest
from .servers import RATE, JackServer
from .tables import Table

BLOCK = 128
VOICES = 64
SECONDS = 3.0


def _sounds() -> list[Any]:
    """Return sounds that are longer than the measurement: rtmixer has no loops."""
    frames = int((SECONDS + 2) * RATE)
    rng = np.random.default_rng(1)
    return [rng.uniform(-1, 1, (frames, 2)).astype("float32") / VOICES for _ in range(VOICES)]


def _busy() -> dict[str, float]:
    """Return the processor time of this process while it does nothing but play."""
    time.sleep(0.5)
    began, used = time.monotonic(), time.process_time()
    time.sleep(SECONDS)
    return {"seconds": time.monotonic() - began, "cpu": time.process_time() - used}


def pastream_ng(voices: int) -> dict[str, float]:
    import pastream_ng as ps

    with ps.Mixer("system", RATE, 2, BLOCK) as mixer:
        for sound in _sounds()[:voices]:
            mixer.play(sound)
        mixer.start()
        return _busy()


def rtmixer(voices: int) -> dict[str, float]:
    import rtmixer as other

    with other.Mixer(device="system", samplerate=RATE, channels=2, blocksize=BLOCK, qsize=128) as m:
        sounds = _sounds()[:voices]
        for sound in sounds:
            m.play_buffer(sound, channels=2)
        return _busy()


CONTESTANTS: list[tuple[str, Callable[[int], dict[str, float]]]] = [
    ("pastream_ng.Mixer", pastream_ng),
    ("rtmixer.Mixer", rtmixer),
]


def measure() -> Table:
    found = c_programs.run("bench_mixer")
    table = Table(
        name="mixer",
        title=f"{found['n_voices']} voices in blocks of {found['block_frames']} frames",
        method=(
            "First the mixer's function of the audio thread driven directly, without a host: "
            f"{found['n_voices']} looping voices into a stereo output, by the fastest of 7 runs. "
            "Then whole processes, JACK client, PortAudio and sleeping Python included: their "
            f"processor time over {SECONDS:.0f} s with stereo voices, per block. rtmixer has no "
            "loops, gains or fades, so it only adds. The share is that of the "
            f"{1e3 * BLOCK / RATE:.2f} ms that a block lasts at {RATE} Hz."
        ),
        columns=["voices", "time per block", "share of the block"],
    )
    for row in found["rows"]:
        _add(table, f"driven directly: {row['name']}", row["ns"])
    with JackServer(BLOCK) as server:
        for name, contestant in CONTESTANTS:
            for voices in (1, VOICES):
                label = f"whole process: {name}, {voices}"
                try:
                    used = contest.run(
                        __name__,
                        contestant.__name__,
                        env=server.env,
                        timeout=60,
                        voices=voices,
                    )
                except contest.DidNotRun as error:
                    table.add_failure(label, str(error))
                    continue
                _add(table, label, 1e9 * used["cpu"] / (used["seconds"] * RATE / BLOCK))
    return table


def _add(table: Table, name: str, ns: float) -> None:
    share = ns / (1e9 * BLOCK / RATE)
    table.add(name, f"{ns / 1e3:.1f} us", f"{100 * share:.2f} %")
