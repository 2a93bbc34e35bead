# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How much of a graph fits into half of a core, live."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import contest
from .servers import RATE, JackServer
from .tables import Table

BLOCK = 128
SHARE = 0.5
SECONDS = 3.0
RESPONSE = 2  # s


def _heard(ctx: Any, n: int) -> Any:
    """Return where n sounds are added, so quietly that they are not clipped."""
    out = ctx.create_gain(0.5 / n)
    out >> ctx.destination
    return out


def _noise(ctx: Any) -> Any:
    sound = np.random.default_rng(1).uniform(-1, 1, RATE).astype("float32")
    source = ctx.create_buffer_source(sound, loop=True)
    source.start()
    return source


def sines(ctx: Any, n: int) -> None:
    _oscillators(ctx, n, "sine")


def sawtooths(ctx: Any, n: int) -> None:
    _oscillators(ctx, n, "sawtooth")


def _oscillators(ctx: Any, n: int, shape: str) -> None:
    out = _heard(ctx, n)
    for i in range(n):
        # Notes of four octaves, a little beside each other.
        osc = ctx.create_oscillator(type=shape, frequency=55 * 2 ** (4 * i / n))
        osc >> out
        osc.start()


def biquads(ctx: Any, n: int) -> None:
    out, source = _heard(ctx, n), _noise(ctx)
    for i in range(n):
        source >> ctx.create_biquad_filter("lowpass", frequency=200 + 8000 * i / n, q=2) >> out


def swept_biquads(ctx: Any, n: int) -> None:
    out, source, sweep = _heard(ctx, n), _noise(ctx), ctx.create_oscillator(frequency=3)
    depth = ctx.create_gain(100)
    sweep >> depth
    sweep.start()
    for i in range(n):
        lowpass = ctx.create_biquad_filter("lowpass", frequency=200 + 8000 * i / n, q=2)
        depth >> lowpass.frequency
        source >> lowpass >> out


def convolvers(ctx: Any, n: int) -> None:
    frames = RESPONSE * RATE
    fade = np.exp(-6.9 * np.arange(frames) / frames).astype("float32")
    noise = np.random.default_rng(2).standard_normal((frames, 2), dtype="float32")
    room = ctx.create_buffer(noise * fade[:, None])
    source, out = _noise(ctx), _heard(ctx, n)
    for _ in range(n):
        source >> ctx.create_convolver(room) >> out


KINDS: list[tuple[str, Callable[[Any, int], None], int]] = [
    ("sine oscillators", sines, 64),
    ("sawtooth oscillators", sawtooths, 64),
    ("lowpass filters, mono", biquads, 64),
    ("lowpass filters with moving frequencies", swept_biquads, 16),
    (f"convolvers with stereo responses of {RESPONSE} s", convolvers, 4),
]


def _share(build: Callable[[Any, int], None], n: int) -> float:
    """Return the share of one core that n of a kind take: the best of three tries."""
    import pastream_ng as ps

    seconds = 0.5
    best = float("inf")
    before = RESPONSE if build is convolvers else seconds
    ctx = ps.OfflineAudioContext(2, int((before + 3 * seconds) * RATE), RATE, quantum=BLOCK)
    build(ctx, n)
    blocks = ctx.blocks(int(seconds * RATE))
    for _ in range(int(before / seconds)):
        next(blocks)  # Until all that there is has something to do.
    for _ in range(3):
        began = time.thread_time()
        next(blocks)
        best = min(best, (time.thread_time() - began) / seconds)
    return best


def fitting(kind: str, least: int) -> dict[str, float]:
    """Find how many of a kind take half of a core, to within some percent."""
    build = globals()[kind]
    fits, fits_share, too_many = 0, 0.0, 0
    while not too_many or too_many - fits > max(1, fits / 32):
        n = math.isqrt(fits * too_many) if fits and too_many else 2 * fits or least
        share = _share(build, n)
        if share <= SHARE:
            fits, fits_share = n, share
        else:
            too_many = n
            if not fits:
                raise RuntimeError(f"not even {n} of {kind} fit")
    return {"n": fits, "share": fits_share}


def live(kind: str, n: int) -> dict[str, float]:
    """Play so many on the server, and tell what that was like."""
    import pastream_ng as ps

    with ps.AudioContext(RATE, 2, device="system", quantum=BLOCK) as ctx:
        with ctx.batch():
            globals()[kind](ctx, n)
        ctx.wait(RESPONSE + 0.5)
        before = ctx.stats
        began, used = time.monotonic(), time.process_time()
        time.sleep(SECONDS)
        seconds, cpu = time.monotonic() - began, time.process_time() - used
        stats = ctx.stats
        return {"cpu": cpu / seconds, "xruns": stats.xruns - before.xruns}


def measure() -> Table:
    table = Table(
        name="graph_live",
        title="Live graphs: what fits into half of a core",
        method=(
            f"How many of a kind can be rendered in {100 * SHARE:.0f} % of the time, in quanta of "
            f"{BLOCK} frames at {RATE} Hz: the renderer driven directly, on one thread, by its "
            "processor time, the best of three runs. Then as many of them in an AudioContext on a "
            f"JACK server (dummy driver, {BLOCK} frames a cycle) for {SECONDS:.0f} s: the "
            "processor time of the whole process, and the cycles that the server calls late, "
            "which it may also do because the machine is busy otherwise."
        ),
        columns=["kind", "how many", "share, rendered", "share, live", "xruns"],
    )
    with JackServer(BLOCK) as server:
        for title, build, least in KINDS:
            name = build.__name__
            try:
                found = contest.run(__name__, "fitting", timeout=120, kind=name, least=least)
                played = contest.run(
                    __name__, "live", env=server.env, timeout=60, kind=name, n=found["n"]
                )
            except contest.DidNotRun as error:
                table.add_failure(title, str(error))
                continue
            table.add(
                title,
                found["n"],
                f"{100 * found['share']:.0f} %",
                f"{100 * played['cpu']:.0f} %",
                played["xruns"],
            )
    return table
