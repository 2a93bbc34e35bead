# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""R9: audio threads with and without realtime priority."""

import dataclasses
import logging

import pytest
import servers.scenario

import pastream_ng as ps
from pastream_ng.streams import advice


def xrun_stream():
    """A stream with an xrun, on what passes for a real device."""
    device = ps.VirtualDevice(clock="free", faults=[ps.Fault("xrun", at=100)])
    stream = ps.InputStream(device, 48000, 1, blocksize=64)
    info = dataclasses.replace(stream.device, is_virtual=False)
    stream._input = stream._input._replace(info=info)
    return stream


def test_R9_a_stream_runs_without_realtime_priority_and_says_so_once(monkeypatch, caplog):
    monkeypatch.setattr(advice, "_told", set())
    for _ in range(2):
        with xrun_stream() as stream, caplog.at_level(logging.WARNING, "pastream_ng"):
            assert sum(map(len, stream.chunks(100, frames=1000))) == 1000
            assert stream.stats.thread_priority == 0
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1
    assert "no realtime priority; 'pastream doctor' tells" in warnings[0]


def test_R9_nothing_is_said_of_virtual_devices(monkeypatch, caplog):
    monkeypatch.setattr(advice, "_told", set())
    device = ps.VirtualDevice(clock="free", faults=[ps.Fault("xrun", at=100)])
    with ps.InputStream(device, 48000, 1, blocksize=64) as stream:
        list(stream.chunks(100, frames=1000))
        assert stream.stats.xruns == 1
    assert not caplog.records


@pytest.mark.parametrize("server", ["jack", "strict_jack"])
def test_R9_the_priority_can_be_read(server, request):
    jack = request.getfixturevalue(server)
    counter = jack.counter()
    try:
        report = servers.scenario.run("jack.py", "priority", env=jack.env, device="counter")
    finally:
        counter.stop()
    # JACK gives the threads of its clients what it has itself.
    assert (report["priority"] > 0) == jack.is_realtime
