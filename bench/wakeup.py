# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How soon Python has a block that the device has delivered."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import contest, wakers
from .servers import PERIOD, RATE, JackServer, numbers
from .tables import Table


def _lags(log: NDArray[np.int64], file: Path) -> NDArray[np.float64]:
    """Return the seconds from each block's cycle to its arrival in Python."""
    with np.load(file) as arrived:
        samples, times = arrived["samples"], arrived["times"]
    frames, began = log[:, 0] % PERIOD, log[:, 1]
    # A run is much shorter than the counter's period, so one of two halves has no wrap in it.
    shift = PERIOD // 2 if frames[0] > frames[-1] else 0
    order = np.argsort((frames + shift) % PERIOD)
    where = np.searchsorted(
        (frames[order] + shift) % PERIOD, (numbers(samples) + shift) % PERIOD, "right"
    )
    return (times - began[order][where - 1]) / 1e9


def _quantiles(seconds: Any) -> list[str]:
    p50, p99 = np.percentile(seconds, [50, 99])
    return [f"{1e3 * value:.3f} ms" for value in (p50, p99, np.max(seconds))]


def measure() -> Table:
    table = Table(
        name="wakeup",
        title="Wake-up of a reading loop",
        method=(
            f"Time from a JACK cycle of {wakers.BLOCK} frames at {RATE} Hz to Python's having its "
            f"last frame, over {wakers.SECONDS:.0f} s with nothing else to do. The cycle is dated "
            "by the JACK client that plays the frame numbers, in the same cycle just before the "
            "library's callback; so every library is measured from the same moment, by the same "
            "clock. The row 'from its callback' counts from the library's own time of its "
            "callback instead, which only pastream_ng tells. CPU is that of the whole process, in "
            "parts of one processor."
        ),
        columns=["loop", "median", "99 %", "worst", "CPU"],
    )
    with tempfile.TemporaryDirectory() as folder, JackServer(wakers.BLOCK) as server:
        for name, contestant in wakers.CONTESTANTS:
            log, file = Path(folder, "log"), Path(folder, "arrivals.npz")
            counter = server.counter(latency=wakers.BLOCK, log=log)
            try:
                found = contest.run(
                    wakers.__name__,
                    contestant.__name__,
                    env=server.env,
                    timeout=wakers.SECONDS * 2 + 30,
                    device="counter",
                    file=str(file),
                )
                counter.finish()
            except contest.DidNotRun as error:
                counter.stop()
                table.add_failure(name, str(error))
                continue
            cycles = np.fromfile(log, np.int64).reshape(-1, 2)
            cpu = f"{100 * found['cpu']:.1f} %"
            table.add(name, *_quantiles(_lags(cycles, file)), cpu)
            if "lags" in found:
                table.add(f"{name}, from its callback", *_quantiles(found["lags"]), cpu)
    return table
