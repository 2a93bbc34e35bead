# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcodings that are killed or cancelled at any moment: all of the result is there, or none."""

import asyncio
import random
import threading
import time

import numpy as np
import pytest
from servers.scenario import run

import pastream_ng as ps
from pastream_ng.transcoding.job import Job

from .ends import RATE, listing

NAMES = ["x.flac", "x.wav", "x.mp3", "x.opus", "x.ogg", "x.m4a", "x.aac"]


def built():
    """Return the names that this build can write."""
    known = {"flac": "FLAC", "mp3": "MP3", "opus": "OPUS", "ogg": "VORBIS"}
    have = {codec.encoding for codec in ps.available_codecs() if codec.encodes}
    return [
        name for name in NAMES if known.get(name[2:], "PCM" if "wav" in name else "AAC") in have
    ]


@pytest.mark.parametrize("turns", [20, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.parametrize("overwrites", [False, True])
def test_F13_a_killed_process_leaves_all_as_it_was(tmp_path, turns, overwrites):
    names = built()[: 2 if turns < 100 else None]
    reports = run(
        "transcodes.py",
        "killed",
        folder=str(tmp_path),
        turns=turns // (1 if turns > 100 else 2),
        names=names,
        seed=7 + overwrites,
        overwrites=overwrites,
        timeout=600,
    )
    assert any(report["killed"] for report in reports)
    for report in reports:
        assert report["killed"] or report["code"] == 0, report
        there = [report["name"]] if overwrites or not report["is_old"] else []
        # Only one that comes between the link and the rename of an overwriting may leave a name.
        hidden = [name for name in report["names"] if name not in there]
        assert all(name.startswith(".") and name.endswith(".part") for name in hidden), report
        assert not hidden or (overwrites and report["killed"]), report
        assert report["is_old"] or report["frames"] == 2 * RATE, report


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A second that takes some time."""
    path = tmp_path_factory.mktemp("music") / "a.flac"
    data = np.random.default_rng(1).normal(0, 0.1, (RATE, 2))
    ps.write(path, data, RATE)
    return path


def options_for(music, target, **more):
    return ps.TranscodeOptions(str(music), str(target), **more)


@pytest.mark.sanitize
@pytest.mark.parametrize("turns", [100, pytest.param(500, marks=pytest.mark.soak)])
@pytest.mark.parametrize("overwrite", [False, True])
def test_F13_a_cancel_at_any_moment(music, tmp_path, turns, overwrite):
    rng = random.Random(3)
    target = tmp_path / "x.flac"
    began = time.monotonic()
    ps.Transcoder(options_for(music, target)).run()
    longest = time.monotonic() - began
    whole = target.read_bytes()
    target.unlink()
    for turn in range(turns // 2):
        if overwrite:
            target.write_bytes(b"old")
        more = {"overwrite": overwrite, "threads": 1 + turn % 3}
        job = ps.Transcoder(options_for(music, target, **more))
        timer = threading.Timer(rng.random() * longest * 1.2, job.cancel)
        timer.start()
        try:
            job.run()
        except ps.TranscodeCancelledError:
            assert listing(tmp_path) == ({"x.flac": b"old"} if overwrite else {})
        else:
            assert listing(tmp_path) == {"x.flac": whole}
            target.unlink()
        timer.join()


def test_a_cancel_before_the_begin_and_after_the_end(music, tmp_path):
    job = ps.Transcoder(options_for(music, tmp_path / "x.flac"))
    job.cancel()
    with pytest.raises(ps.TranscodeCancelledError):
        job.run()
    assert listing(tmp_path) == {}
    job = ps.Transcoder(options_for(music, tmp_path / "x.flac"))
    stats = job.run()
    job.cancel()
    job.cancel()
    assert ps.info(tmp_path / "x.flac").frames == stats.frames_encoded


@pytest.mark.sanitize
def test_a_cancel_between_the_making_and_the_start(music, tmp_path, monkeypatch):
    start = Job.start

    def late(job):
        job.cancel()
        start(job)

    monkeypatch.setattr(Job, "start", late)
    with pytest.raises(ps.TranscodeCancelledError):
        ps.transcode(music, tmp_path / "x.flac")
    assert listing(tmp_path) == {}


@pytest.mark.parametrize("turns", [30, pytest.param(500, marks=pytest.mark.soak)])
def test_P19_a_task_that_is_cancelled_at_any_moment(music, tmp_path, turns):
    rng = random.Random(4)
    target = tmp_path / "x.flac"

    async def main():
        for _turn in range(turns):
            task = asyncio.ensure_future(ps.transcode_async(music, target))
            await asyncio.sleep(rng.random() * 0.02)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            else:
                assert target.exists()
            # It may be complete when the cancel comes.
            assert set(listing(tmp_path)) <= {"x.flac"}
            if target.exists():
                assert ps.info(target).frames == RATE
                target.unlink()

    asyncio.run(main(), debug=True)


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_F13_what_a_callback_raises_ends_it(music, tmp_path, error):
    target = tmp_path / "x.flac"
    target.write_bytes(b"old")
    threads = threading.active_count()

    def fail(progress):
        raise error

    with pytest.raises(type(error)) as raised:
        ps.transcode(music, target, overwrite=True, progress_callback=fail)
    assert raised.value is error
    assert threading.active_count() == threads
    # The last call comes when the file is complete; until then the old one is there.
    assert list(listing(tmp_path)) == ["x.flac"]
    if target.read_bytes() != b"old":
        assert ps.info(target).frames == RATE
