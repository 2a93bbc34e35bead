# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcoding with asyncio: the loop goes on, cancelled tasks leave nothing."""

import asyncio
import gc
import io
import os
import random
import threading
import warnings
from pathlib import Path

import pytest

import pastream_ng as ps
from pastream_ng.transcoding import slots as slots_module
from pastream_ng.transcoding.slots import processors

from .sounds import RATE, SLOW, long_file, tone, write


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "in.wav", 4800, tags={"title": "T"})


@pytest.fixture
def long(tmp_path):
    return long_file(tmp_path / "long.wav")


class Seen(Exception):
    pass


def test_it_is_what_transcode_does(source, tmp_path):
    stats = asyncio.run(ps.transcode_async(source, tmp_path / "a.aiff", sample_rate=24000))
    ps.transcode(source, tmp_path / "b.aiff", sample_rate=24000)
    assert (tmp_path / "a.aiff").read_bytes() == (tmp_path / "b.aiff").read_bytes()
    assert stats.frames_encoded == 2400


def test_many_at_once(source, tmp_path):
    """Fifty jobs, no thread of Python, and a loop that goes on."""

    async def main():
        ticks = 0
        is_over = False

        async def tick():
            nonlocal ticks
            while not is_over:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.ensure_future(tick())
        threads = threading.active_count()
        jobs = [
            asyncio.ensure_future(ps.transcode_async(source, tmp_path / f"{k}.wav"))
            for k in range(50)
        ]
        await asyncio.sleep(0)
        assert threading.active_count() == threads
        stats = await asyncio.gather(*jobs)
        is_over = True
        await ticking
        return ticks, stats

    ticks, stats = asyncio.run(main())
    assert ticks > 1
    assert [each.frames_encoded for each in stats] == [4800] * 50
    first = (tmp_path / "0.wav").read_bytes()
    assert all((tmp_path / f"{k}.wav").read_bytes() == first for k in range(50))
    assert len(os.listdir(tmp_path)) == 51


def test_as_many_work_as_there_are_processors(long, tmp_path, monkeypatch):
    monkeypatch.setattr(slots_module, "processors", lambda: 2)
    assert processors() >= 1

    async def main():
        jobs = [
            ps.Transcoder(ps.TranscodeOptions(long, tmp_path / f"{k}.caf", **SLOW))
            for k in range(6)
        ]
        tasks = [asyncio.ensure_future(job.run_async()) for job in jobs]
        while sum(job.state == "running" for job in jobs) < 2:
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.02)
        states = [job.state for job in jobs]
        assert states == ["running"] * 2 + ["created"] * 4
        jobs[0].cancel()  # The next one gets its place.
        while jobs[2].state != "running":
            await asyncio.sleep(0.002)
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(main())
    assert isinstance(found[0], ps.TranscodeCancelledError)
    assert all(isinstance(each, asyncio.CancelledError) for each in found[1:])
    assert os.listdir(tmp_path) == ["long.wav"]


def test_what_depends_on_others_does_not_wait_for_a_place(long, source, tmp_path, monkeypatch):
    """A job that reads what another one writes must not wait until that is done."""
    monkeypatch.setattr(slots_module, "processors", lambda: 1)
    reads, writes = os.pipe()

    async def main():
        busy = asyncio.ensure_future(ps.transcode_async(long, tmp_path / "busy.caf", **SLOW))
        await asyncio.sleep(0.01)

        async def send():
            await ps.transcode_async(source, writes, format="AU")
            os.close(writes)

        receive = ps.transcode_async(reads, tmp_path / "out.wav")
        _, stats = await asyncio.gather(send(), receive)
        os.close(reads)
        busy.cancel()
        return stats

    assert asyncio.run(main()).frames_encoded == 4800


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("first", ["reader", "writer"])
def test_named_pipes_do_not_block_the_loop(first, source, tmp_path):
    os.mkfifo(tmp_path / "pipe.au")

    async def main():
        write = ps.transcode_async(source, tmp_path / "pipe.au")
        read = ps.transcode_async(tmp_path / "pipe.au", tmp_path / "out.wav")
        jobs = [read, write] if first == "reader" else [write, read]
        one = asyncio.ensure_future(jobs[0])
        await asyncio.sleep(0.01)
        assert not one.done()
        return await asyncio.gather(one, jobs[1])

    assert [stats.frames_encoded for stats in asyncio.run(main())] == [4800, 4800]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("end", ["input", "output"])
