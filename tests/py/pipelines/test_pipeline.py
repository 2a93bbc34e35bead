# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pipelines: what is pushed comes out, in order and in bounds, and the end is the end."""

import asyncio
import threading
import time

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import until
from .parts import MONO, STEREO, Failing, Gate, Pass, joined, ramp


def through(nodes, buffers, **options):
    """Return what comes of buffers."""
    with ps.AsyncDynPipeline(nodes, **options) as pipeline:
        for buffer in buffers:
            pipeline.push(buffer)
        pipeline.flush()
        return list(pipeline)


def drain(pipeline):
    while pipeline.get() is not None:
        pass


def push_many(pipeline, timeout):
    for _ in range(100):
        pipeline.push(ramp(), timeout=timeout)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_buffers_keep_order_borders_and_times(threads):
    buffers = [ramp(100 * k, 100 - k, pts=100 * k) for k in range(50)]
    nodes = [
        ps.make_identity_node("pcm"),
        ps.make_python_node(Pass(), "pcm", "pcm"),
        ps.make_gain_node(1.0),
    ]
    assert through(nodes, buffers, threads=threads, capacity=2) == buffers


@pytest.mark.parametrize("threads", [1, 40])
def test_any_number_of_nodes(threads):
    nodes = [ps.make_gain_node(1.0)] * 16 + [ps.make_gain_node(2.0)] * 17
    (out,) = through(nodes, [ramp(form=MONO)], threads=threads)
    np.testing.assert_array_equal(out.as_pcm(), 2**17 * ramp(form=MONO).as_pcm())


def test_packets_keep_everything():
    packets = [
        ps.Packet(bytes([k] * k), 1, 44100, 441 * k, 441 * k - 5, 441, k % 2) for k in range(20)
    ]
    packets.append(ps.Packet(b"", 3, 7))
    buffers = [ps.NodeBuffer.packet(packet) for packet in packets]
    nodes = [ps.make_identity_node("packet"), ps.make_python_node(Pass(), "packet", "packet")]
    assert [buffer.as_packet() for buffer in through(nodes, buffers)] == packets


@pytest.mark.parametrize("sample_type", ["u8", "i16", "i32", "f32", "f64"])
@pytest.mark.parametrize("planar", [True, False])
def test_samples_of_all_types_pass_unchanged(sample_type, planar):
    form = ps.AudioFormat(44100, 3, sample_type, planar)
    noise = np.random.default_rng(1).integers(0, 200, (3, 50)).astype(form.dtype)
    buffer = ps.NodeBuffer.pcm(noise if planar else noise.T, form, pts=-7)
    nodes = [ps.make_identity_node("pcm"), ps.make_python_node(Pass(), "pcm", "pcm")]
    (out,) = through(nodes, [buffer])
    assert out == buffer


def test_samples_of_64_bits_keep_their_upper_half():
    form = ps.AudioFormat(44100, 1, "i64")
    (out,) = through(
        [ps.make_identity_node("pcm")],
        [ps.NodeBuffer.pcm(np.array([[1 << 40, -5 << 32]]), form)],
    )
    assert out.format.sample_type == "i32"
    np.testing.assert_array_equal(out.as_pcm(), [[1 << 8, -5]])


def test_time_bases_are_told_at_the_other_end():
    buffers = [ramp(0, 480, pts=10 * k, time_base_num=1, time_base_den=1000) for k in range(5)]
    assert through([ps.make_gain_node(1.0)], buffers) == buffers


def test_the_end_is_the_end_again_and_again():
    pipeline = ps.AsyncDynPipeline([ps.make_identity_node("pcm")])
    assert pipeline.try_get() is None
    assert not pipeline.ended
    pipeline.push(ramp())
    assert pipeline.get() == ramp(pts=0)
    with pytest.raises(ps.PastreamTimeoutError, match=r"no output within 0\.01 s"):
        pipeline.get(0.01)
    pipeline.push(None)  # As flush.
    pipeline.flush()
    assert [pipeline.get() for _ in range(3)] == [None] * 3
    assert pipeline.try_get() is None
    assert pipeline.ended
    with pytest.raises(ps.StateError, match=r"reset\(\)"):
        pipeline.push(ramp())
    assert pipeline.progress == (1, 1, 0, True)
    pipeline.close()


