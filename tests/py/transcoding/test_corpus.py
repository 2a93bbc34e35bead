# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Real files: good ones are transcoded to the frame, bad ones end in an error or a whole file."""

import hashlib
import json

import numpy as np
import pytest
from corpus import FOLDER, corpus, path_of
from servers.scenario import run

import pastream_ng as ps

from ..codecs.test_corpus import OWN_LENGTH, skip_without_codec
from .ends import BUILT, listing


def one_of_each_kind():
    """Return the smallest good file of each container and codec with more than a moment in it."""
    best = {}
    for row in corpus("good"):
        kind = (row.get("container"), row.get("codec"))
        if (row.get("frames") or 0) < 2000:
            continue
        if kind not in best or row["bytes"] < best[kind]["bytes"]:
            best[kind] = row
    return list(best.values())


def over(rows):
    skipped = pytest.param(
        None, marks=pytest.mark.skip(reason=f"there is no corpus in {FOLDER}"), id="none"
    )
    cases = [pytest.param(row, id=row["file"]) for row in rows] or [skipped]
    return pytest.mark.parametrize("row", cases)


def check(row, end, tmp_path):
    """Transcode a file of the corpus, and hold the result against what the index knows."""
    source, target = path_of(row), tmp_path / end.name
    before = ps.info(source)
    stats = ps.transcode(source, target, on_damage="ignore", **end.options)
    with ps.SoundFile(target) as file:
        # Opus is read at 48 kHz, whatever it was made of.
        more = file.samplerate // stats.output_format.samplerate
        assert file.frames == stats.frames_encoded * more
        assert file.channels == before.channels
        ratio = file.samplerate / before.samplerate / more
        data = file.read(dtype="int32", always_2d=True)
    assert len(data) == stats.frames_encoded * more
    if row["file"] not in OWN_LENGTH and row.get("frames") is not None:
        off = abs(stats.frames_decoded - row["frames"])
        assert off <= (row.get("frames_tolerance") or 0)
    assert abs(stats.frames_encoded - stats.frames_decoded * ratio) <= 1
    md5 = row.get("pcm_s32_left_justified_md5")
    if md5 is not None and end.lossless and ratio == 1:
        assert hashlib.md5(np.ascontiguousarray(data, "<i4").tobytes()).hexdigest() == md5
    target.unlink()


@over(one_of_each_kind())
def test_good_files_are_transcoded_to_the_frame(row, tmp_path):
    skip_without_codec(row)
    # The lossless one that holds most kinds of samples, and one more.
    more = sorted(BUILT)[row["bytes"] % len(BUILT)]
    for name in {"WAV-PCM", more}:
        if allowed(row, BUILT[name]):
            check(row, BUILT[name], tmp_path)


def allowed(row, end):
    """Return whether a codec has as many channels."""
    most = {"MP3": 2}.get(end.kind.encoding, 8)
    return ps.info(path_of(row)).channels <= most


@pytest.mark.soak
@over(corpus("good"))
def test_all_good_files_into_all_kinds(row, tmp_path):
    skip_without_codec(row)
    for end in BUILT.values():
        if allowed(row, end):
            check(row, end, tmp_path)


def test_bad_files_end_in_an_error_or_a_whole_file(tmp_path):
    rows = corpus("malformed")
    if not rows:
        pytest.skip(f"there is no corpus in {FOLDER}")
    paths = tmp_path / "paths.json"
    paths.write_text(json.dumps([str(path_of(row)) for row in rows]))
    place = tmp_path / "place"
    place.mkdir()
    report = run(
        "transcodes.py",
        "hostile",
        folder=str(place),
        paths=str(paths),
        target="x.flac",
        limit_s=20,
        timeout=110,
    )
    assert len(report["files"]) == len(rows)
    for path, told in report["files"].items():
        assert not told["late"], path
        if told["error"] is None:
            assert told["left"] == ["x.flac"], path
            assert told["found"] == told["frames"], path
            continue
        assert told["left"] == [], (path, told)
        assert "PastreamError" in told["names"], (path, told)
    assert report["peak_mb"] < 400
    assert listing(place) == {}
