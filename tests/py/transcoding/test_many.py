# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Batches at work: results, failures, progress, and waiting in threads and event loops."""

import asyncio
import ctypes
import io
import json
import os
import pickle
import threading

import pytest

import pastream_ng as ps

from ..conftest import until
from .many import RATE, contents, fill, listing, serially, sound

COUNT = 8


@pytest.fixture
def album(tmp_path):
    return fill(tmp_path / "album", [f"{n}.wav" for n in range(COUNT)])


def wav(seed=0, frames=800):
    """Return a file of its own."""
    place = io.BytesIO()
    ps.write(place, sound(seed, frames), RATE, format="WAV")
    return place.getvalue()


class Held:
    """Jobs that stay under way until they are let go: their inputs are pipes."""

    def __init__(self, folder, count=1):
        self.pipes = [os.pipe() for _ in range(count)]
        self.jobs = [(pipe[0], folder / f"held{n}.flac") for n, pipe in enumerate(self.pipes)]

    def let_go(self, number=0):
        with open(self.pipes[number][1], "wb", closefd=False) as file:
            file.write(wav(number))
        self.end(number)

    def end(self, number):
        read, write = self.pipes[number]
        if write is not None:
            os.close(write)
            self.pipes[number] = (read, None)

    def close(self):
        for number, (read, _) in enumerate(self.pipes):
            self.end(number)
            os.close(read)


@pytest.fixture
def held(tmp_path):
    made = []

    def make(count=1):
        made.append(Held(tmp_path, count))
        return made[-1]

    yield make
    for one in made:
        one.close()


# ---- Results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 5, None])
def test_each_result_comes_once_however_many_work(album, tmp_path, workers):
    with ps.transcode_many(album, tmp_path / "out", to="flac", workers=workers) as batch:
        results = list(batch)
    assert sorted(r.input for r in results) == [str(album / f"{n}.wav") for n in range(COUNT)]
    assert results == batch.results == batch.wait()
    assert list(batch) == []
    assert contents(tmp_path / "out") == serially(album, tmp_path / "serial", "flac")


def test_the_largest_inputs_come_first(album, tmp_path):
    with ps.transcode_many(album, tmp_path / "out", to="flac", workers=1) as batch:
        order = [os.path.basename(result.input) for result in batch]
    assert order == [f"{n}.wav" for n in reversed(range(COUNT))]


