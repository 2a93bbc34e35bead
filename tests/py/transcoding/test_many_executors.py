# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Batches in executors: threads, processes, and such as break, refuse, repeat or never answer."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

import pastream_ng as ps
from pastream_ng import errors
from pastream_ng.transcoding import batch_crews

from ..conftest import until
from .many import contents, fill, listing, serially

NAMES = [f"{n}.wav" for n in range(5)]


@pytest.fixture
def album(tmp_path):
    return fill(tmp_path / "album", NAMES)


@pytest.fixture
def impatient(monkeypatch):
    """The end of a batch waits for nobody for long."""
    monkeypatch.setattr(batch_crews, "_GRACE_S", 0.1)


def processes(how, count=2):
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context(how))


class Inline(Executor):
    """Does what it gets at once, so many times."""

    def __init__(self, times=1):
        self.times = times

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        for _ in range(self.times):
            # As through another process.
            called, arguments = pickle.loads(pickle.dumps((function, args)))
            result = called(*arguments, **kwargs)
        future.set_result(pickle.loads(pickle.dumps(result)))
        return future


class Silent(Executor):
    """Takes everything, and never answers."""

    def __init__(self):
        self.futures = []

    def submit(self, function, /, *args, **kwargs):
        self.futures.append(Future())
        self.futures[-1].set_running_or_notify_cancel()
        return self.futures[-1]


class Client:
    """Has an executor, as a client of dask does."""

    def get_executor(self):
        return Inline()


MAKERS = {
    "threads": lambda: ThreadPoolExecutor(2),
    "spawn": lambda: processes("spawn", 1),
    "fork": lambda: processes("fork"),
    "inline": Inline,
}


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("kind", MAKERS)
def test_executors_do_the_same(album, tmp_path, kind, monkeypatch):
    expected = serially(album, tmp_path / "serial", "flac")
    (album / "bad.wav").write_bytes(b"RIFF?")
    monkeypatch.chdir(tmp_path)
    with MAKERS[kind]() as pool:
        jobs = [*(("album/" + name, f"out/{name[0]}.flac") for name in NAMES)]
        jobs += [("album/bad.wav", "out/bad.flac"), ("album/none.wav", "out/none.flac")]
        # Others have a working directory of their own.
        with ps.transcode_many(jobs, executor=pool) as batch:
            results = {r.input: r for r in batch}
    assert contents(tmp_path / "out") == expected
    assert results.keys() == {job[0] for job in jobs}
    assert isinstance(results["album/bad.wav"].error, ps.FileFormatError)
    assert isinstance(results["album/none.wav"].error, FileNotFoundError)
    assert results["album/none.wav"].error.filename == str(album / "none.wav")
    assert len(batch.failures) == 2
    now = batch.progress
    assert (now.done, now.failed, now.percent) == (5, 2, 100.0)
    assert now.seconds == pytest.approx(sum(r.stats.seconds for r in results.values() if r.stats))


def test_what_is_there_is_not_submitted(album, tmp_path):
    out = tmp_path / "out"
    with ps.transcode_many(album, out, to="flac", executor=Client()) as batch:
        assert not any(r.skipped for r in batch.wait())
    with ps.transcode_many(album, out, to="flac", executor=Silent()) as batch:
        assert [r.skipped for r in batch.wait()] == [True] * len(NAMES)


@pytest.mark.parametrize(
    ("options", "skipped", "errors"),
    [({}, 5, 0), ({"overwrite": True}, 0, 0), ({"existing": "error"}, 0, 5)],
)
def test_jobs_that_are_done_twice_leave_one_whole_output(album, tmp_path, options, skipped, errors):
    """As after the death of a worker that had just completed its output."""
    out = tmp_path / "out"
    with ps.transcode_many(album, out, to="flac", executor=Inline(2), **options) as batch:
        results = batch.wait()
    assert contents(out) == serially(album, tmp_path / "serial", "flac")
    assert sum(r.skipped for r in results) == skipped
    assert [type(r.error) for r in batch.failures] == [FileExistsError] * errors


def test_workers_limit_what_an_executor_gets(album, tmp_path, impatient):
    pool = Silent()
    with ps.transcode_many(album, tmp_path / "out", to="flac", executor=pool, workers=2) as batch:
        until(lambda: len(pool.futures) == 2)
        pool.futures[0].set_exception(LookupError("no"))
        until(lambda: len(pool.futures) == 3)
        assert batch.wait(0.05)
        assert len(pool.futures) == 3
    assert isinstance(batch.failures[0].error, LookupError)


# ---- Cancelled -----------------------------------------------------------------------------------


