# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Filters and dynamics in blocks, beside the libraries that people use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import contest
from .tables import Table

RATE = 48000
SECONDS = 20
BLOCK = 480
_RUNS = 3
_LONG = np.random.default_rng(2).standard_normal(RATE) * np.exp(-np.arange(RATE) / 8000) / 90

Process = Callable[[np.ndarray], Any]


def _ours(effect: str) -> Process:
    import scipy.signal

    import pastream_ng as ps

    form = ps.AudioFormat(RATE, 2, "f32")
    if effect == "iir":
        sos = scipy.signal.butter(8, 0.2, output="sos")
        return ps.Processor.iir(format=form, sos=sos).process
    if effect == "fir":
        return ps.Processor.fir(scipy.signal.firwin(101, 0.3), form).process
    if effect == "reverb":
        return ps.Processor.fir(_LONG, form).process
    if effect == "compressor":
        return ps.Processor.compressor(form).process
    return ps.Processor.limiter(form).process


def _scipy(effect: str) -> Process:
    import scipy.signal

    if effect == "iir":
        sos = scipy.signal.butter(8, 0.2, output="sos")
        state = [np.zeros((len(sos), 2, 2))]

        def sections(x: np.ndarray) -> Any:
            y, state[0] = scipy.signal.sosfilt(sos, x, axis=1, zi=state[0])
            return y

        return sections
    if effect != "fir":
        raise RuntimeError("it has none that goes on from block to block")
    taps = scipy.signal.firwin(101, 0.3).astype("f4")
    past = [np.zeros((2, 100), "f4")]

    def filtered(x: np.ndarray) -> Any:
        y, past[0] = scipy.signal.lfilter(taps, np.ones(1, "f4"), x, axis=1, zi=past[0])
        return y

    return filtered


def _pedalboard(effect: str) -> Process:
    import pedalboard

    if effect == "compressor":
        board = pedalboard.Compressor(-18, 4, 10, 100)
    elif effect == "limiter":
        board = pedalboard.Limiter(-1, 50)
    elif effect == "reverb":
        board = pedalboard.Convolution(_LONG.astype("f4")[None], 1.0, RATE)
    else:
        raise RuntimeError("it has none with these numbers")
    return lambda x: board.process(x, RATE, reset=False)


EFFECTS = {
    "iir": "IIR of order 8, float64 inside",
    "fir": "FIR, 101 taps",
    "reverb": f"FIR, {RATE} taps",
    "compressor": "compressor",
    "limiter": "limiter",
}
PEERS: dict[str, Callable[[str], Process]] = {
    "pastream_ng": _ours,
    "scipy": _scipy,
    "pedalboard": _pedalboard,
}


def cost(peer: str, effect: str) -> float:
    """Be a contestant: return seconds of the processor."""
    sound = np.random.default_rng(1).uniform(-0.9, 0.9, (2, RATE * SECONDS)).astype("f4")
    blocks = [
        np.ascontiguousarray(sound[:, at : at + BLOCK]) for at in range(0, RATE * SECONDS, BLOCK)
    ]
    best = 1e9
    for _ in range(_RUNS):
        process = PEERS[peer](effect)
        begin = time.process_time()
        for block in blocks:
            process(block)
        best = min(best, time.process_time() - begin)
    return best


def measure() -> Table:
    table = Table(
        "effects",
        "Effects",
        f"{SECONDS} s of float32 stereo noise at {RATE} Hz in blocks of {BLOCK}, from array to "
        "array; each library in a process of its own. The best of three runs, seconds of the "
        "processor. Compressors and limiters of two libraries are not the same: ours looks ahead "
        "and holds its ceiling exactly. In the last column, more than 1 means that this library "
        "needs less time than the fastest of the others.",
        ["effect", "library", "CPU s", "x real time", "others' best / ours"],
    )
    for effect, label in EFFECTS.items():
        costs: dict[str, float] = {}
        failures: dict[str, str] = {}
        for peer in PEERS:
            try:
                costs[peer] = contest.run(
                    "bench.effects", "cost", timeout=120, peer=peer, effect=effect
                )
            except contest.DidNotRun as error:
                failures[peer] = str(error).removeprefix("RuntimeError: ")
        others = [cost for peer, cost in costs.items() if peer != "pastream_ng"]
        for peer in PEERS:
            if peer in failures:
                table.add(label, peer, f"did not run: {failures[peer]}", None, None)
                continue
            ours = peer == "pastream_ng" and others
            ratio = f"{min(others) / costs[peer]:.2f}" if ours else None
            table.add(label, peer, costs[peer], SECONDS / costs[peer], ratio)
    return table
