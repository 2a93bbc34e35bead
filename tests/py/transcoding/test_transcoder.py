# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The life of a Transcoder: run once, cancelled at any time, dropped, forked, at the end."""

import gc
import os
import pickle
import signal
import sys
import threading
import time
import weakref

import pytest

import pastream_ng as ps
from pastream_ng.transcoding.ends import Ends
from pastream_ng.transcoding.job import Job
from pastream_ng.transcoding.plan import plan_of

from ..conftest import run_python
from .sounds import SLOW, long_file, write
from .test_oneshot import Pipe

posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks of POSIX")


@pytest.fixture
def quick(tmp_path):
    return ps.TranscodeOptions(write(tmp_path / "in.wav"), tmp_path / "out.wav")


@pytest.fixture
def slow(tmp_path):
    """Options of a transcoding that takes a while, if nobody ends it."""
    return ps.TranscodeOptions(
        long_file(tmp_path / "in.wav"),
        tmp_path / "out.caf",
        **SLOW,
    )


def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_it_runs_once(quick):
    job = ps.Transcoder(quick)
    assert job.state == "created"
    assert job.progress == ps.Progress()
    assert job.options == quick
    stats = job.run()
    assert stats.frames_encoded == 4800
    assert job.state == "done"
    assert job.progress.percent == 100
    with pytest.raises(ps.StateError, match="run before"):
        job.run()
    assert job.options is not job.options
    assert repr(job).endswith(", done>")
    assert "in.wav" in repr(job)


def is_done_without_python(given, out, tries):
    """Whether a job gets done while one long call holds the interpreter."""
    for _attempt in range(tries):
        job = Job(plan_of(ps.TranscodeOptions(given, out)), Ends(given, out, True))
        job.start()
        sum(range(10_000_000))
        is_done = job.progress().percent == 100
        job.cancel()
        assert job.wait(10)
        if is_done:
            return True
    return False


def test_the_work_needs_no_python(tmp_path):
    source = long_file(tmp_path / "in.wav", 60)
    out = str(tmp_path / "out.au")
    assert is_done_without_python(source, out, 5)
    with open(source, "rb", buffering=0) as file:  # The file objects of Python do need it.
        assert not is_done_without_python(file, out, 1)


def test_memory_needs_no_python_either_and_outlives_what_reads_it(tmp_path):
    with open(long_file(tmp_path / "in.wav", 60), "rb") as file:
        data = bytearray(file.read())
    out = str(tmp_path / "out.au")
    assert is_done_without_python(data, out, 5)
    options = ps.TranscodeOptions(data, out, **SLOW)
    for _ in range(20):
        job = Job(plan_of(options), Ends(data, out, True))
        job.start()
        del job
        data.append(0)  # Nobody reads it any more.
        data.pop()


def test_options_are_copied(quick, tmp_path):
    job = ps.Transcoder(quick)
    quick.output(tmp_path / "other.wav")
    job.run()
    assert (tmp_path / "out.wav").exists()


def test_what_did_not_begin_can_be_tried_again(quick, tmp_path):
    (tmp_path / "out.wav").touch()
    job = ps.Transcoder(quick)
    with pytest.raises(FileExistsError):
        job.run()
    assert job.state == "created"
    (tmp_path / "out.wav").unlink()
    job.run()
    assert job.state == "done"


def test_failures_have_a_state(tmp_path):
    (tmp_path / "in.wav").write_bytes(b"nothing of that kind" * 10)
    job = ps.Transcoder(ps.TranscodeOptions(tmp_path / "in.wav", tmp_path / "out.wav"))
    with pytest.raises(ps.FileFormatError, match=r"in\.wav"):
        job.run()
    assert job.state == "failed"
    assert os.listdir(tmp_path) == ["in.wav"]
    job.cancel()
    assert job.state == "failed"


def test_it_cannot_be_pickled(quick):
    with pytest.raises(TypeError, match="Transcoder cannot be pickled"):
        pickle.dumps(ps.Transcoder(quick))


# ---- Cancelling ----------------------------------------------------------------------------------


def test_cancelled_before(quick, tmp_path):
    job = ps.Transcoder(quick)
    job.cancel()
    job.cancel()
    assert job.state == "cancelled"
    with pytest.raises(ps.TranscodeCancelledError):
        job.run()
    assert os.listdir(tmp_path) == ["in.wav"]


def test_cancelled_after(quick, tmp_path):
    job = ps.Transcoder(quick)
    job.run()
    job.cancel()
    assert job.state == "done"
    assert (tmp_path / "out.wav").exists()


def test_cancelled_by_another_thread(slow, tmp_path):
    job = ps.Transcoder(slow)
    target = tmp_path / "out.caf"
    target.write_bytes(b"mine")
    job = ps.Transcoder(slow.overwrite())

    def cancel():
        until(lambda: job.progress.frames > 0)
        assert job.state == "running"
        job.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(ps.TranscodeCancelledError, match="no new file") as caught:
        job.run()
    assert isinstance(caught.value, RuntimeError)
    thread.join()
    assert job.state == "cancelled"
    assert sorted(os.listdir(tmp_path)) == ["in.wav", "out.caf"]
    assert target.read_bytes() == b"mine"