def test_nobody_at_the_other_end_of_a_named_pipe(end, source, tmp_path):
    os.mkfifo(tmp_path / "pipe.au")
    ends = [source, tmp_path / "out.wav"]
    ends[end == "output"] = tmp_path / "pipe.au"

    async def main():
        task = asyncio.ensure_future(ps.transcode_async(*ends))
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    job = ps.Transcoder(ps.TranscodeOptions(*ends))
    timer = threading.Timer(0.03, job.cancel)
    timer.start()
    with pytest.raises(ps.TranscodeCancelledError):
        job.run()
    with pytest.raises(ValueError, match="same file as input"):
        ps.transcode(tmp_path / "pipe.au", tmp_path / "pipe.au", overwrite=True)
    assert sorted(os.listdir(tmp_path)) == ["in.wav", "pipe.au"]


# ---- Progress ------------------------------------------------------------------------------------


def test_coroutines_are_awaited_in_the_loop(long, tmp_path):
    told = []

    async def on_progress(progress):
        await asyncio.sleep(0)
        told.append((progress, asyncio.get_running_loop(), threading.current_thread()))
        if len(told) == 2:
            raise Seen

    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(Seen):
            await ps.transcode_async(
                long, tmp_path / "out.caf", progress_callback=on_progress, **SLOW
            )
        return loop

    loop = asyncio.run(main())
    assert [each[1:] for each in told] == [(loop, threading.main_thread())] * 2
    assert told[0][0].frames < told[1][0].frames
    assert os.listdir(tmp_path) == ["long.wav"]


@pytest.mark.parametrize("kind", ["function", "coroutine", "future"])
def test_the_last_call_is_made_with_any_callback(kind, source, tmp_path):
    told = []

    async def coroutine(progress):
        await asyncio.sleep(0)
        told.append(progress)

    def function(progress):
        told.append(progress)

    def future(progress):
        return asyncio.ensure_future(coroutine(progress))

    callback = {"function": function, "coroutine": coroutine, "future": future}[kind]
    stats = asyncio.run(
        ps.transcode_async(source, tmp_path / "out.wav", progress_callback=callback)
    )
    assert told[-1].percent == 100
    assert told[-1].size == stats.output_size


# ---- Errors --------------------------------------------------------------------------------------


def test_errors_come_when_it_is_awaited(source, tmp_path):
    (tmp_path / "out.wav").touch()

    async def main():
        cases = [
            (ps.UnsupportedOptionError, source, "a.wav", {"crf": 23}),
            (TypeError, source, "a.wav", {"zzz": 1}),
            (FileNotFoundError, tmp_path / "no.wav", "a.wav", {}),
            (FileExistsError, source, "out.wav", {}),
            (ValueError, source, "in.wav", {"overwrite": True}),
            (ps.LimitError, source, "a.wav", {"max_size": 9}),
        ]
        jobs = [
            ps.transcode_async(given, tmp_path / output, **options)
            for _, given, output, options in cases
        ]
        found = await asyncio.gather(*jobs, return_exceptions=True)
        for (kind, *_), error in zip(cases, found, strict=True):
            assert isinstance(error, kind)

    asyncio.run(main())
    assert sorted(os.listdir(tmp_path)) == ["in.wav", "out.wav"]


def test_file_objects_and_what_they_raise(source, tmp_path):
    class Broken(io.BytesIO):
        def readinto(self, room):
            raise Seen

    async def main():
        target = io.BytesIO()
        stats = await ps.transcode_async(
            io.BytesIO(Path(source).read_bytes()), target, format="WAV"
        )
        with pytest.raises(Seen):
            await ps.transcode_async(Broken(b"abc"), io.BytesIO(), format="WAV")
        return stats, target

    stats, target = asyncio.run(main())
    assert stats.output_size == len(target.getvalue())


# ---- Cancelling ----------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", range(6))
def test_a_cancelled_task_leaves_nothing(turns, long, tmp_path):
    target = tmp_path / "out.caf"
    target.write_bytes(b"mine")

    async def main():
        job = ps.Transcoder(ps.TranscodeOptions(long, target, overwrite=True, **SLOW))
        task = asyncio.ensure_future(job.run_async())
        for _ in range(turns):
            await asyncio.sleep(0 if turns < 4 else 0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # It has ended before the task has.
        assert job.state in ("created", "cancelled")
        assert job._job is None or job._job.wait(0)

    asyncio.run(main())
    assert sorted(os.listdir(tmp_path)) == ["long.wav", "out.caf"]
    assert target.read_bytes() == b"mine"


def test_cancelled_in_a_callback_that_waits(long, tmp_path):
    async def main():
        waiting = asyncio.Event()

        async def on_progress(progress):
            waiting.set()
            await asyncio.sleep(1000)

        task = asyncio.ensure_future(
            ps.transcode_async(long, tmp_path / "out.caf", progress_callback=on_progress, **SLOW)
        )
        await waiting.wait()
        task.cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert os.listdir(tmp_path) == ["long.wav"]


def test_time_limits(long, tmp_path):
    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ps.transcode_async(long, tmp_path / "out.caf", **SLOW), 0.02)

    asyncio.run(main())
    assert os.listdir(tmp_path) == ["long.wav"]


