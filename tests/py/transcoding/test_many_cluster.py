# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Batches on a cluster of dask: real processes, one of which is killed in the middle."""

import json
import os
import subprocess
import sys
from pathlib import Path

from ..conftest import run_python
from .many import contents, fill, serially

CLUSTER = Path(__file__).with_name("cluster.py")
COUNT = 8


def test_a_cluster_does_what_a_killed_worker_has_left(tmp_path):
    source = fill(tmp_path / "in", [f"{n}.wav" for n in range(COUNT)])
    os.mkfifo(tmp_path / "pipe")
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, CLUSTER, source, tmp_path / "pipe", out],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    results = {os.path.basename(result["output"]): result for result in told["results"]}
    assert len(results) == len(told["results"]) == COUNT + 1
    assert {result["error"] for result in results.values()} == {None}
    assert results["held.flac"]["stats"]["frames_decoded"] == 800
    assert told["progress"]["percent"] == 100.0
    assert told["skipped"] == COUNT
    expected = serially(source, tmp_path / "serial", "flac")
    found = contents(out)
    assert found.pop("held.flac") == expected["0.flac"]
    assert found == {f"{Path(name).stem}.wav.flac": data for name, data in expected.items()}


def test_nothing_of_a_cluster_is_imported_without_one(tmp_path):
    fill(tmp_path, ["a.wav"])
    code = """
import sys, pastream_ng as ps
with ps.transcode_many(sys.argv[1], to="flac") as batch:
    assert batch.wait()[0].ok
print(sorted({"dask", "distributed", "multiprocessing"} & sys.modules.keys()))
"""
    assert run_python(code, tmp_path).stdout == "[]\n"
