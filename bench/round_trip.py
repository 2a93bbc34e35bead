# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""How long a frame takes through a loop that reads blocks and writes them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import contest, echoers
from .servers import PERIOD, RATE, JackServer, ProgramFailed, numbers
from .tables import Table


def _delays(frames: NDArray[np.float32]) -> tuple[NDArray[np.int64], int]:
    """Return the delay of each frame that came through, and how many breaks there were.

    The first column is what came through the loop; the last came straight from the counter.
    """
    echoed, direct = numbers(frames[:, 0]), numbers(frames[:, -1])
    where = np.flatnonzero(frames[:, 0])
    echoed, direct = echoed[where], direct[where]
    delays = (direct - echoed) % PERIOD
    return delays, int(np.count_nonzero(np.diff(echoed) % PERIOD != 1))


def _contest(server: JackServer, contestant: Any) -> tuple[dict[str, Any], NDArray[np.float32]]:
    counter = server.counter(latency=echoers.BLOCK)
    with tempfile.TemporaryDirectory() as folder:
        sink = server.sink(Path(folder), n_ports=3)
        try:
            server.connect("counter:out_1", "sink:in_3")
            found = contest.run(
                echoers.__name__,
                contestant.__name__,
                env=server.env,
                timeout=echoers.SECONDS * 2 + 30,
            )
            return found, sink.take()
        except ProgramFailed as error:
            raise contest.DidNotRun(str(error).splitlines()[0]) from error
        finally:
            sink.stop()
            counter.stop()


def measure() -> Table:
    table = Table(
        name="round_trip",
        title="Round trip through read and write",
        method=(
            f"A loop plays each block of {echoers.BLOCK} frames that it has read, for "
            f"{echoers.SECONDS:.0f} s, on a JACK server with cycles of as many frames at {RATE} "
            f"Hz; it begins {echoers.AHEAD} blocks ahead where the library lets it choose. A JACK "
            "client keeps what comes through, beside what comes straight from the one that plays "
            "frame numbers: the difference is the delay. A break is a place where a frame does not "
            "follow the one before. CPU is that of the whole process, in parts of one processor."
        ),
        columns=["loop", "delay, median", "delay, 99 %", "breaks", "CPU"],
    )
    with JackServer(echoers.BLOCK) as server:
        for name, contestant in echoers.CONTESTANTS:
            try:
                found, frames = _contest(server, contestant)
            except contest.DidNotRun as error:
                table.add_failure(name, str(error))
                continue
            delays, n_breaks = _delays(frames)
            p50, p99 = np.percentile(delays, [50, 99])
            table.add(
                name,
                f"{1e3 * p50 / RATE:.2f} ms",
                f"{1e3 * p99 / RATE:.2f} ms",
                n_breaks,
                f"{100 * found['cpu']:.1f} %",
            )
    return table