def test_a_reset_makes_it_new():
    pipeline = ps.AsyncDynPipeline([ps.make_python_node(Pass(), "pcm", "pcm")])
    for force in (False, True):
        pipeline.push(ramp(0, pts=0))
        pipeline.push(ramp(100, pts=100))
        until(lambda: pipeline.progress.waiting == 2)
        pipeline.reset(force=force)
        pipeline.push(ramp(5, pts=5))
        pipeline.flush()
        begins = [buffer.pts for buffer in pipeline]
        assert begins == ([5] if force else [0, 100, 5])
        pipeline.reset()
        assert not pipeline.ended
    pipeline.close()


def test_a_reset_forgets_an_error():
    node = Failing("push", KeyError("once"))
    pipeline = ps.AsyncDynPipeline([ps.make_python_node(node, "pcm", "pcm")])
    pipeline.push(ramp())
    with pytest.raises(KeyError):
        pipeline.get()
    node.call = ""
    pipeline.reset()
    assert pipeline.exception is None
    pipeline.push(ramp(pts=0))
    assert pipeline.get(10) == ramp(pts=0)
    pipeline.close()


def test_push_waits_when_everything_is_full():
    gate = Gate()
    nodes = [ps.make_python_node(gate, "pcm", "pcm")]
    with ps.AsyncDynPipeline(nodes, capacity=3) as pipeline:
        pipeline.push(ramp())
        gate.reached.wait(30)
        with pytest.raises(ps.PastreamTimeoutError, match="no room for a buffer within 0 s"):
            push_many(pipeline, 0)
        assert 3 <= pipeline.progress.pushed <= 5
        waiting = threading.Thread(target=pipeline.push, args=(ramp(),))
        waiting.start()
        gate.opened.set()
        waiting.join(30)
        assert not waiting.is_alive()


def test_outputs_that_nobody_fetches_are_bounded():
    nodes = [ps.make_identity_node("pcm")]
    with ps.AsyncDynPipeline(nodes, capacity=2, max_pending=4) as pipeline:
        with pytest.raises(ps.PastreamTimeoutError):
            push_many(pipeline, 0.1)
        count = pipeline.progress.pushed
        assert 6 <= count <= 8
        pipeline.flush()
        assert len(list(pipeline)) == count


def test_one_thread_pushes_and_another_gets():
    nodes = [ps.make_gain_node(1.0), ps.make_identity_node("pcm")]
    with ps.AsyncDynPipeline(nodes, capacity=2, max_pending=2, threads=2) as pipeline:

        def work():
            for k in range(300):
                pipeline.push(ramp(10 * k, 10, MONO))
            pipeline.flush()

        thread = threading.Thread(target=work)
        thread.start()
        found = list(pipeline)
        thread.join()
    np.testing.assert_array_equal(joined(found)[0], np.arange(3000, dtype="float32") / 2**20)


def test_an_error_is_told_at_once_while_outputs_wait():
    class Late(Pass):
        def push(self, buf):
            if buf is not None and buf.pts == 50:
                raise RuntimeError("late")
            super().push(buf)

    nodes = [ps.make_python_node(Late(), "pcm", "pcm"), ps.make_identity_node("pcm")]
    pipeline = ps.AsyncDynPipeline(nodes, capacity=1, max_pending=1, threads=2)
    pipeline.push(ramp(samples=10, pts=40))
    pipeline.push(ramp(samples=10, pts=50))
    with pytest.raises(RuntimeError, match="late"):
        push_many(pipeline, 20)
    assert pipeline.get().pts == 40
    pipeline.close()


def test_what_came_before_an_error_can_be_fetched():
    class Third(Pass):
        def push(self, buf):
            if buf.pts == 20:
                raise RuntimeError("the third")
            super().push(buf)

    nodes = [ps.make_identity_node("pcm"), ps.make_python_node(Third(), "pcm", "pcm", "picky")]
    with ps.AsyncDynPipeline(nodes) as pipeline:
        for k in range(3):
            pipeline.push(ramp(samples=10, pts=10 * k))
        assert [pipeline.get().pts for _ in range(2)] == [0, 10]
        for _ in range(2):
            with pytest.raises(RuntimeError, match="the third") as caught:
                pipeline.get()
            assert caught.value is pipeline.exception
        assert "in push" in "".join(str(e) for e in caught.traceback[-1:])
        with pytest.raises(RuntimeError, match="the third"):
            until(lambda: pipeline.push(ramp()))