def test_jobs_in_threads_are_cancelled_and_watched(album, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    whole = (album / "4.wav").read_bytes()
    jobs = [(tmp_path / "pipe", tmp_path / "held.flac"), (album / "0.wav", tmp_path / "0.flac")]
    with (
        ThreadPoolExecutor(1) as pool,
        open(os.open(tmp_path / "pipe", os.O_RDWR), "wb", buffering=0) as writer,
        ps.transcode_many(jobs, executor=pool) as batch,
    ):
        writer.write(whole[:100])
        until(lambda: batch.progress.running >= 1)
        batch.cancel()
        results = batch.wait()
    assert [r.cancelled for r in results] == [True, True]
    assert not (tmp_path / "held.flac").exists()
    assert not (tmp_path / "0.flac").exists()


def test_executors_that_never_answer_do_not_hold_up_the_end(album, tmp_path, impatient):
    began = time.monotonic()
    with ps.transcode_many(album, tmp_path / "out", to="flac", executor=Silent()) as batch:
        until(lambda: batch.progress.running == len(NAMES))
    assert time.monotonic() - began < 30
    assert [r.cancelled for r in batch.wait()] == [True] * len(NAMES)
    assert "elsewhere" in str(batch.results[0].error)


# ---- Broken --------------------------------------------------------------------------------------


def test_executors_that_refuse_make_failures(album, tmp_path):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with ps.transcode_many(album, tmp_path / "out", to="flac", executor=pool) as batch:
        batch.wait()
    assert [type(r.error) for r in batch.failures] == [RuntimeError] * len(NAMES)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_pool_that_breaks_makes_failures_and_loses_nothing(album, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    jobs = [(tmp_path / "pipe", tmp_path / "held.flac")]
    jobs += [(album / name, tmp_path / f"{name}.flac") for name in NAMES]
    with processes("fork", 1) as pool:
        (worker,) = [pool.submit(os.getpid).result()]
        with ps.transcode_many(jobs, executor=pool) as batch:
            until(lambda: batch.progress.done >= 1)
            # It has begun the one that cannot end, or will.
            os.kill(worker, signal.SIGKILL)
            results = batch.wait()
    os.close(writer)
    os.unlink(tmp_path / "pipe")
    assert len(results) == len(jobs)
    assert batch.failures
    for result in results:
        if not result.ok:
            assert isinstance(result.error, BrokenProcessPool)
    with ps.transcode_many(jobs[1:], executor=Inline()) as batch:
        assert all(r.ok for r in batch.wait())
    made = {name: data for name, data in contents(tmp_path).items() if name.endswith(".wav.flac")}
    expected = serially(album, tmp_path / "serial", "flac")
    assert sorted(made.values()) == sorted(expected.values())
    assert not any(name.endswith(".part") for name in listing(tmp_path))


def test_futures_that_others_cancel_are_told(album, tmp_path):
    pool = ThreadPoolExecutor(1)
    gate = threading.Event()
    pool.submit(gate.wait)
    with ps.transcode_many(album, tmp_path / "out", to="flac", executor=pool) as batch:
        until(lambda: batch.progress.running == len(NAMES))
        pool.shutdown(wait=False, cancel_futures=True)
        gate.set()
        results = batch.wait()
    assert len(results) == len(NAMES)
    assert {str(r.error) for r in results if r.error} <= {"the executor has cancelled this job"}


# ---- What is sent --------------------------------------------------------------------------------


def test_only_paths_can_be_sent(album, tmp_path):
    with open(album / "0.wav", "rb") as file, pytest.raises(ps.ArgumentError, match="needs paths"):
        ps.transcode_many([(file, tmp_path / "o.flac")], executor=Inline())


def test_all_errors_come_back_from_other_processes():
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind(5, "told") if issubclass(kind, OSError) else kind("told")
        if name == "DamagedFileError":
            error.damage = ps.Damage(ps.DamageFlags.TRUNCATED, 3, 4)
        back = pickle.loads(pickle.dumps(error))
        assert type(back) is kind
        assert str(back) == str(error)
        assert vars(back) == vars(error)


def test_errors_that_cannot_be_sent_are_told(album, tmp_path, monkeypatch):
    class Local(Exception):
        pass

    def fail(self):
        raise Local("something of my own")

    monkeypatch.setattr(ps.Transcoder, "run", fail)
    with ps.transcode_many(album, tmp_path / "out", to="flac", executor=Inline()) as batch:
        batch.wait()
    assert {str(r.error) for r in batch.failures} == {"Local: something of my own"}
    assert {type(r.error) for r in batch.failures} == {ps.PastreamError}
