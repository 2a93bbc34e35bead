# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Make a folder of FLAC files of a folder of sound files: transcode_folder.py FOLDER [OUTPUT].

Without a folder it makes one, with some tones in it; a number tells how many seconds long.
"""

import sys
from pathlib import Path

import numpy as np

import pastream_ng as ps


def make_tones(folder, seconds):
    """Write some files to play with."""
    folder.mkdir(exist_ok=True)
    t = np.arange(round(seconds * 48000)) / 48000
    for hertz in (220, 440, 880):
        ps.write(folder / f"{hertz}.wav", 0.5 * np.sin(2 * np.pi * hertz * t), 48000)


def show(progress):
    eta = "" if progress.eta is None else f", {progress.eta:.0f} s left"
    print(f"{progress.percent:3.0f} % at {progress.speed:.0f}x{eta}", file=sys.stderr)


arguments = sys.argv[1:] or ["1"]
source = Path(arguments[0])
if not source.is_dir():
    source = Path("tones")
    make_tones(source, float(arguments[0]))
target = Path(arguments[1]) if len(arguments) > 1 else source.with_name(f"{source.name}-flac")

with ps.transcode_many(source, target, to="flac", progress_callback=show) as batch:
    for result in batch:
        what = "was there" if result.skipped else result.error or result.stats
        print(f"{result.input} -> {result.output}: {what}")

print(batch.progress)
if batch.failures:
    sys.exit(f"{len(batch.failures)} of {len(batch)} files were not transcoded")