@pytest.mark.parametrize("call", ["push", "pull", "flush"])
@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, StopIteration])
def test_exceptions_of_nodes_come_out_as_they_are(call, kind):
    error = kind("mine")
    nodes = [ps.make_python_node(Failing(call, error), "pcm", "pcm")]
    with ps.AsyncDynPipeline(nodes) as pipeline:
        pipeline.push(ramp())
        pipeline.flush()
        with pytest.raises(kind) as caught:
            drain(pipeline)
        assert caught.value is error


@pytest.mark.parametrize("threads", [1, 3])
def test_errors_of_c_name_their_node(threads):
    wrong = ps.GainNodeConfig(ps.AudioFormat(44100, 2, "f32"))
    nodes = [
        ps.make_identity_node("pcm"),
        ps.make_processor_node("gain", wrong),
        ps.make_identity_node("pcm"),
    ]
    with ps.AsyncDynPipeline(nodes, threads=threads) as pipeline:
        pipeline.push(ramp())
        with pytest.raises(ps.ArgumentError, match=r"^node 2 \(gain\): .*44100.*48000"):
            pipeline.get()


def test_closing_wakes_whoever_waits():
    pipeline = ps.AsyncDynPipeline([ps.make_python_node(Gate(), "pcm", "pcm")], capacity=1)
    errors = []

    def work(call, *arguments):
        try:
            while True:
                call(*arguments)
        except ps.ClosedError as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(pipeline.get,)),
        threading.Thread(target=work, args=(pipeline.push, ramp())),
    ]
    for thread in threads:
        thread.start()
    until(lambda: pipeline.progress.pushed >= 2)
    pipeline.close()
    pipeline.close()
    for thread in threads:
        thread.join(30)
    assert len(errors) == 2
    for call in (pipeline.get, pipeline.try_get, pipeline.flush, lambda: pipeline.push(ramp())):
        with pytest.raises(ps.ClosedError):
            call()


def test_it_serves_an_event_loop():
    async def main():
        nodes = [ps.make_python_node(Pass(), "pcm", "pcm")]
        with ps.AsyncDynPipeline(nodes, capacity=1, max_pending=1) as pipeline:

            async def push():
                for k in range(50):
                    await pipeline.push_async(ramp(10 * k, 10, MONO))
                await pipeline.push_async(None)

            pushing = asyncio.ensure_future(push())
            found = [buffer async for buffer in pipeline]
            await pushing
            assert await pipeline.get_async() is None
            return found

    found = asyncio.run(main())
    np.testing.assert_array_equal(joined(found)[0], np.arange(500, dtype="float32") / 2**20)


def test_awaiting_does_not_block_and_can_be_cancelled():
    async def main():
        with ps.AsyncDynPipeline([ps.make_identity_node("pcm")]) as pipeline:
            with pytest.raises(ps.PastreamTimeoutError):
                await pipeline.get_async(0.01)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(pipeline.get_async(), 0.01)
            getting = asyncio.ensure_future(pipeline.get_async())
            await asyncio.sleep(0)
            pipeline.push(ramp(pts=3))
            return await getting

    assert asyncio.run(main()) == ramp(pts=3)


def test_a_node_that_says_not_yet_is_asked_again():
    class Slow(Pass):
        asked = 0

        def pull(self):
            self.asked += 1
            if self.asked % 3:
                raise BlockingIOError
            return super().pull()

    class Refusing(Pass):
        def push(self, buf):
            if self.waiting:
                raise BlockingIOError
            super().push(buf)

    buffers = [ramp(k, 10, MONO, pts=10 * k) for k in range(10)]
    nodes = [ps.make_python_node(node, "pcm", "pcm") for node in (Refusing(), Slow())]
    assert [b.pts for b in through(nodes, buffers)] == [b.pts for b in buffers]


def test_a_node_may_end_early():
    class Two(Pass):
        given = 0

        def pull(self):
            if self.given == 2:
                raise EOFError
            buffer = super().pull()
            self.given += buffer is not None
            return buffer

    buffers = [ramp(k, 10, MONO, pts=10 * k) for k in range(10)]
    nodes = [ps.make_python_node(Two(), "pcm", "pcm"), ps.make_identity_node("pcm")]
    assert through(nodes, buffers) == buffers[:2]


