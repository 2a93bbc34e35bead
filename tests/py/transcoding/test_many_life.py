# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Batches that are cancelled, left, dropped, forked, interrupted, killed, or alive at the end."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref

import psutil
import pytest

import pastream_ng as ps

from ..conftest import run_python, until
from .many import contents, fill, listing, serially

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@pytest.fixture
def pipe():
    """The two ends of a pipe: as an input its read end keeps a job under way."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def jobs_behind(pipe, folder, count=3):
    """Return a job that goes on, and others that wait for it if there is one worker."""
    fill(folder / "in", [f"{n}.wav" for n in range(count)])
    waiting = [(folder / "in" / f"{n}.wav", folder / f"{n}.flac") for n in range(count)]
    return [(pipe[0], folder / "held.flac"), *waiting]


def threads():
    return psutil.Process().num_threads()


# ---- Given up ------------------------------------------------------------------------------------


@pytest.mark.sanitize
@pytest.mark.parametrize("how", ["cancel", "close", "break", "raise", "async"])
def test_what_is_not_done_is_given_up_at_once(pipe, tmp_path, how):
    before = threads()
    jobs = jobs_behind(pipe, tmp_path)
    # The size of the first one is not known, so it counts as their mean: another comes before it.
    batch = ps.transcode_many(jobs, workers=1)
    until(lambda: batch.progress.done >= 1 and batch.progress.running == 1)
    done = batch.progress.done
    began = time.monotonic()

    def leave(error):
        with batch:
            for _ in batch:
                if error:
                    raise LookupError
                break

    async def leave_loop():
        async with batch:
            await batch.__anext__()

    if how == "cancel":
        batch.cancel()
        batch.cancel()
    elif how == "close":
        batch.close()
        batch.close()
    elif how == "async":
        asyncio.run(leave_loop())
    elif how == "raise":
        with pytest.raises(LookupError):
            leave(True)
    else:
        leave(False)
    results = batch.wait()
    assert time.monotonic() - began < 30
    assert len(results) == len(batch) == len(jobs)
    assert [r.ok for r in results[:done]] == [True] * done
    for result in results[done:]:
        assert isinstance(result.error, ps.TranscodeCancelledError)
        assert result.cancelled
        assert not os.path.exists(result.output)
    assert batch.failures == []
    assert batch.progress.cancelled == len(jobs) - done
    assert not any(name.endswith(".part") for name in listing(tmp_path))
    until(lambda: threads() <= before)


def test_a_batch_that_is_over_stays_so(tmp_path):
    fill(tmp_path / "in", ["a.wav"])
    batch = ps.transcode_many(tmp_path / "in", tmp_path / "out", to="flac")
    batch.wait()
    batch.cancel()
    batch.close()
    assert [r.ok for r in batch] == [True]
    assert batch.progress.percent == 100.0
    with batch:
        assert batch.results[0].ok


@pytest.mark.sanitize
def test_a_dropped_batch_is_given_up(pipe, tmp_path):
    before = threads()

    def leak():
        batch = ps.transcode_many(jobs_behind(pipe, tmp_path), workers=1)
        until(lambda: batch.progress.running == 1 and batch.progress.done >= 1)
        return weakref.ref(batch._core)

    gc.collect()
    gc.disable()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            core = leak()
        (text,) = [str(w.message) for w in caught]
        assert text.startswith("unclosed <pastream_ng.TranscodeBatch of 4: 1 done")
        caught.clear()  # They hold what they warn of.
        until(lambda: core() is None)
    finally:
        gc.enable()
    until(lambda: threads() <= before)
    assert not (tmp_path / "held.flac").exists()


def test_nothing_holds_a_batch_that_is_over(tmp_path):
    fill(tmp_path / "in", ["a.wav"])
    (tmp_path / "in/b.wav").write_bytes(b"?")
    heard = []
    gc.collect()
    gc.disable()
    try:
        fds = psutil.Process().num_fds()
        batch = ps.transcode_many(
            tmp_path / "in", tmp_path / "out", to="flac", progress_callback=heard.append
        )
        assert len(list(batch)) == 2
        core = weakref.ref(batch._core)
        del batch
        until(lambda: core() is None)
        assert psutil.Process().num_fds() == fds
    finally:
        gc.enable()


def test_it_cannot_be_copied(tmp_path):
    import copy

    with ps.transcode_many([]) as batch, pytest.raises(TypeError, match="TranscodeBatch"):
        copy.copy(batch)


@pytest.mark.parametrize("callback", [None, lambda now: None])
def test_no_thread_no_batch(tmp_path, monkeypatch, callback):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    fill(tmp_path / "in", ["a.wav"])
    with pytest.raises(RuntimeError, match="new thread"):
        ps.transcode_many(tmp_path / "in", tmp_path / "out", to="flac", progress_callback=callback)
    assert not (tmp_path / "out").exists()


# ---- Processes -----------------------------------------------------------------------------------


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_gets_an_error_and_leaves_the_parent_alone(pipe, tmp_path):
    jobs = jobs_behind(pipe, tmp_path)
    with ps.transcode_many(jobs, workers=2) as batch:
        until(lambda: batch.progress.done == 3)
        child = os.fork()
        if child == 0:
            verdict = 1
            try:
                for call in (batch.wait, batch.close, batch.cancel, lambda: next(batch)):
                    with pytest.raises(ps.ForkedError, match="spawn"):
                        call()
                for name in ("progress", "results", "failures"):
                    with pytest.raises(ps.ForkedError):
                        getattr(batch, name)
                assert "another process" in repr(batch)
                del batch
                gc.collect()
                with ps.transcode_many(tmp_path / "in", tmp_path / "child", to="flac") as own:
                    assert all(r.ok for r in own.wait())
                verdict = 0
            finally:
                os._exit(verdict)
        assert os.waitpid(child, 0)[1] == 0
        assert batch.progress.running == 1
        os.write(pipe[1], (tmp_path / "in/0.wav").read_bytes())
        assert all(r.ok for r in batch.wait())
    assert listing(tmp_path / "child") == ["0.flac", "1.flac", "2.flac"]


INTERRUPTED = """
import _thread, os, signal, sys, threading, pastream_ng as ps
read, write = os.pipe()
batch = ps.transcode_many([(read, "held.flac")] * 1)
threading.Timer(0.2, {how}).start()
try:
    {wait}