@pytest.mark.sanitize
def test_several_threads_share_the_results(album, tmp_path):
    shares = [[] for _ in range(3)]
    with ps.transcode_many(album, tmp_path / "out", to="flac") as batch:
        threads = [threading.Thread(target=lambda s=s: s.extend(batch)) for s in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(r.input for share in shares for r in share) == sorted(
        r.input for r in batch.results
    )
    assert len(batch.results) == COUNT


def test_failures_are_collected_and_stop_nobody(album, tmp_path):
    (album / "bad.wav").write_bytes(b"RIFF?")
    (album / "empty.flac").write_bytes(b"")
    with ps.transcode_many(album, tmp_path / "out", to="flac") as batch:
        results = list(batch)
    failures = {os.path.basename(r.input): r for r in batch.failures}
    assert failures.keys() == {"bad.wav", "empty.flac"}
    for failure in failures.values():
        assert isinstance(failure.error, ps.FileFormatError)
        assert failure in results
        assert not failure.ok
        assert not failure.cancelled
        assert failure.stats is None
        assert "FileFormatError" in repr(failure)
    assert len(results) == COUNT + 2
    assert len(listing(tmp_path / "out")) == COUNT
    assert (batch.progress.done, batch.progress.failed) == (COUNT, 2)
    assert batch.progress.percent == 100.0


def test_damage_is_told_in_the_stats_or_is_an_error(album, tmp_path):
    whole = (album / "0.wav").read_bytes()
    (album / "0.wav").write_bytes(whole[:-400])
    with ps.transcode_many(album, tmp_path / "out", to="flac", pattern="0.wav") as batch:
        (result,) = batch
    assert result.stats.damage
    options = {"to": "flac", "pattern": "0.wav", "on_damage": "raise"}
    with ps.transcode_many(album, tmp_path / "strict", **options) as batch:
        (result,) = batch
    assert isinstance(result.error, ps.DamagedFileError)
    assert result.error.damage
    assert listing(tmp_path / "strict") == []


def test_results_are_values(album, tmp_path):
    with ps.transcode_many(album, tmp_path / "out", to="flac", pattern="0.wav") as batch:
        (result,) = batch
    assert pickle.loads(pickle.dumps(result)) == result
    told = json.loads(json.dumps(result.to_dict()))
    assert told["output"] == str(tmp_path / "out" / "0.flac")
    assert told["stats"]["frames_encoded"] == 800
    assert repr(result) == f"<BatchResult {result.input} -> {result.output}: done>"
    failed = ps.BatchResult(b"a", None, error=ps.StateError("no"))
    assert failed.to_dict()["error"] == "StateError: no"
    assert repr(failed) == "<BatchResult a -> None: StateError: no>"


def test_memory_and_file_objects_are_inputs_and_outputs(tmp_path):
    target = io.BytesIO()
    jobs = [(bytearray(wav(0)), tmp_path / "0.flac"), (io.BytesIO(wav(1)), target)]
    with ps.transcode_many(jobs, format="FLAC") as batch:
        results = batch.wait()
    assert [r.error for r in results] == [None, None]
    target.seek(0)
    assert (ps.read(target, dtype="int16")[0] == sound(1)).all()
    assert (ps.read(tmp_path / "0.flac", dtype="int16")[0] == sound(0)).all()
    json.dumps([r.to_dict() for r in results])


def test_exceptions_of_file_objects_come_back_as_they_are(tmp_path):
    class Broken(io.BytesIO):
        def readinto(self, _):
            raise LookupError("of my own")

        read = readinto

    with ps.transcode_many([(Broken(), tmp_path / "0.flac")]) as batch:
        (result,) = batch
    assert isinstance(result.error, LookupError)
    assert result.error.args == ("of my own",)
    assert listing(tmp_path) == []


def test_jobs_need_no_python_from_begin_to_end(tmp_path, held):
    """A call that keeps the GIL ends when the output is there; its input comes from it, too."""
    held = held(1)
    (tmp_path / "in.wav").write_bytes(wav())
    pipe = f"/proc/{os.getpid()}/fd/{held.pipes[0][1]}"
    wait = f"for n in $(seq 300); do [ -e {held.jobs[0][1]} ] && exit 0; sleep 0.1; done; exit 1"
    with ps.transcode_many(held.jobs) as batch:
        until(lambda: batch.progress.running == 1)
        keeps_gil = ctypes.PyDLL(None).system
        assert keeps_gil(f"cat {tmp_path}/in.wav > {pipe}; {wait}".encode()) == 0
        assert batch.wait()[0].ok


# ---- Workers -------------------------------------------------------------------------------------


def test_no_more_jobs_are_under_way_than_there_are_workers(held):
    jobs = held(3)
    with ps.transcode_many(jobs.jobs, workers=2) as batch:
        until(lambda: batch.progress.running == 2)
        jobs.let_go(2)  # Not under way: equal sizes keep their order.
        assert batch.wait(0.05) == []
        assert batch.progress.running == 2
        jobs.let_go(0)
        until(lambda: len(batch.results) == 2)
        jobs.let_go(1)
        assert all(r.ok for r in batch.wait())


def test_a_named_pipe_that_nobody_opens_holds_up_no_other_job(album, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    jobs = [(tmp_path / "pipe", tmp_path / "pipe.flac"), (album / "0.wav", tmp_path / "0.flac")]
    with ps.transcode_many(jobs, workers=2) as batch:
        assert next(batch).output == str(tmp_path / "0.flac")
        (tmp_path / "pipe").write_bytes(wav(3))
        assert next(batch).ok
    assert (ps.read(tmp_path / "pipe.flac", dtype="int16")[0] == sound(3)).all()


def test_two_batches_of_the_same_files_do_not_disturb_each_other(album, tmp_path):
    out = tmp_path / "out"
    with (
        ps.transcode_many(album, out, to="flac") as one,
        ps.transcode_many(album, out, to="flac") as two,
    ):
        results = [*one.wait(), *two.wait()]
    assert all(r.ok for r in results)
    assert sum(r.stats is not None for r in results) == COUNT
    assert contents(out) == serially(album, tmp_path / "serial", "flac")


def test_one_file_by_two_names_is_not_taken_for_finished(album, tmp_path):
    """As on file systems where A.flac and a.flac are one: here a link makes them one."""
    first, second = tmp_path / "A.flac", tmp_path / "a.flac"
    os.symlink(first, second)
    jobs = [(album / "1.wav", first), (album / "0.wav", second)]
    with ps.transcode_many(jobs, workers=1) as batch:
        one, two = batch
    assert one.ok
    assert isinstance(two.error, FileExistsError)
    assert not two.skipped


# ---- Progress ------------------------------------------------------------------------------------


def test_progress_sums_up_what_was_done(album, tmp_path):
    with ps.transcode_many(album, tmp_path / "out", to="flac") as batch:
        results = batch.wait()
    now = batch.progress
    assert (now.total, now.done, now.failed, now.skipped, now.cancelled, now.running) == (
        COUNT,
        COUNT,
        0,
        0,
        0,
        0,
    )
    assert now.frames == sum(r.stats.frames_decoded for r in results)
    assert now.seconds == pytest.approx(now.frames / RATE)
    assert now.size == sum(os.path.getsize(r.output) for r in results)
    assert (now.percent, now.eta) == (100.0, 0.0)
    assert now.speed == pytest.approx(now.seconds / now.elapsed)
    assert batch.progress == now
    assert json.loads(json.dumps(now.to_dict()))["done"] == COUNT
    assert repr(now).startswith(f"BatchProgress(percent=100.0%, done={COUNT}, failed=0, skipped=0,")
    assert len(batch) == COUNT
    assert repr(batch) == (
        f"<pastream_ng.TranscodeBatch of {COUNT}: {COUNT} done, 0 skipped, 0 failed, 0 cancelled>"
    )


def test_progress_counts_what_is_under_way_and_what_was_there(album, tmp_path, held):
    held = held(1)
    fill(tmp_path, ["x.flac"])
    jobs = [
        *held.jobs,
        (album / "0.wav", tmp_path / "0.flac"),
        (album / "1.wav", tmp_path / "x.flac"),
    ]
    with ps.transcode_many(jobs, workers=2) as batch:
        until(lambda: batch.progress.done == 1)
        os.write(held.pipes[0][1], wav(0, 30000)[:60000])
        until(lambda: batch.progress.frames > 800)
        now = batch.progress
        assert (now.total, now.done, now.skipped, now.running) == (3, 1, 1, 1)
        assert 0 < now.percent < 100
        assert now.eta > 0
    assert batch.progress.cancelled == 1
    assert batch.progress.percent < 100


def test_the_callback_hears_the_end_before_those_who_wait(album, tmp_path):
    heard = []
    with ps.transcode_many(
        album, tmp_path / "out", to="flac", progress_callback=heard.append
    ) as batch:
        batch.wait()
        assert heard[-1] == batch.progress
    assert heard[-1].percent == 100.0
    assert [p.percent for p in heard] == sorted(p.percent for p in heard)


def test_the_callback_is_called_while_jobs_are_under_way(held):
    held, heard = held(1), threading.Event()
    with ps.transcode_many(held.jobs, progress_callback=lambda now: heard.set()) as batch:
        assert heard.wait(30)
        held.let_go()
        batch.wait()


@pytest.mark.parametrize("how", ["next", "wait", "close", "exit", "anext", "await"])
def test_what_the_callback_raises_ends_the_batch_and_is_raised_once(held, how):
    error, held = LookupError("enough"), held(2)

    def enough(now):
        raise error

    def leave(batch):
        with batch:
            until(lambda: batch.exception is not None)

    async def anext_of(batch):
        await batch.__anext__()

    batch = ps.transcode_many(held.jobs, progress_callback=enough)
    with pytest.raises(LookupError) as caught:
        {
            "next": lambda: next(batch),
            "wait": batch.wait,
            "close": lambda: (until(lambda: batch.exception is not None), batch.close()),
            "exit": lambda: leave(batch),
            "anext": lambda: asyncio.run(anext_of(batch)),
            "await": lambda: asyncio.run(batch.wait_async()),
        }[how]()
    assert caught.value is error is batch.exception
    assert caught.traceback[-1].name == "enough"
    assert all(r.cancelled for r in batch.wait())
    assert len(list(batch)) == 2
    assert batch.failures == []


def test_an_error_under_way_is_not_hidden_by_that_of_the_callback(held):
    def enough(now):
        raise LookupError

    def leave(batch):
        with batch:
            until(lambda: batch.exception is not None)
            raise KeyError

    with pytest.raises(KeyError):
        leave(ps.transcode_many(held(1).jobs, progress_callback=enough))


def test_a_callback_may_cancel_but_not_wait_and_not_be_a_coroutine(held):
    async def waits(now):
        pass

    with pytest.raises(ps.ArgumentTypeError, match="coroutine"):
        ps.transcode_many([], progress_callback=waits)
    with (
        pytest.raises(ps.ArgumentTypeError, match="awaitable"),
        ps.transcode_many(held(1).jobs, progress_callback=lambda now: waits(now)) as batch,
    ):
        batch.wait()
    seen = []

    def ask(now):
        for call in (batch.wait, batch.close, lambda: next(batch)):
            try:
                call()
            except ps.StateError as error:
                seen.append(str(error))
        batch.cancel()

    with ps.transcode_many(held(1).jobs, progress_callback=ask) as batch:
        assert batch.wait()[0].cancelled
    assert set(seen) == {"progress_callback cannot wait for its own batch; it may cancel it"}


# ---- Waiting -------------------------------------------------------------------------------------


def test_waits_end_in_time(held):
    held = held(1)
    with ps.transcode_many(held.jobs) as batch:
        assert batch.wait(0) == []
        assert batch.wait(0.01) == []
        assert asyncio.run(batch.wait_async(0.01)) == []
        held.let_go()
        assert len(batch.wait(60)) == 1
        assert len(batch.wait(0)) == 1
    for bad in (-1, "1", True):
        with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match="timeout"):
            batch.wait(bad)


def test_event_loops_get_results_as_they_come(album, tmp_path):
    async def main():
        async with ps.transcode_many(album, tmp_path / "out", to="flac") as batch:
            results = [result async for result in batch]
            assert await batch.wait_async() == results
        return results

    results = asyncio.run(main())
    assert len({r.input for r in results}) == COUNT


def test_several_tasks_share_the_results_and_may_be_cancelled(album, tmp_path, held):
    held = held(1)
    jobs = [*held.jobs, *((album / f"{n}.wav", tmp_path / f"{n}.flac") for n in range(COUNT))]

    async def collect(batch, into):
        async for result in batch:
            into.append(result)

    async def main():
        with ps.transcode_many(jobs, workers=2) as batch:
            got = [[], [], []]
            tasks = [asyncio.create_task(collect(batch, into)) for into in got]
            while len(batch.results) < COUNT:
                await asyncio.sleep(0.001)
            tasks[0].cancel()
            held.let_go()
            await asyncio.wait(tasks)
            assert tasks[0].cancelled()
            assert [task.exception() for task in tasks[1:]] == [None, None]
            return batch, got

    batch, got = asyncio.run(main())
    assert len([r for into in got for r in into]) == COUNT + 1
    assert all(r.ok for r in batch.results)


def test_a_loop_that_was_closed_is_not_missed(held):
    held = held(1)
    batch = ps.transcode_many(held.jobs)

    async def begin():
        await batch.__anext__()

    loop = asyncio.new_event_loop()
    task = loop.create_task(begin())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.call_soon(loop.stop)
    loop.run_forever()
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    held.let_go()
    assert [r.ok for r in batch] == [True]
