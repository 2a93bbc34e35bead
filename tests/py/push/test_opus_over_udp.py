# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The example that sends Opus over a network: whatever that does, every sample is accounted for."""

import importlib.util
import math
import re
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

pytestmark = pytest.mark.skipif(
    not any(codec.name == "opus_packets" for codec in ps.available_codecs()),
    reason="this build has no Opus",
)

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "opus_over_udp.py"


@pytest.fixture(scope="module")
def udp():
    spec = importlib.util.spec_from_file_location("opus_over_udp", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Dataclasses look there.
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def speech(n):
    """Return something like speech: a buzz in syllables."""
    t = np.arange(n) / 48000
    phase = np.cumsum(2 * np.pi * (120 + 30 * np.sin(2 * t)) / 48000)
    x = sum(np.sin(k * phase) / (1 + np.abs(k - 4 - 3 * np.sin(5 * t))) for k in range(1, 13)) * (
        0.55 + 0.45 * np.sin(2 * np.pi * 3 * t)
    )
    return (0.12 * x).astype(np.float32)[:, np.newaxis]


SPEECH = speech(48000)


class Run:
    """One second of speech through a network, without a clock."""

    def __init__(self, udp, depth=4, change=None, prepare=None, sound=SPEECH, **network):
        self.parts = []
        self.receiver = udp.Receiver(lambda sound: self.parts.append(sound.copy()), depth)
        change = change or (lambda data: data)
        self.network = udp.BadNetwork(lambda data: self.receiver.put(change(data)), **network)
        now = 0.0
        self.sender = udp.Sender(lambda data: self.network.put(data, now))
        if prepare:
            prepare(self.sender, self.receiver)
        first = self.sender.samples
        for at in range(0, len(sound), 960):
            now = at / 48000
            self.sender.put(sound[at : at + 960])
            self.network.deliver(now)
        self.sender.finish()
        for _ in range(udp.N_ENDS):
            now += 0.02
            self.sender.tell_end()
            self.network.deliver(now)
        self.network.deliver(math.inf)
        self.receiver.finish()
        self.sent = self.sender.samples - first
        self.heard = np.concatenate([np.zeros((0, 1), np.float32), *self.parts])

    def check(self):
        receiver = self.receiver
        heard = receiver.received + receiver.concealed + receiver.paused
        assert receiver.missed + heard == self.sent
        assert len(self.heard) == heard
        assert receiver.received % 960 == 0

    def snr(self):
        """Return how close it is to what was said, in dB."""
        heard = self.heard[312:][: len(SPEECH)]
        said = SPEECH[self.receiver.missed :][: len(heard)]
        return 10 * np.log10(np.sum(said**2) / np.sum((said - heard[: len(said)]) ** 2))


def test_a_good_network_changes_nothing(udp):
    run = Run(udp)
    run.check()
    receiver = run.receiver
    assert (receiver.concealed, receiver.missed, receiver.broken) == (0, 0, 0)
    assert (receiver.buffer.late, receiver.buffer.doubled) == (0, 0)
    assert receiver.buffer.has_ended
    assert run.snr() > 6


def test_order_and_doubles_do_not_matter(udp):
    good = Run(udp)
    doubled = Run(udp, doubles=1.0)
    doubled.check()
    assert doubled.receiver.buffer.doubled >= 51
    assert np.array_equal(doubled.heard, good.heard)
    # No packet comes more than two behind the next.
    shuffled = Run(udp, jitter=0.05, doubles=0.3)
    shuffled.check()
    assert shuffled.receiver.buffer.late == 0
    assert np.array_equal(shuffled.heard, good.heard)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_lost_is_concealed(udp, seed):
    run = Run(udp, loss=0.15, jitter=0.03, doubles=0.1, seed=seed)
    run.check()
    assert run.network.lost > 0
    assert run.receiver.concealed > 0
    assert run.receiver.concealed % 960 == 0
    again = Run(udp, loss=0.15, jitter=0.03, doubles=0.1, seed=seed)
    assert np.array_equal(again.heard, run.heard)


def test_what_comes_too_late_is_lost(udp):
    run = Run(udp, jitter=0.3, depth=2)
    run.check()
    assert run.receiver.buffer.late > 0
    assert run.receiver.concealed > 0


def test_the_next_packet_restores_the_lost_one(udp, monkeypatch):
    def lossy():
        return Run(udp, change=None, loss=0.1, seed=3)

    restored = lossy()
    monkeypatch.setattr(
        udp.Receiver,
        "_conceal",
        lambda self, samples, _, conceal=udp.Receiver._conceal: conceal(self, samples, None),
    )
    concealed = lossy()
    assert concealed.receiver.concealed == restored.receiver.concealed > 0
    assert restored.snr() > concealed.snr() + 1


def test_a_lost_end_is_waited_for_no_longer_than_told(udp):
    def lose_the_end(data):
        return b"" if data[1] & udp.MARKER else data

    run = Run(udp, change=lose_the_end)
    run.check()
    assert not run.receiver.buffer.has_ended
    assert run.receiver.concealed == 0


def test_broken_datagrams_are_concealed_and_strange_ones_passed_over(udp):
    count = iter(range(1000))

    def damage(data):
        return data[: udp.RTP.size] + b"\xff\x00" if next(count) in (0, 7, 8, 20) else data

    run = Run(udp, change=damage)
    run.check()
    assert run.receiver.broken == 4
    assert run.receiver.concealed == 4 * 960
    receiver = run.receiver
    before = receiver.buffer.late, receiver.received
    for strange in (b"", b"\x80", bytes(100), b"\x80\x60" + bytes(50), b"\x80\x6f" + bytes(50)):
        receiver.put(strange)
    assert (receiver.buffer.late, receiver.received) == before


def test_pauses_that_are_not_sent_keep_their_time(udp):
    silence = np.zeros((96000, 1), np.float32)
    run = Run(udp, sound=np.concatenate([SPEECH, silence, SPEECH]))
    run.check()
    receiver = run.receiver
    assert receiver.concealed == 0
    assert receiver.paused > 48000
    assert run.sender._number < 150 + udp.N_ENDS
    assert np.sqrt(np.mean(run.heard[72000:120000] ** 2)) < 1e-3
    assert np.sqrt(np.mean(run.heard[150000:190000] ** 2)) > 0.05
    # Among lost ones, too.
    Run(udp, sound=np.concatenate([SPEECH, silence, SPEECH]), loss=0.2, jitter=0.03).check()


def test_datagrams_without_sound_are_pauses(udp):
    count = iter(range(1000))

    def empty(data):
        return data[: udp.RTP.size] if 10 <= next(count) < 20 else data

    run = Run(udp, change=empty)
    run.check()
    assert (run.receiver.paused, run.receiver.concealed) == (10 * 960, 0)


def test_numbers_wrap_around(udp):
    good = Run(udp, loss=0.1)

    def near_the_end(sender, receiver):
        sender._number = 65530
        sender.samples = 2**32 - 9600

    run = Run(udp, loss=0.1, prepare=near_the_end)
    assert run.receiver.received == good.receiver.received
    assert run.receiver.concealed == good.receiver.concealed
    assert np.array_equal(run.heard, good.heard)


def test_long_gaps_begin_anew(udp):
    sound = np.concatenate([SPEECH, SPEECH, SPEECH])
    count = iter(range(1000))

    def cut_off(data):
        return b"" if 20 <= next(count) < 100 else data

    run = Run(udp, change=cut_off, sound=sound)
    assert run.receiver.concealed == 0
    assert run.receiver.received == run.sent - 80 * 960


def test_two_sockets_and_a_file(udp, tmp_path, capsys):
    ps.write(tmp_path / "in.wav", SPEECH[:24000], 48000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        common = {"loss": 0.2, "jitter": 0.02, "seed": 2, "seconds": 10.0, "depth": 4}
        options = udp.argparse.Namespace(
            input=str(tmp_path / "in.wav"), output=str(tmp_path / "out.wav"), **common
        )
        listener = threading.Thread(target=udp.receive, args=(sock, options))
        listener.start()
        udp.send(sock.getsockname(), options)
        listener.join(20)
        assert not listener.is_alive()
    said = capsys.readouterr().out
    sent, received, concealed, paused, missed = (
        int(re.search(rf"{word} (\d+)", said)[1])
        for word in ("sent", "received", "concealed", "paused", "missed")
    )
    assert sent == received + concealed + paused + missed
    assert concealed > 0
    heard, rate = ps.read(tmp_path / "out.wav")
    assert rate == 48000
    assert len(heard) == received + concealed + paused
