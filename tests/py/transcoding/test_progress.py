# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Progress: counted, told ten times a second at most, and a last time with 100 %."""

import functools
import gc
import itertools
import json
import os
import pickle
import time
import traceback
import weakref
from pathlib import Path

import pytest

import pastream_ng as ps

from .sounds import LONG_S, RATE, SLOW, long_file, write
from .test_oneshot import Pipe


@pytest.fixture
def slow(tmp_path):
    """Arguments of a transcoding that takes a while, if nobody ends it."""
    source = long_file(tmp_path / "in.wav")
    return source, str(tmp_path / "out.caf"), SLOW


class Seen(Exception):
    pass


def test_reprs_and_values():
    made = ps.Progress(12.34, 48000, 1.0, 8.0, 2.5, 2.8, 16000, 128_999, 0.4)
    assert repr(made) == (
        "Progress(percent=12.3%, frames=48000, speed=2.5x, eta=2.8s, bitrate=128kbps)"
    )
    assert repr(ps.Progress()) == (
        "Progress(percent=N/A, frames=0, speed=0.0x, eta=N/A, bitrate=0kbps)"
    )
    assert json.loads(json.dumps(made.to_dict())) == made.to_dict()
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(AttributeError):
        made.percent = 3


def test_the_last_one_tells_all(tmp_path):
    source = write(tmp_path / "in.wav", 4800)
    told = []
    stats = ps.transcode(source, tmp_path / "out.aiff", progress_callback=told.append)
    last = told[-1]
    assert [progress.percent for progress in told].count(100.0) == 1
    assert (last.percent, last.eta, last.frames) == (100.0, 0.0, 4800)
    assert (last.seconds, last.duration) == (0.1, 0.1)
    assert last.size == stats.output_size == os.path.getsize(tmp_path / "out.aiff")
    assert last.bitrate == round(last.size * 8 / 0.1)
    assert last.elapsed == stats.elapsed
    assert last.speed == stats.speed


def test_it_only_grows_and_is_not_told_too_often(slow):
    source, out, options = slow
    told, times = [], []

    def on_progress(progress):
        told.append(progress)
        times.append(time.monotonic())
        if len(told) == 4:
            raise Seen

    with pytest.raises(Seen):
        ps.transcode(source, out, progress_callback=on_progress, **options)
    assert all(late - early >= 0.09 for early, late in itertools.pairwise(times))
    for early, late in itertools.pairwise(told):
        assert early.frames <= late.frames
        assert early.percent <= late.percent < 100
        assert early.elapsed < late.elapsed
    assert told[-1].duration == LONG_S
    assert told[-1].frames == round(told[-1].seconds * RATE)
    assert told[-1].eta == pytest.approx(
        (LONG_S - told[-1].seconds) * told[-1].elapsed / told[-1].seconds
    )


def test_of_a_pipe_nobody_knows_the_end(tmp_path):
    data = Path(write(tmp_path / "in.mp3", 48000)).read_bytes()
    job = ps.Transcoder(ps.TranscodeOptions(Pipe(data), Pipe(), format="WAV"))
    assert job.progress == ps.Progress()
    told = []
    job.run(told.append)
    assert all(progress.percent is None for progress in told[:-1])
    assert told[-1].percent == 100
    assert job.progress == told[-1]


def test_what_a_callback_raises_ends_the_work(slow):
    source, out, options = slow
    mine = Seen("mine")

    def on_progress(progress):
        raise mine

    job = ps.Transcoder(ps.TranscodeOptions(source, out, **options))
    with pytest.raises(Seen) as caught:
        job.run(on_progress)
    assert caught.value is mine
    assert traceback.extract_tb(mine.__traceback__)[-1].name == "on_progress"
    assert job.state == "cancelled"
    assert os.listdir(os.path.dirname(out)) == ["in.wav"]


def test_the_last_call_comes_after_the_file(tmp_path):
    source = write(tmp_path / "in.wav")
    out = tmp_path / "out.wav"

    def on_progress(progress):
        if progress.percent == 100:
            assert ps.info(out).frames == 4800
            raise Seen

    with pytest.raises(Seen):
        ps.transcode(source, out, progress_callback=on_progress)
    assert ps.info(out).frames == 4800


async def coroutine(progress):
    """Await nothing."""


class Awaiting:
    async def __call__(self, progress):
        """Await nothing."""


@pytest.mark.parametrize(
    "callback",
    [coroutine, Awaiting(), functools.partial(coroutine)],
    ids=["function", "object", "partial"],
)
def test_coroutines_are_for_run_async(callback, tmp_path):
    source = write(tmp_path / "in.wav")
    with pytest.raises(ps.ArgumentTypeError, match=r"progress_callback is .*run_async\(\)"):
        ps.transcode(source, tmp_path / "out.wav", progress_callback=callback)
    assert os.listdir(tmp_path) == ["in.wav"]


@pytest.mark.filterwarnings("error")
def test_what_gives_a_coroutine_is_refused_when_it_does(slow):
    source, out, options = slow
    with pytest.raises(ps.ArgumentTypeError, match=r"gives an awaitable: run_async\(\)"):
        ps.transcode(source, out, progress_callback=lambda progress: coroutine(progress), **options)
    assert os.listdir(os.path.dirname(out)) == ["in.wav"]
    gc.collect()


def test_what_is_no_function(tmp_path):
    source = write(tmp_path / "in.wav")
    with pytest.raises(TypeError, match="progress_callback is 3 of type int"):
        ps.transcode(source, tmp_path / "out.wav", progress_callback=3)
    assert os.listdir(tmp_path) == ["in.wav"]


def test_nothing_holds_a_callback_or_what_it_raised(slow):
    source, out, options = slow

    class Callback:
        def __call__(self, progress):
            raise Seen

    callback = Callback()
    gone = weakref.ref(callback)
    gc.disable()
    try:
        with pytest.raises(Seen):
            ps.transcode(source, out, progress_callback=callback, **options)
        del callback
        assert gone() is None
    finally:
        gc.enable()