except KeyboardInterrupt:
    assert [r.cancelled for r in batch.wait(30)] == [True]
    assert os.listdir(".") == []
    print("interrupted")
"""


# One that comes between the last look for signals and a wait wakes nobody, as the second does.
HOW = {"signal": "os.kill, (os.getpid(), signal.SIGINT)", "unseen": "_thread.interrupt_main"}


@pytest.mark.parametrize("how", list(HOW))
@pytest.mark.parametrize("wait", ["batch.wait()", "next(batch)"])
def test_ctrl_c_gives_up_the_batch(tmp_path, wait, how, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_python(INTERRUPTED.format(wait=wait, how=HOW[how])).stdout == "interrupted\n"


AT_EXIT = """
import os, sys, pastream_ng as ps
read, write = os.pipe()
jobs = [(read, "held.flac"), ("in/0.wav", "0.flac"), ("in/1.wav", "1.flac")]
batch = ps.transcode_many(jobs, workers=1, progress_callback=lambda now: None)
next(batch)
"""


def test_the_end_of_the_program_gives_up_what_is_left(tmp_path, monkeypatch):
    fill(tmp_path / "in", ["0.wav", "1.wav"])
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    run_python(AT_EXIT)
    assert time.monotonic() - began < 30
    found = listing(tmp_path)
    assert "1.flac" in found
    assert "held.flac" not in found
    assert not any(name.endswith(".part") for name in found)


KILLED = """
import sys, pastream_ng as ps
with ps.transcode_many(sys.argv[1], sys.argv[2], to="flac", compression=8) as batch:
    for result in batch:
        assert result.ok, result
        print(flush=True)
"""


def test_a_batch_that_was_killed_does_only_the_rest_when_it_is_run_again(tmp_path):
    """Row F13, of many files: what is there is whole, and what was whole is not made again."""
    source = fill(tmp_path / "in", [f"{n:02}/{n:02}.wav" for n in range(24)], frames=40000)
    out = tmp_path / "out"
    kills, before = 0, {}
    expected = serially(source, tmp_path / "serial", "flac", compression=8)
    for needed in (3, 2):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(source), str(out)], stdout=subprocess.PIPE
        )
        for _ in range(len(before) + needed):
            child.stdout.readline()
        child.kill()
        kills += child.wait() == -signal.SIGKILL
        child.stdout.close()
        found = contents(out)
        assert found.items() <= expected.items()
        assert before.items() <= found.items()
        before = found
    stamps = {place: os.stat(out / place).st_mtime_ns for place in before}
    with ps.transcode_many(source, out, to="flac", compression=8) as batch:
        results = batch.wait()
    assert kills
    assert sum(r.skipped for r in results) == len(before)
    assert contents(out) == expected
    assert {place: os.stat(out / place).st_mtime_ns for place in before} == stamps
