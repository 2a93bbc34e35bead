# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The example that broadcasts to browsers: every packet arrives, and the slow hold nobody."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import pastream_ng as ps

from .streams import RATE, STREAMS, can

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "websocket_radio.py"

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("websockets") is None, reason="websockets is not installed"
    ),
    pytest.mark.skipif(
        not (can(STREAMS["opus"]) and can(STREAMS["mp3"])), reason="this build lacks Opus or MP3"
    ),
]


@pytest.fixture
def radio():
    """Run the example with a tone, and give its address and its output."""
    with subprocess.Popen(
        [sys.executable, EXAMPLE, "60", "--tone"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PASTREAM_DEVICE": "loopback"},
    ) as process:
        try:
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address), address
            yield address, process.stdout
        finally:
            process.kill()


def test_the_page_is_there(radio):
    address, _ = radio
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert "AudioDecoder" in answer.read().decode()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address + "etc", timeout=10)


def test_every_listener_gets_every_packet(radio):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    address, output = radio
    address = address.replace("http", "ws")
    with connect(address + "opus") as opus, connect(address + "mp3") as mp3:
        for kind, connection in (("opus", opus), ("mp3", mp3)):
            told = json.loads(connection.recv(timeout=10))
            assert (told["rate"], told["channels"]) == (RATE, 1)
            messages = [connection.recv(timeout=10) for _ in range(20)]
            times = [int.from_bytes(message[:8], "big", signed=True) for message in messages]
            assert set(np.diff(times)) == {960 if kind == "opus" else 1152}
            config = None
            if kind == "opus":
                config = ps.OpusDecoderConfig(extradata=bytes(told["head"]))
            decoder = ps.Decoder(kind, config)
            blocks = [*decoder.decode(message[8:] for message in messages), *decoder.flush()]
            y = np.concatenate(blocks, axis=1)[0, -4800:]
            loudest = np.abs(np.fft.rfft(y * np.hanning(4800))).argmax() * RATE / 4800
            assert loudest == pytest.approx(440, abs=10)
            connection.send(json.dumps({"seconds": 1.0, "peak": 0.5}))
        lines = [output.readline() for _ in range(4)]
        assert any("heard 1.0 s of opus, peak 0.50, skipped 0" in line for line in lines)
    with connect(address + "fm") as other:
        with pytest.raises(ConnectionClosed) as caught:
            other.recv(timeout=10)
        assert caught.value.rcvd.code == 1008


def loaded():
    spec = importlib.util.spec_from_file_location("websocket_radio", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["websocket_radio"] = module  # For its annotations.
    spec.loader.exec_module(module)
    return module


class Connection:
    """A connection that takes messages, or nothing."""

    def __init__(self, takes):
        self.takes = takes
        self.got = []
        self.transport = self
        self.is_dropped = False

    async def send(self, message):
        while not self.takes:
            await asyncio.sleep(3600)
        self.got.append(message)

    def abort(self):
        self.is_dropped = True


def test_a_slow_listener_skips_and_is_dropped_and_holds_nobody(monkeypatch, capsys):
    module = loaded()
    chunk = np.zeros((960, 1), "float32")

    async def run():
        station = module.Station("opus")
        quick, slow = Connection(True), Connection(False)
        listeners = [module.Listener(quick, 1), module.Listener(slow, 2)]
        station.listeners.update(listeners)
        tasks = [asyncio.create_task(listener.serve()) for listener in listeners]
        for n in range(200):
            station.play(chunk, n * 960)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert len(quick.got) == 200
        assert listeners[0].skipped == 0
        # One is on its way, and so many wait.
        assert listeners[1].skipped == 200 - 1 - module.MOST_WAITING
        assert not slow.is_dropped
        monkeypatch.setattr(module, "PATIENCE", -1.0)
        listeners[0]._last_sent += 3600
        station.play(chunk, 200 * 960)
        assert slow.is_dropped
        assert not quick.is_dropped
        assert station.listeners == {listeners[0]}
        for task in tasks:
            task.cancel()

    asyncio.run(run())
    assert "listener 2 takes nothing and is dropped" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
@pytest.mark.parametrize("kind", ["opus", "mp3"])
def test_a_browser_plays_it(radio, tmp_path, kind):
    address, output = radio
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu"]
    command += ["--autoplay-policy=no-user-gesture-required", f"--user-data-dir={tmp_path}"]
    with subprocess.Popen(
        [*command, f"{address}#{kind}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as browser:
        # Whatever happens to the browser, the test comes to an end.
        late = threading.Timer(60, lambda: os.killpg(browser.pid, 9))
        late.start()
        try:
            heard = re.compile(rf"heard (\d+\.\d) s of {kind}, peak (\d\.\d\d)")
            for line in output:
                found = heard.search(line)
                if found and float(found[1]) >= 1 and float(found[2]) > 0.4:
                    break
                assert browser.poll() is None
            else:
                pytest.fail("the radio has ended")
        finally:
            late.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, 9)
