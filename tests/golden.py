# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Graphs with renders that they are known to have, which lie beside the checkout."""

import importlib.util
import json
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "golden"


@cache
def index():
    """Return the rows of the index by id; empty where there is no golden set."""
    path = FOLDER / "index.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["graphs"] if path.exists() else []
    return {row["id"]: row for row in rows}


def description(name):
    """Return a graph's description."""
    return json.loads((FOLDER / "graphs" / f"{name}.json").read_text(encoding="utf-8"))


def scenario(name):
    """Return the description of a timing scenario."""
    path = FOLDER / "bench" / "scenarios" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def _judge():
    spec = importlib.util.spec_from_file_location("golden_compare", FOLDER / "compare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def faults(name, output, captures, level="strict"):
    """Return what is not within the tolerances of a level: lines to read.

    Parameters
    ----------
    output : numpy.ndarray
        ``(frames, channels)``.
    captures : dict of str to numpy.ndarray
    level : {"fair", "strict"}
    """
    row = index()[name]
    got = {f"{name}.{key}": np.ravel(value).astype(float) for key, value in captures.items()}
    got[row["output"]["name"]] = output.T.ravel().astype(float)
    results = _judge().check(str(FOLDER), row, got.get, level)
    return [f"{item}: {measures}" for item, ok, measures in results if not ok]