def test_cancel_ends_those_that_wait_for_their_turn(long, source, tmp_path, monkeypatch):
    """At once, and from any thread; the others keep their turns."""
    monkeypatch.setattr(slots_module, "processors", lambda: 1)

    async def main():
        busy = ps.Transcoder(ps.TranscodeOptions(long, tmp_path / "busy.caf", **SLOW))
        jobs = [ps.Transcoder(ps.TranscodeOptions(source, tmp_path / f"{k}.wav")) for k in range(4)]
        tasks = [asyncio.ensure_future(job.run_async()) for job in (busy, *jobs)]
        while busy.state != "running":
            await asyncio.sleep(0.002)
        jobs[0].cancel()
        thread = threading.Thread(target=jobs[2].cancel)
        thread.start()
        for k in (1, 3):
            with pytest.raises(ps.TranscodeCancelledError, match="before it began"):
                await tasks[k]
        thread.join()
        assert busy.state == "running"
        tasks[2].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[2]
        assert not tasks[4].done()
        busy.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(main())
    assert found[4].frames_encoded == 4800
    assert sorted(os.listdir(tmp_path)) == ["3.wav", "in.wav", "long.wav"]


def test_every_turn_is_given_back(source, tmp_path, monkeypatch):
    """Whatever happens at the same moment: as many can work afterwards as before."""
    monkeypatch.setattr(slots_module, "processors", lambda: 2)
    rng = random.Random(3)

    async def main():
        for _round in range(5):
            jobs = [
                ps.Transcoder(ps.TranscodeOptions(source, tmp_path / "x.wav", overwrite=True))
                for _ in range(12)
            ]
            tasks = [asyncio.ensure_future(job.run_async()) for job in jobs]
            for k in range(12):
                await asyncio.sleep(0)
                act = rng.choice([jobs[k].cancel, tasks[k].cancel, bool])
                act()
            await asyncio.gather(*tasks, return_exceptions=True)
        return slots_module.slots()

    assert asyncio.run(main())._free == 2


@pytest.mark.parametrize("how", ["run ends", "closed"])
def test_the_loop_ends_while_it_runs(how, long, tmp_path):
    jobs = []

    async def main():
        job = ps.Transcoder(ps.TranscodeOptions(long, tmp_path / "out.caf", **SLOW))
        jobs.append(job)
        task = asyncio.ensure_future(job.run_async(lambda progress: None))
        while job.state != "running":
            await asyncio.sleep(0.002)
        return task

    if how == "run ends":
        asyncio.run(main())
    else:
        loop = asyncio.new_event_loop()
        task = loop.run_until_complete(main())
        task._log_destroy_pending = False  # It is meant to be so.
        loop.close()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            del task
            gc.collect()
        assert jobs[0]._job.wait(5)
    assert jobs[0].state == "cancelled"
    assert os.listdir(tmp_path) == ["long.wav"]


def test_a_coroutine_that_is_never_awaited_does_nothing(source, tmp_path):
    job = ps.Transcoder(ps.TranscodeOptions(source, tmp_path / "out.wav"))
    job.run_async().close()
    assert job.state == "created"
    assert os.listdir(tmp_path) == ["in.wav"]
    assert job.run().frames_encoded == 4800


def test_two_loops_at_once(source, tmp_path):
    found = []

    def work(k):
        found.append(asyncio.run(ps.transcode_async(source, tmp_path / f"{k}.wav")))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stats.frames_encoded for stats in found] == [4800] * 4


def test_damage_is_told_where_it_is_awaited(tmp_path):
    ps.write(tmp_path / "in.wav", tone(4800), RATE)
    broken = tmp_path / "broken.wav"
    broken.write_bytes((tmp_path / "in.wav").read_bytes()[:9000])

    async def main():
        with pytest.warns(ps.DamagedFileWarning) as caught:
            await ps.transcode_async(broken, tmp_path / "out.wav")
        return caught[0].filename

    assert asyncio.run(main()) == __file__
