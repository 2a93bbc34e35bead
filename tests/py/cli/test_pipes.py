# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pipes between the command and other programs, in every format that can stream."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

TRANSCODE = f"{sys.executable} -m pastream_ng.cli transcode -q"
RATE = 48000


@pytest.fixture(autouse=True)
def song(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """in.wav: a fifth of a second of two tones."""
    monkeypatch.chdir(tmp_path)
    t = np.arange(RATE // 5) / RATE
    tones = 0.3 * np.sin(2 * np.pi * np.outer(t, [440, 660]))
    ps.write("in.wav", tones, RATE)


def shell(line: str) -> bytes:
    """Run a pipeline of which every part must be content."""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b""), line
    return done.stdout


@pytest.mark.skipif(not shutil.which("sox"), reason="sox is missing")
def test_sox_on_both_sides_of_all_that_is_lossless() -> None:
    """sox -> AU -> WAV -> FLAC -> samples -> AU -> sox, and not a bit is another."""
    links = [f"{TRANSCODE} - - --format {kind}" for kind in ("wav", "flac")]
    raw = f"{TRANSCODE} - - --format raw --sample-format int16"
    out = f"{TRANSCODE} - - --raw 48k:2:int16 --format au"
    shell(" | ".join(["sox -V1 in.wav -t au -", *links, raw, out, "sox -V1 -t au - out.wav"]))
    sent, got = (ps.read(name, dtype="int16")[0] for name in ("in.wav", "out.wav"))
    assert np.array_equal(got, sent)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is missing")
@pytest.mark.parametrize("kind", ["mp3", "opus"])
def test_ffmpeg_reads_what_has_loss(kind: str) -> None:
    line = f"{TRANSCODE} in.wav - --format {kind} | ffmpeg -v error -i - -f s16le -ac 2 -ar 48k -"
    n_frames = len(shell(line)) // 4
    # MP3 in a pipe cannot tell how many frames there were.
    assert RATE // 5 <= n_frames <= RATE // 5 + (1152 * 3 if kind == "mp3" else 0)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is missing")
@pytest.mark.parametrize("kind", ["ogg", "adts"])
def test_ffmpeg_writes_what_has_loss(kind: str) -> None:
    shell(f"ffmpeg -v error -i in.wav -f {kind} - | {TRANSCODE} - out.wav")
    found = ps.info("out.wav")
    assert (found.samplerate, found.channels) == (RATE, 2)
    assert RATE // 5 <= found.frames <= RATE // 5 + (1024 * 3 if kind == "adts" else 0)


@pytest.mark.skipif(not shutil.which("aplay"), reason="ALSA's tools are missing")
def test_arecord_and_aplay_on_the_other_side() -> None:
    """What arecord writes does not say how long it is; what aplay is given it tells on stderr."""
    null = "-D null -f S16_LE -r 8000 -c 2 -d 1"
    shell(f"arecord -q {null} -t wav - | {TRANSCODE} - taken.flac")
    found = ps.info("taken.flac")
    assert (found.samplerate, found.channels, found.frames) == (8000, 2, 8000)
    streamed = f"{sys.executable} -m pastream_ng.cli -q null - -D loopback -r 48k -c 2 -d 0.1"
    for line, told in (
        (f"{TRANSCODE} in.wav - --format wav", "WAVE 'stdin' : Signed 16 bit Little Endian"),
        (f"{TRANSCODE} in.wav - --format au", "Sparc Audio 'stdin' : Signed 16 bit Big Endian"),
        (f"{streamed} -t wav", "WAVE 'stdin' : Float 32 bit Little Endian"),
        (f"{streamed} -e pcm_16", "Sparc Audio 'stdin' : Signed 16 bit Big Endian"),
    ):
        heard = shell(f"{line} | aplay -D null - 2>&1").decode()
        assert heard == f"Playing {told}, Rate 48000 Hz, Stereo\n"
