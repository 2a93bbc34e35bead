# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Real files: good ones are read to the frame, odd ones so or not at all, bad ones do no harm."""

import hashlib
import json
import warnings

import numpy as np
import pytest
from corpus import corpus, over_corpus, path_of

import pastream_ng as ps

from ..conftest import run_python

# What the index calls codecs, and we their encodings.
NEEDS = {
    "flac": "FLAC",
    "mp1": "MP3",
    "mp2": "MP3",
    "mp3": "MP3",
    "vorbis": "VORBIS",
    "opus": "OPUS",
    "aac": "AAC",
}
BUILT = {codec.encoding for codec in ps.available_codecs() if codec.decodes}


def skip_without_codec(row):
    needed = NEEDS.get(row.get("codec"))
    if needed is not None and needed not in BUILT:
        pytest.skip(f"this build has no {needed}")


# Where the file itself tells another length than its decoder in the index.
OWN_LENGTH = {
    "aac/fuzzcorpus__aac_he_sr22k_br64k_1c_16b_libfdk_aac.m4a",  # Its edit list.
    "ogg/fuzzcorpus__spacestorm-1000Hz-100ms.ogg",  # Its last page.
}
# A header that claims more than there is.
CUT = {"wav/fuzzcorpus__wavedata_s16.wav"}


def check_against(row, data):
    """Hold what was read against what the index knows."""
    frames = row.get("frames")
    if frames is not None and row["file"] not in OWN_LENGTH:
        assert abs(len(data) - frames) <= (row.get("frames_tolerance") or 0)
    wanted = row.get("pcm_s32_left_justified_md5")
    if wanted is not None:
        assert hashlib.md5(np.ascontiguousarray(data, "<i4").tobytes()).hexdigest() == wanted


@over_corpus("good")
def test_good_files_are_read_to_the_frame(row):
    skip_without_codec(row)
    with ps.SoundFile(path_of(row)) as file:
        told = file.frames
        data = file.read(dtype="int32", always_2d=True)
        assert told in (-1, len(data))
        assert file.samplerate == row["rate"] or row["file"].startswith(("aac", "opus"))
        assert bool(file.damage) == (row["file"] in CUT)
    check_against(row, data)


@over_corpus("odd-but-legal")
def test_odd_files_are_read_as_they_are_or_refused(row):
    skip_without_codec(row)
    if "bomb" in row["file"]:  # Hours of silence.
        assert sum(map(len, ps.blocks(path_of(row), 65536, stop=10**6))) == 10**6
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ps.DamagedFileWarning)
        try:
            data, _ = ps.read(path_of(row), dtype="int32", always_2d=True)
        except (ps.FileFormatError, ps.LimitError):
            return
    check_against(row, data)


WORKER = """
import json, resource, sys, time, warnings
import pastream_ng as ps
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
for path in json.load(open(sys.argv[1])):
    print(json.dumps(path), end=" ", flush=True)
    begin = time.perf_counter()
    try:
        data, rate = ps.read(path, dtype="int32")
        told = "read"
        assert ps.info(path).samplerate == rate
        with ps.SoundFile(path) as file:
            if file.seekable():
                file.seek(len(data) // 2)
                file.read(100)
    except (ps.FileFormatError, ps.LimitError) as error:
        told = type(error).__name__
    assert time.perf_counter() - begin < 20
    print(told, flush=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_bad_files_do_no_harm(tmp_path):
    rows = corpus("malformed")
    if not rows:
        pytest.skip("there is no corpus")
    paths = tmp_path / "paths.json"
    paths.write_text(json.dumps([str(path_of(row)) for row in rows]))
    done = run_python(WORKER, paths, check=False, timeout=110)
    assert done.returncode == 0, (done.stdout[-300:], done.stderr[-2000:])
    lines = done.stdout.splitlines()
    assert len(lines) == len(rows) + 1
    assert int(lines[-1]) < 1500  # MB.
