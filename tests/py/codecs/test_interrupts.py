# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Ctrl-C ends waits for pipes, and whatever takes long."""

import io
import os
import signal
import threading
import time

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import until


def interrupt_soon():
    """Send SIGINT once the main thread waits for a pipe, and not before."""

    def send():
        until(lambda: any(thread.name == "pastream_ng pipe" for thread in threading.enumerate()))
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def wav_header():
    place = io.BytesIO()
    ps.write(place, np.zeros(100_000), 8000, format="WAV")
    return place.getvalue()[:2000]


@pytest.mark.parametrize("sent", [b"", wav_header()[:20]])
def test_an_open_that_waits_for_a_pipe(pipe, sent):
    os.write(pipe[1], sent)
    sender = interrupt_soon()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ps.SoundFile(pipe[0], closefd=False)
    assert time.monotonic() - begin < 20
    sender.join()


def test_a_read_that_waits_for_a_pipe(pipe):
    os.write(pipe[1], wav_header())
    with ps.SoundFile(pipe[0], closefd=False) as file:
        sender = interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            file.read(50_000)
        sender.join()


def write_too_much(end):
    with ps.SoundFile(end, "w", 8000, 1, format="AU", closefd=False) as file:
        file.write(np.zeros(1_000_000))


def test_a_write_that_waits_for_a_pipe(pipe):
    sender = interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        write_too_much(pipe[1])
    sender.join()


def test_reads_of_pipes_work_on_any_thread(pipe):
    got = []

    def read():
        with ps.SoundFile(pipe[0], closefd=False) as file:
            got.append(len(file.read(500)))

    reader = threading.Thread(target=read)
    reader.start()
    os.write(pipe[1], wav_header())
    reader.join()
    assert got == [500]
