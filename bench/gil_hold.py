# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Frames kept while one C call after another holds the GIL."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from . import contest, recorders
from .servers import RATE, JackServer, continuity
from .tables import Table

SECONDS = 30.0
HOLD_SECONDS = 3.0


def _add_yardstick(table: Table, server: JackServer) -> None:
    """Add a C client that does nothing but record: what the server itself delivers."""
    with tempfile.TemporaryDirectory() as folder:
        sink = server.sink(Path(folder))
        server.connect("counter:out_1", "sink:in_1")
        time.sleep(SECONDS + 1)
        found = continuity(sink.take()[:, 0])
    wanted = int(SECONDS * RATE)
    kept = min(found.n_frames - found.doubled, wanted - found.lost)
    gaps = sum(step > 1 for _, step in found.breaks)
    table.add("a JACK client in C", kept, f"{100 * kept / wanted:.2f} %", gaps, None, "yardstick")


def measure() -> Table:
    table = Table(
        name="gil_hold",
        title="Recording while Python is held up",
        method=(
            f"Frames of {SECONDS:.0f} s at {RATE} Hz that reach Python from a JACK server (dummy "
            "driver, 128 frames a cycle), while a second thread makes one C call after another "
            f"that holds the GIL for {HOLD_SECONDS:.0f} s. A JACK client plays the number of every "
            "frame, so that each missing one shows. Default settings, except where a buffer size "
            "is named. A gap is a place where frames are missing. The server does not wait for "
            "late clients: on a busy machine, a cycle may be lost before any library sees it."
        ),
        columns=["recorder", "frames kept", "of the wanted", "gaps", "longest hold", "note"],
    )
    with JackServer(period=128, patient=False) as server:
        server.counter()
        _add_yardstick(table, server)
        for name, contestant, settings in recorders.CONTESTANTS:
            try:
                found = contest.run(
                    recorders.__name__,
                    contestant.__name__,
                    env=server.env,
                    timeout=SECONDS * 3 + 30,
                    device="counter",
                    seconds=SECONDS,
                    hold=HOLD_SECONDS,
                    **settings,
                )
            except contest.DidNotRun as error:
                table.add_failure(name, str(error))
                continue
            share = 100 * found["kept"] / found["wanted"]
            note = f"ended early: {found['ended_early']}" if found["ended_early"] else ""
            hold = f"{found['longest_hold']:.2f} s"
            table.add(name, found["kept"], f"{share:.2f} %", found["gaps"], hold, note)
    return table