def test_cancelled_while_it_waits_for_a_pipe(tmp_path):
    reads, writes = os.pipe()
    job = ps.Transcoder(ps.TranscodeOptions(reads, tmp_path / "out.wav"))
    timer = threading.Timer(0.05, job.cancel)
    timer.start()
    with pytest.raises(ps.TranscodeCancelledError):
        job.run()
    os.close(reads)
    os.close(writes)
    assert os.listdir(tmp_path) == []


def test_cancelled_by_the_callback(slow, tmp_path):
    job = ps.Transcoder(slow)
    with pytest.raises(ps.TranscodeCancelledError):
        job.run(lambda progress: job.cancel())
    assert os.listdir(tmp_path) == ["in.wav"]


def test_two_threads_cannot_both_run_it(slow):
    job = ps.Transcoder(slow)
    errors = []

    def run():
        try:
            job.run(lambda progress: job.cancel())
        except ps.PastreamError as error:
            errors.append(type(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors.count(ps.StateError) == 3
    assert errors.count(ps.TranscodeCancelledError) == 1


@posix
@pytest.mark.parametrize("moment", [0.0, 0.01, 0.05, 0.15])
def test_ctrl_c(moment, slow, tmp_path):
    target = tmp_path / "out.caf"
    target.write_bytes(b"mine")
    job = ps.Transcoder(slow.overwrite())
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            signal.setitimer(signal.ITIMER_REAL, moment or 1e-6)
            job.run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert job.state in ("created", "cancelled")
    assert sorted(os.listdir(tmp_path)) == ["in.wav", "out.caf"]
    assert target.read_bytes() == b"mine"


# ---- The end -------------------------------------------------------------------------------------


def test_it_dies_with_its_last_reference(quick):
    gc.disable()
    try:
        job = ps.Transcoder(quick)
        job.run()
        gone = weakref.ref(job._job), weakref.ref(job)
        del job
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_what_an_object_raised_is_not_kept():
    class Refusing(Pipe):
        def write(self, data):
            raise LookupError

    gc.disable()
    try:
        target = Refusing()
        gone = weakref.ref(target)
        source = Pipe()
        ps.write(source, [0.0] * 1000, 48000, format="AU")
        with pytest.raises(LookupError):
            ps.transcode(source, target, format="WAV")
        del target
        assert gone() is None
    finally:
        gc.enable()


@posix
def test_a_child_does_not_touch_it(quick, tmp_path):
    result = run_python(
        "import os, sys, pastream_ng as ps\n"
        "os.chdir(sys.argv[1])\n"
        "ready = ps.Transcoder(ps.TranscodeOptions('in.wav', 'out.wav'))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        ready.run()\n"
        "    except ps.ForkedError:\n"
        "        ready.cancel()\n"
        "        sys.exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "ready.run()\n",
        tmp_path,
    )
    assert result.stdout.splitlines() == ["7"]
    assert (tmp_path / "out.wav").exists()


@posix
def test_a_child_leaves_a_running_one_alone(slow, tmp_path):
    result = run_python(
        "import os, sys, threading, pastream_ng as ps\n"
        "os.chdir(sys.argv[1])\n"
        "job = ps.Transcoder(ps.TranscodeOptions('in.wav', 'out.caf', sample_rate=44100,"
        " duration=20.0))\n"
        "done = []\n"
        "thread = threading.Thread(target=lambda: done.append(job.run()))\n"
        "thread.start()\n"
        "while not job.progress.frames:\n"
        "    pass\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    del job\n"
        "    sys.exit(5)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "thread.join()\n"
        "print(done[0].frames_encoded, sorted(os.listdir()))\n",
        tmp_path,
    )
    assert result.stdout.splitlines() == ["5", "882000 ['in.wav', 'out.caf']"]


@pytest.mark.parametrize(
    ("end", "place"),
    [("pass", "'out.au'"), ("sys.exit(3)", "Nothing()"), ("1/0", "Nothing()")],
)
def test_the_end_of_the_program(end, place, slow, tmp_path):
    result = run_python(
        "import os, sys, threading, pastream_ng as ps\n"
        "os.chdir(sys.argv[1])\n"
        "class Nothing:\n"
        "    def write(self, data):\n"
        "        return len(data)\n"
        f"options = ps.TranscodeOptions('in.wav', {place}, format='AU', sample_rate=44100)\n"
        "job = ps.Transcoder(options)\n"
        "threading.Thread(target=job.run, daemon=True).start()\n"
        "while not job.progress.frames:\n"
        "    pass\n"
        f"{end}\n",
        tmp_path,
        check=False,
    )
    assert result.returncode == {"pass": 0, "sys.exit(3)": 3, "1/0": 1}[end]
    assert "Fatal" not in result.stderr
    assert os.listdir(tmp_path) == ["in.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at Linux' own files")
def test_nothing_is_left_open(quick):
    def count():
        return len(os.listdir("/proc/self/fd"))

    options = quick.overwrite()
    ps.Transcoder(options).run()
    before = count()
    for _ in range(20):
        ps.Transcoder(options).run()
        job = ps.Transcoder(options.copy().output("/nowhere/out.wav"))
        with pytest.raises(FileNotFoundError):
            job.run()
        job = ps.Transcoder(options.copy().start_time(9.0))
        with pytest.raises(ps.ArgumentError):
            job.run()
    del job
    until(lambda: count() <= before)
