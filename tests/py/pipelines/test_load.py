# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pipelines under load: many at once, slow ends, and thousands that come and go."""

import gc
import hashlib
import threading
import time
import weakref

import numpy as np
import psutil
import pytest

import pastream_ng as ps

from ..conftest import until
from .parts import MONO, STEREO, Pass, Sink, joined, ramp

MEGABYTE = 1 << 20


def memory():
    return psutil.Process().memory_info().rss


def mixed(k):
    """Return nodes of many kinds, others for each number."""
    codecs = ("opus", "flac", "mp3", "vorbis")
    encoder = ps.make_encoder_node(codecs[k % 4])
    decoder = ps.make_decoder_node(codecs[k % 4])
    echo = [ps.make_gain_node(0.25), ps.make_tap_node([])]
    fork = ps.make_async_fork_join_node([[], echo], ps.ReduceSum())
    return [ps.make_gain_node(0.5), fork, encoder, decoder]


def wave(k, samples=480):
    t = np.arange(samples) + samples * k
    return ps.NodeBuffer.pcm(
        np.stack([0.3 * np.sin(t / 20), 0.3 * np.cos(t / 31)]).astype("float32"), STEREO
    )


def checksum(nodes, count=40, **options):
    """Return what comes of the same sound, as a number."""
    made = hashlib.md5()
    with ps.AsyncDynPipeline(nodes, **options) as pipeline:
        for k in range(count):
            pipeline.push(wave(k))
        pipeline.flush()
        for buffer in pipeline:
            made.update(np.ascontiguousarray(buffer.as_pcm()).tobytes())
    return made.hexdigest()


