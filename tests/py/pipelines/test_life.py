# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Pipelines and runners that are dropped, forked, or alive at the end of the program."""

import gc
import os
import time
import weakref

import numpy as np
import psutil
import pytest

import pastream_ng as ps
from pastream_ng.pipelines.parts import _in_use

from ..conftest import run_python, until
from .parts import Gate, Pass, Sink, ramp


def threads():
    return psutil.Process().num_threads()


def new_pipeline(node, **options):
    nodes = [
        ps.make_gain_node(1.0),
        ps.make_python_node(node, "pcm", "pcm"),
        ps.make_encoder_node("opus", ps.OpusEncoderConfig()),
    ]
    return ps.AsyncDynPipeline(nodes, **options)


def filled(pipeline):
    for k in range(3):
        pipeline.push(ramp(960 * k, 960))
    return pipeline


STAGES = {
    "new": lambda p: None,
    "pushed": filled,
    "flushed": lambda p: filled(p).flush(),
    "got": lambda p: (filled(p), p.get()),
    "ended": lambda p: (filled(p).flush(), list(p)),
    "reset": lambda p: (filled(p), p.reset(force=True)),
    "closed": lambda p: (filled(p), p.close()),
    "full": lambda p: [filled(p) for _ in range(1)],
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("stage", STAGES)
def test_a_pipeline_can_be_dropped_at_any_stage(stage, count):
    before, node = threads(), Pass()
    pipeline = new_pipeline(node, threads=count, capacity=1 if stage == "full" else 32)
    STAGES[stage](pipeline)
    gone = weakref.ref(pipeline), weakref.ref(node)
    gc.disable()
    try:
        del pipeline, node
        until(lambda: gone[0]() is None and gone[1]() is None)
    finally:
        gc.enable()
    until(lambda: threads() <= before)


def with_tap(node, sink=None):
    """Return a pipeline with a tap in front of a Python node: C keeps such a line for longer."""
    tap = ps.make_tap_node([] if sink is None else sink)
    return ps.AsyncDynPipeline([tap, ps.make_python_node(node, "pcm", "pcm")])


ENDS = {
    "closed": lambda p: p.close(),
    "closed when ended": lambda p: (p.flush(), list(p), p.close()),
    "ended": lambda p: (p.flush(), list(p), until(lambda: p._line.is_over)),
}


@pytest.mark.parametrize("make", [new_pipeline, with_tap])
@pytest.mark.parametrize("end", ENDS)
def test_a_node_can_be_used_again_at_once(end, make):
    node, kept = Pass(), []
    for _ in range(10):
        pipeline = make(node)
        filled(pipeline)
        ENDS[end](pipeline)
        kept.append(pipeline)
    pipeline = make(node)
    for other in (new_pipeline, with_tap):
        with pytest.raises(ps.StateError, match="works in another pipeline already; close that"):
            other(node)
    filled(pipeline).flush()
    assert len(list(pipeline)) >= 3


def test_a_node_of_a_runner_that_was_cancelled_can_be_used_again_at_once():
    node, kept = ps.make_python_node(Pass(), "pcm", "pcm"), []
    for _ in range(10):
        runner = ps.AsyncDynRunner(iter(ramp, None), [node], Sink())
        runner.start()
        until(lambda runner=runner: runner.progress.pushed > 0)
        runner.cancel()
        kept.append(runner)


def test_a_node_that_does_not_return_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr("pastream_ng.pipelines.parts._SETTLE_S", 0.05)
    gate = Gate()
    pipeline = new_pipeline(gate)
    filled(pipeline)
    gate.reached.wait(30)
    pipeline.close()
    with pytest.raises(ps.StateError, match="still at work in a pipeline that was closed"):
        new_pipeline(gate)
    with pytest.raises(ps.StateError, match="works in another pipeline"):
        ps.AsyncDynPipeline([ps.make_python_node(Pass(), "pcm", "pcm")] * 2)
    gate.opened.set()
    until(lambda: len(gate.got) > 0)
    monkeypatch.undo()
    new_pipeline(gate)


def test_a_tapped_file_can_be_used_at_once(tmp_path):
    for k in range(10):
        path = tmp_path / f"{k}.wav"
        file = ps.SoundFile(path, "w", 48000, 2)
        pipeline = with_tap(Pass(), file)
        filled(pipeline)
        pipeline.get()
        pipeline.close()
        file.write(np.zeros((5, 2)))
        file.close()
        writer = ps.AudioFileWriter(tmp_path / "writer.wav", samplerate=48000, channels=2)
        with with_tap(Pass(), writer) as pipeline:
            filled(pipeline)
            pipeline.get()
        writer.finalize()
        assert [ps.info(file.name).frames % 960 for file in (file, writer._file)] == [5, 0]


def test_dropping_does_not_wait_for_python():
    before, gate = threads(), Gate()
    pipeline = new_pipeline(gate)
    filled(pipeline)
    gate.reached.wait(30)
    begin = time.monotonic()
    del pipeline
    assert time.monotonic() - begin < 1.0
    gate.opened.set()
    until(lambda: threads() <= before)


@pytest.mark.parametrize("stage", ["new", "running", "done", "cancelled"])
def test_a_runner_can_be_dropped_at_any_stage(stage):
    before, source, sink = threads(), Gate(), Sink()
    runner = ps.AsyncDynRunner(source, [ps.make_gain_node(1.0)], sink)
    if stage != "new":
        runner.start()
        source.reached.wait(30)
    if stage == "done":
        source.opened.set()
        runner.wait()
    if stage == "cancelled":
        runner.cancel()
    gone = weakref.ref(runner)
    del runner
    assert gone() is None
    source.opened.set()
    until(lambda: threads() <= before)
    if stage != "new":
        until(lambda: sink.finalized == 1)


def test_errors_hold_nothing():
    class Source:
        def pull(self):
            raise ValueError("mine")

    class Broken(Pass):
        def push(self, buf):
            raise KeyError

    before = set(_in_use)  # Of other tests, whose errors may still be shown to somebody.
    source = Source()
    source.runner = ps.AsyncDynRunner(source, [], [])  # A cycle of the user's.
    with pytest.raises(ValueError, match="mine") as caught:
        source.runner.run()
    gone = [weakref.ref(source), weakref.ref(source.runner)]
    pipeline = new_pipeline(Broken(), threads=2)
    pipeline.push(ramp())
    with pytest.raises(KeyError) as caught:
        pipeline.get()
    gone.append(weakref.ref(pipeline))
    del source, pipeline, caught
    gc.collect()
    assert [each() for each in gone] == [None] * 3
    until(lambda: _in_use <= before)


def test_nothing_leaks():
    def use():
        pipeline = filled(new_pipeline(Pass(), threads=2))
        pipeline.flush()
        list(pipeline)
        ps.AsyncDynRunner([ramp()] * 3, [ps.make_gain_node(0.5)], []).run()

    def count():
        """Return how many objects and descriptors there are once nothing is under way."""
        until(lambda: _in_use <= others and threads() <= most)
        gc.collect()
        return len(gc.get_objects()), psutil.Process().num_fds()

    # What other tests have left may go meanwhile, and something else may come once: leaks come
    # with each round.
    others, most, grown = set(_in_use), 1 << 20, []
    for _ in range(5):
        use()
    count()
    most = threads()
    for _ in range(5):
        before = count()
        for _ in range(20):
            use()
        after = count()
        grown.append((after[0] - before[0], after[1] - before[1]))
        if grown[-1][0] < 20 and grown[-1][1] <= 0:
            break
    assert min(objects for objects, _ in grown) < 20
    assert min(fds for _, fds in grown) <= 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_refused():
    pipeline, runner = filled(new_pipeline(Pass())), ps.AsyncDynRunner([], [], [])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            refused = 0
            for call in (pipeline.get, pipeline.flush, pipeline.reset, runner.run, runner.cancel):
                try:
                    call()
                except ps.ForkedError:
                    refused += 1
            del pipeline, runner
            code = 0 if refused == 5 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    pipeline.flush()
    assert len(list(pipeline)) > 0


EXIT = """
import sys, threading, time
import numpy as np, pastream_ng as ps
fmt = ps.AudioFormat(48000, 1, "f32")
block = ps.NodeBuffer.pcm(np.zeros((1, 480), "float32"), fmt)
class Node(ps.Node):
    waiting = None
    def push(self, buf):
        self.waiting = buf
    def pull(self):
        buf, self.waiting = self.waiting, None
        return buf
class Stuck(ps.Node):
    def push(self, buf):
        reached.set()
        threading.Event().wait()
    def pull(self):
        reached.set()
        threading.Event().wait()
class Source:
    def pull(self):
        return block
class Sink:
    n = 0
    def push(self, buf):
        self.n += 1
    def finalize(self):
        print("finalized", flush=True)
reached = threading.Event()
from pastream_ng.pipelines import line
line._EXIT_S = 0.3  # For those that are stuck.
"""
EXITS = {
    "pipeline": """
p = ps.AsyncDynPipeline([ps.make_python_node(Node(), "pcm", "pcm"), ps.make_gain_node(1.0)])
for _ in range(20): p.push(block)
""",
    "stuck pipeline": """
p = ps.AsyncDynPipeline([ps.make_python_node(Stuck(), "pcm", "pcm")])
p.push(block)
reached.wait()
""",
    "runner": """
r = ps.AsyncDynRunner(Source(), [ps.make_gain_node(1.0)], Sink())
r.start()
while r.progress.pushed < 1000: time.sleep(0.001)
""",
    "stuck runner": """
r = ps.AsyncDynRunner(Stuck(), [], Sink())
r.start()
reached.wait()
""",
    "file": """
file = ps.SoundFile(sys.argv[1], "w", 48000, 1)
file._warns = False
r = ps.AsyncDynRunner(Source(), [ps.make_gain_node(1.0)], file)
r.start()
while r.progress.pushed < 1000: time.sleep(0.001)
""",
    "microphone": """
stream = ps.InputStream("loopback", 48000, 1)
stream._warns = False
r = ps.AsyncDynRunner(stream, [ps.make_encoder_node("opus")], Sink())
r.start()
while r.progress.pushed < 3: time.sleep(0.001)
""",
    "threads": """
nodes = [ps.make_python_node(Node(), "pcm", "pcm"), ps.make_gain_node(1.0)]
r = ps.AsyncDynRunner(Source(), nodes, Sink(), threads=2)
threading.Thread(target=r.run, daemon=True).start()
while r.progress.pushed < 1000: time.sleep(0.001)
""",
}


@pytest.mark.parametrize("case", EXITS)
def test_the_end_of_the_program_is_clean_and_bounded(case, tmp_path):
    path = tmp_path / "out.wav"
    done = run_python(EXIT + EXITS[case], path, timeout=20)
    finalizes = case in ("runner", "microphone", "threads")
    assert done.stdout == ("finalized\n" if finalizes else "")
    if case == "file":
        assert ps.info(path).frames >= 1000
