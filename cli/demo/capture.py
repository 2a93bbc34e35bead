# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The demo's own run: play the melody, capture it in a chunk loop, lose nothing."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

import pastream_ng as ps

from ..spectrum import bands, level_db
from .display import Display, View
from .gilhog import GilHog
from .measure import Faults, Outcome, WakeUps
from .melody import melody
from .setup import CHUNK, HOP, Setup

__all__ = ["capture"]

PATIENCE_S = 5.0  # Some sound servers take seconds to begin.


def capture(setup: Setup, display: Display) -> tuple[Outcome, Faults]:
    """Run the duplex stream and the chunk loop beside a thread that hogs the GIL.

    Whether the sound comes back unchanged is known only on the loopback: elsewhere it goes through
    a mixer, or through the air.
    """
    tune = melody(setup.n_frames + round(setup.samplerate), setup.samplerate, setup.output_channels)
    heard = np.zeros((setup.n_frames, setup.input_channels), np.float32)
    captured = 0
    wakeups = WakeUps()
    with ps.DuplexStream(
        device=(setup.input, setup.output),
        samplerate=setup.samplerate,
        channels=(setup.input_channels, setup.output_channels),
        dtype="float32",
        blocksize=setup.blocksize,
        latency=setup.latency,
        buffersize=len(tune),
        lost_after=PATIENCE_S,
    ) as stream:
        stream.txbuff.write(tune)
        stream.txbuff.end()
        with GilHog(setup.hold_s, setup.rest_s) as hog:
            asked = time.monotonic()
            for chunk, info in stream.chunks(
                CHUNK, overlap=CHUNK - HOP, frames=setup.n_frames, always_2d=True, with_info=True
            ):
                woke = time.monotonic()
                wakeups.add(asked, info.callback_time, woke)
                new = chunk if captured == 0 else chunk[CHUNK - HOP :]
                heard[captured : captured + len(new)] = new
                captured += len(new)
                if display.is_due(woke):
                    stats = stream.stats
                    display.show(
                        View(
                            elapsed_s=captured / setup.samplerate,
                            captured=captured,
                            lost=stats.lost_frames + stats.dropped_frames,
                            xruns=stats.xruns,
                            levels_db=level_db(new),
                            bands=bands(chunk, setup.samplerate),
                            longest_hold_s=hog.longest_s,
                        )
                    )
                asked = time.monotonic()
        stats = stream.stats
    outcome = Outcome(
        name="pastream_ng",
        how="C callback and a ring; this chunk loop",
        expected=setup.n_frames,
        captured=captured,
        lost=setup.n_frames - captured,
        xruns=stats.xruns,
        longest_hold_s=hog.longest_s,
        wakeups=wakeups.quantiles(hog.holds),
    )
    faults = Faults(
        lost_by_host=stats.lost_frames,
        output_missing=stats.missing_frames,
        differing=differences(tune, heard[:captured]) if setup.is_virtual else None,
    )
    return outcome, faults


def differences(played: npt.NDArray[np.float32], heard: npt.NDArray[np.float32]) -> int:
    """Return how many frames came back changed, once both begin with the same sound.

    The loopback gives back what was played some blocks later. The first sound tells how much.
    """
    first_played, first_heard = (int(np.argmax(sound.any(axis=1))) for sound in (played, heard))
    delay = first_heard - first_played
    if delay < 0 or not heard.any():
        return len(heard)
    return int((heard[delay:] != played[: len(heard) - delay]).any(axis=1).sum())
