# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""`ParallelAudioWriter`: all writers get all buffers, also those beside one that fails."""

import gc
import io
import os
import pickle
import signal
import threading
import weakref

import numpy as np
import pytest

import pastream_ng as ps

FMT = ps.AudioFormat(48000, 2, "i16")
DATA = np.arange(-1000, 1000, dtype="int16").reshape(2, -1) * 30


def buffers(size=300):
    return [ps.NodeBuffer.pcm(DATA[:, at : at + size], FMT, pts=at) for at in range(0, 1000, size)]


class Kept:
    """A writer that keeps what it gets, and fails when it is told to."""

    def __init__(self, error=None):
        self.got, self.threads, self.n_finalized, self.error = [], set(), 0, error

    def push(self, buf):
        self.got.append(buf)
        self.threads.add(threading.get_ident())
        if self.error:
            raise self.error

    def finalize(self):
        self.n_finalized += 1
        if self.error:
            raise self.error


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "pastream-writer"]


def joined():
    for thread in threads():
        thread.join(10)
    return threads() == []


def test_all_files_get_all(tmp_path):
    paths = [tmp_path / f"a.{kind}" for kind in ("wav", "flac", "aiff")]
    with ps.ParallelAudioWriter(ps.AudioFileWriter(path) for path in paths) as writer:
        assert (len(writer), bool(writer), writer.closed) == (3, True, False)
        for buffer in buffers():
            writer.push(buffer)
        assert [file.frames for file in writer.writers] == [1000] * 3
    assert writer.closed
    assert all(file.closed for file in writer.writers)
    for path in paths:
        assert np.array_equal(ps.read(path, dtype="int16")[0], DATA.T)


def test_each_has_a_thread_of_its_own():
    writers = [Kept() for _ in range(4)]
    group = ps.ParallelAudioWriter(writers[:2])
    sent = buffers()
    group.push(sent[0])
    group.bind(writers[2])
    group.bind(writers[3])
    for buffer in sent[1:]:
        group.push(buffer)
    assert [writer.got for writer in writers] == [sent, sent, sent[1:], sent[1:]]
    assert all(len(writer.threads) == 1 for writer in writers)
    assert len(set().union(*(writer.threads for writer in writers))) == 4
    for _ in range(2):
        group.finalize()
    assert [writer.n_finalized for writer in writers] == [1] * 4
    assert joined()


def test_an_error_of_one_is_raised_when_all_have_it():
    first, second = ZeroDivisionError("1"), KeyError("2")
    writers = [Kept(), Kept(first), Kept(second), Kept()]
    group = ps.ParallelAudioWriter(writers)
    sent = buffers()
    for buffer in sent:
        with pytest.raises(ZeroDivisionError) as caught:
            group.push(buffer)
        assert caught.value is first
    assert [writer.got for writer in writers] == [sent] * 4
    with pytest.raises(ZeroDivisionError):
        group.finalize()
    group.finalize()
    assert [writer.n_finalized for writer in writers] == [1] * 4


def test_what_is_refused():
    writer = Kept()
    group = ps.ParallelAudioWriter([writer])
    for other in (writer, group):
        with pytest.raises(ps.ArgumentError, match="bound already"):
            group.bind(other)
    with pytest.raises(ps.ArgumentTypeError, match=r"writer is 3 of type int, which has no push"):
        group.bind(3)
    with pytest.raises(ps.ArgumentTypeError, match="writers is 3 of type int"):
        ps.ParallelAudioWriter(3)
    with pytest.raises(ps.ArgumentTypeError, match="it must be a NodeBuffer"):
        group.push(DATA)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(group)
    assert (len(group), writer.got) == (1, [])
    group.finalize()
    for call in (lambda: group.push(buffers()[0]), lambda: group.bind(Kept()), group.__enter__):
        with pytest.raises(ps.ClosedError):
            call()
    empty = ps.ParallelAudioWriter()
    empty.push(buffers()[0])
    empty.finalize()
    assert len(empty) == 0


def test_one_that_is_dropped_lets_go_of_everything():
    writers = [Kept(), Kept(KeyError())]
    gone = [weakref.ref(writer) for writer in writers]
    group = ps.ParallelAudioWriter(writers)
    with pytest.raises(KeyError):
        group.push(buffers()[0])
    gc.disable()
    try:
        writers[1].error = None  # Its traceback holds the frames of this test.
        del writers, group
        assert joined()
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_what_had_no_buffer_is_finalized_without_threads(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda thread: pytest.fail("a thread"))
    writers = [Kept(), Kept(), Kept()]
    with ps.ParallelAudioWriter(writers):
        pass
    assert [writer.n_finalized for writer in writers] == [1] * 3


def test_after_ctrl_c_the_others_are_waited_for():
    opened = threading.Event()

    class Slow(Kept):
        def push(self, buf):
            assert opened.wait(20)
            super().push(buf)

    first, slow = Kept(KeyboardInterrupt()), Slow()
    group = ps.ParallelAudioWriter([first, slow])
    one, two = buffers()[:2]
    with pytest.raises(KeyboardInterrupt):
        group.push(one)
    assert slow.got == []
    first.error = None
    opened.set()
    group.push(two)
    group.close()
    assert (first.got, slow.got) == ([one, two], [one, two])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_refused_also_while_it_is_in_use():
    reached, opened = threading.Event(), threading.Event()

    class Slow(Kept):
        def push(self, buf):
            reached.set()
            assert opened.wait(20)
            super().push(buf)

    slow = Slow()
    group = ps.ParallelAudioWriter([ps.AudioFileWriter(io.BytesIO(), "wav"), slow])
    user = threading.Thread(target=group.push, args=(buffers()[0],))
    user.start()
    assert reached.wait(20)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(20)
            for call in (lambda: group.push(buffers()[0]), lambda: group.bind(Kept())):
                with pytest.raises(ps.ForkedError):
                    call()
            group.finalize()  # Does nothing.
            code = slow.n_finalized
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    opened.set()
    user.join(20)
    group.finalize()
    assert (len(slow.got), slow.n_finalized) == (1, 1)