def test_eight_at_once_give_what_one_gives():
    alone = [checksum(mixed(k)) for k in range(4)]
    found = {}

    def work(k):
        found[k] = checksum(mixed(k), threads=1 + k % 3, capacity=1 + k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {k: alone[k % 4] for k in range(8)}


@pytest.mark.parametrize("threads", [1, 3])
def test_memory_is_bounded_while_the_sink_is_slow(threads):
    big = ps.NodeBuffer.pcm(np.zeros((2, 1 << 17), "float32"), STEREO)  # A megabyte.
    taken = []

    class Slow:
        def push(self, buf):
            time.sleep(0.001)
            taken.append(buf.samples)

    def source():
        for _ in range(200):
            yield big
            peak.append(memory())

    fork = ps.make_async_fork_join_node([[], [ps.make_gain_node(0.5)]], ps.ReduceMean())
    nodes = [ps.make_gain_node(0.5), fork, ps.make_tap_node(lambda buf: None)]
    gc.collect()
    before, peak = memory(), []
    runner = ps.AsyncDynRunner(source(), nodes, Slow(), threads=threads, capacity=4)
    runner.run(timeout=60)
    assert sum(taken) == 200 << 17
    # Buffers between threads, those of the nodes, and what the allocator keeps.
    assert max(peak) - before < (20 + 15 * threads) * MEGABYTE


def test_pipelines_come_and_go_and_leave_nothing():
    def use(k):
        nodes = mixed(k)
        pipeline = ps.AsyncDynPipeline(nodes, threads=1 + k % 2)
        for j in range(k % 4):
            pipeline.push(wave(j))
        if k % 3 == 0:
            pipeline.flush()
        if k % 6 == 0:
            list(pipeline)

    process = psutil.Process()
    use(0)
    threads = process.num_threads()
    for k in range(12):
        use(k)
    until(lambda: process.num_threads() <= threads)
    gc.collect()
    fds, objects, before = process.num_fds(), len(gc.get_objects()), memory()
    for k in range(60):
        use(k)
    until(lambda: process.num_threads() <= threads)
    until(lambda: process.num_fds() <= fds)
    gc.collect()
    assert len(gc.get_objects()) - objects < 200
    assert memory() - before < 24 * MEGABYTE


STAGES = {
    "new": lambda p: None,
    "pushed": lambda p: p.push(wave(0)),
    "flushed": lambda p: (p.push(wave(0)), p.flush()),
    "got": lambda p: (p.push(wave(0)), p.flush(), p.get(timeout=20)),
    "ended": lambda p: (p.push(wave(0)), p.flush(), list(p)),
    "reset": lambda p: (p.push(wave(0)), p.reset(force=True)),
    "closed": lambda p: (p.push(wave(0)), p.close()),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("k", [0, 1])
def test_any_stage_of_life_may_be_the_last(stage, k):
    heard = Sink()
    node = ps.make_python_node(Pass(), "pcm", "pcm")
    fork = ps.make_async_fork_join_node([[node], [ps.make_tap_node(heard)]], ps.ReduceMax())
    process = psutil.Process()
    before = process.num_threads()
    pipeline = ps.AsyncDynPipeline([fork, *mixed(k)], threads=1 + k)
    STAGES[stage](pipeline)
    gone = weakref.ref(pipeline)
    del pipeline
    assert gone() is None
    until(lambda: process.num_threads() <= before)
    until(lambda: heard.finalized == (2 if stage == "reset" else 1))  # Once for each stream.


def test_runners_at_once_share_nothing():
    sinks = [Sink() for _ in range(4)]
    runners = [
        ps.AsyncDynRunner([ramp(50 * j, 50, MONO) for j in range(30)], [ps.make_gain_node(k)], sink)
        for k, sink in enumerate(sinks)
    ]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.wait(timeout=60)
    whole = joined([ramp(0, 1500, MONO)])
    for k, sink in enumerate(sinks):
        np.testing.assert_array_equal(joined(sink.got), k * whole)
        assert sink.finalized == 1


# ---- Odd values ----------------------------------------------------------------------------------

ODD_SIZES = [0, -1, 2**31, 2**63 - 1, True, 1.5, float("nan"), "3", None]


@pytest.mark.parametrize("name", ["capacity", "max_pending", "threads"])
@pytest.mark.parametrize("value", ODD_SIZES, ids=repr)
def test_odd_sizes_are_refused_by_name(name, value):
    with pytest.raises((ValueError, TypeError), match=name):
        ps.AsyncDynPipeline([ps.make_gain_node(1.0)], **{name: value})


@pytest.mark.parametrize("value", [np.int64(3), np.uint8(3), 3])
def test_numbers_of_numpy_are_numbers(value):
    ps.AsyncDynPipeline([ps.make_gain_node(1.0)], capacity=value, threads=value).close()


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1", []], ids=repr)
@pytest.mark.parametrize("call", ["push", "get"])
def test_odd_timeouts_are_refused(call, timeout):
    with ps.AsyncDynPipeline([ps.make_gain_node(1.0)]) as pipeline:
        arguments = (ramp(),) if call == "push" else ()
        with pytest.raises((ValueError, TypeError), match="timeout"):
            getattr(pipeline, call)(*arguments, timeout=timeout)


def test_odd_arrays_arrive_as_they_are():
    x = np.arange(24, dtype="float32").reshape(2, 12)
    read_only = x.copy()
    read_only.flags.writeable = False
    arrays = {
        "fortran": np.asfortranarray(x),
        "strided": np.repeat(x, 2, axis=1)[:, ::2],
        "reversed": x[:, ::-1][:, ::-1],
        "read-only": read_only,
        "big-endian": x.astype(">f4"),
    }
    with ps.AsyncDynPipeline([ps.make_identity_node("pcm")]) as pipeline:
        for name, array in arrays.items():
            buffer = ps.NodeBuffer.pcm(array, STEREO)
            pipeline.push(buffer)
            array = None
            np.testing.assert_array_equal(pipeline.get(timeout=20).as_pcm(), x, name)
        pipeline.push(ps.NodeBuffer.pcm(np.zeros((2, 0), "float32"), STEREO))
        pipeline.flush()
        assert list(pipeline) == []  # What has no samples is nothing.