def test_what_nodes_give_is_checked():
    class Wrong(Pass):
        def pull(self):
            return 5 if self.waiting else None

    class Packets(Pass):
        def pull(self):
            return ps.NodeBuffer.packet(ps.Packet(b"")) if self.waiting else None

    for node, text in ((Wrong(), r"node 'odd' gave 5 of type int"), (Packets(), "must be 'pcm'")):
        with ps.AsyncDynPipeline([ps.make_python_node(node, "pcm", "pcm", "odd")]) as pipeline:
            pipeline.push(ramp())
            with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
                pipeline.get()


BAD = [
    (lambda: ps.AsyncDynPipeline([]), ps.ArgumentError, "nodes is empty"),
    (lambda: ps.AsyncDynPipeline(5), ps.ArgumentTypeError, "nodes is 5"),
    (lambda: ps.AsyncDynPipeline([None]), ps.ArgumentTypeError, r"nodes\[0\] is None"),
    (
        lambda: ps.AsyncDynPipeline(
            [ps.make_gain_node(1), ps.make_identity_node("packet"), ps.make_gain_node(1)]
        ),
        ps.ArgumentError,
        r"node 1 \(gain\) gives pcm, node 2 \(identity\) takes packets",
    ),
    (
        lambda: ps.AsyncDynPipeline([ps.make_gain_node(1)], capacity=0),
        ps.ArgumentError,
        "capacity is 0",
    ),
    (
        lambda: ps.AsyncDynPipeline([ps.make_gain_node(1)], max_pending=0),
        ps.ArgumentError,
        "max_pending is 0",
    ),
    (
        lambda: ps.AsyncDynPipeline([ps.make_gain_node(1)], threads=0.5),
        ps.ArgumentTypeError,
        r"threads is 0\.5",
    ),
    (lambda: ps.make_python_node(object(), "pcm", "pcm"), ps.ArgumentTypeError, "push"),
    (lambda: ps.make_python_node(Pass(), "pmc", "pcm"), ps.ArgumentError, "input_kind is 'pmc'"),
    (lambda: ps.make_python_node(Pass(), "pcm", None), ps.ArgumentTypeError, "output_kind is None"),
    (lambda: ps.make_python_node(Pass(), "pcm", "pcm", ""), ps.ArgumentError, "name is ''"),
]


@pytest.mark.parametrize(("make", "kind", "text"), BAD)
def test_bad_arguments_are_told(make, kind, text):
    with pytest.raises(kind, match=text):
        make()


def test_bad_buffers_are_told():
    with ps.AsyncDynPipeline([ps.make_gain_node(1)]) as pipeline:
        with pytest.raises(ps.ArgumentTypeError, match="buf is 5"):
            pipeline.push(5)
        with pytest.raises(ps.ArgumentError, match=r"node 1 \(gain\) takes 'pcm'"):
            pipeline.push(ps.NodeBuffer.packet(ps.Packet(b"")))
        with pytest.raises(ps.ArgumentError, match="timeout"):
            pipeline.push(ramp(), timeout=-1)
        assert pipeline.progress.pushed == 0


def works(node):
    """Whether a node can be put into a pipeline."""
    try:
        ps.AsyncDynPipeline([node]).close()
    except ps.StateError:
        return False
    return True


def test_a_python_object_works_in_one_pipeline_at_a_time():
    node = ps.make_python_node(Pass(), "pcm", "pcm", "mine")
    first = ps.AsyncDynPipeline([node])
    with pytest.raises(ps.StateError, match="node 'mine' works in another pipeline"):
        ps.AsyncDynPipeline([node])
    first.push(ramp())
    first.flush()
    list(first)
    first.close()
    until(lambda: works(node))
    # C's own nodes have a state for each.
    gain = ps.make_gain_node(1.0)
    with ps.AsyncDynPipeline([gain, gain]), ps.AsyncDynPipeline([gain]):
        pass


def test_many_at_once():
    def work(k):
        nodes = [ps.make_gain_node(1.0), ps.make_python_node(Pass(), "pcm", "pcm")]
        found = through(nodes, [ramp(k, 50, STEREO, pts=50 * j) for j in range(40)], threads=2)
        results[k] = len(found)

    results = {}
    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == dict.fromkeys(range(8), 40)


def test_an_interrupt_ends_a_wait_and_nothing_else():
    import signal

    def interrupt():
        gate.reached.wait(30)
        time.sleep(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    gate = Gate()
    with ps.AsyncDynPipeline([ps.make_python_node(gate, "pcm", "pcm")]) as pipeline:
        pipeline.push(ramp())
        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            pipeline.get()
        thread.join()
        gate.opened.set()
        pipeline.push(ramp())
