# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Broadcast a microphone to browsers on this machine: Opus by WebCodecs, or MP3 by MediaSource.

Takes the seconds to run; for ever without. Open the address that it prints. Needs ``websockets``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

import pastream_ng as ps

RATE = 48000
CHUNK = 960  # 20 ms
MOST_WAITING = 50  # Packets, for each listener: a second.
PATIENCE = 5.0  # Seconds that a listener may take nothing.
FORMAT = ps.AudioFormat(RATE, 1, "f32", planar=False)


def new_encoder(kind: str) -> ps.Encoder:
    """Return an encoder that wastes no time: each chunk goes out as soon as it is whole."""
    if kind == "opus":
        return ps.Encoder("opus", ps.OpusEncoderConfig(FORMAT, CHUNK, 64_000))
    return ps.Encoder("mp3", ps.Mp3EncoderConfig(FORMAT, CHUNK, 128_000))


class Listener:
    """Who listens. What it is too slow for it misses; nobody waits for it."""

    def __init__(self, connection: Any, number: int) -> None:
        self.connection = connection
        self.number = number
        self.skipped = 0
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self._last_sent = time.monotonic()

    def offer(self, message: bytes) -> bool:
        """Take a message, for the oldest one if need be. Return whether the listener is alive."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self.skipped += 1
        self._waiting.put_nowait(message)
        return time.monotonic() - self._last_sent < PATIENCE

    async def serve(self) -> None:
        """Send what was offered, as fast as the listener takes it."""
        while True:
            message = await self._waiting.get()
            await self.connection.send(message)
            self._last_sent = time.monotonic()


class Station:
    """One kind of packets, and all who listen to it. Without listeners nothing is encoded."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.encoder = new_encoder(kind)
        self.listeners: set[Listener] = set()

    def hello(self) -> str:
        """Return what a listener has to know first."""
        head = self.encoder.extradata or b""
        return json.dumps({"rate": RATE, "channels": FORMAT.channels, "head": list(head)})

    def play(self, chunk: Any, pts: int) -> None:
        """Send a chunk of sound to all who listen."""
        if not self.listeners:
            return
        for packet in self.encoder.encode(chunk, pts):
            message = (packet.pts or 0).to_bytes(8, "big", signed=True) + packet.data
            for listener in list(self.listeners):
                if not listener.offer(message):
                    print(f"listener {listener.number} takes nothing and is dropped", flush=True)
                    self.listeners.discard(listener)
                    listener.connection.transport.abort()


class Radio:
    """All stations."""

    def __init__(self) -> None:
        self.stations = {kind: Station(kind) for kind in ("opus", "mp3")}
        self._n_listeners = 0

    async def welcome(self, connection: ServerConnection) -> None:
        """Serve one listener, until it goes away."""
        path = connection.request.path if connection.request else ""
        station = self.stations.get(path.strip("/"))
        if station is None:
            await connection.close(1008, "there is /opus and /mp3")
            return
        # So that what a slow listener has not taken waits here, where it can be skipped.
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        self._n_listeners += 1
        listener = Listener(connection, self._n_listeners)
        await connection.send(station.hello())
        station.listeners.add(listener)
        print(f"listener {listener.number} wants {station.kind}", flush=True)
        sending = asyncio.create_task(listener.serve())
        try:
            async for report in connection:
                told = json.loads(report)
                print(
                    f"listener {listener.number} heard {told['seconds']:.1f} s of {station.kind}, "
                    f"peak {told['peak']:.2f}, skipped {listener.skipped}",
                    flush=True,
                )
        except ConnectionClosed:
            pass
        finally:
            station.listeners.discard(listener)
            sending.cancel()

    async def run(self, source: AsyncIterator[Any]) -> None:
        """Play a source to all stations."""
        frame = 0
        async for chunk in source:
            for station in self.stations.values():
                station.play(chunk, frame)
            frame += len(chunk)


async def microphone(frames: int | None) -> AsyncIterator[Any]:
    """Give what the default input device hears."""
    with ps.InputStream(samplerate=RATE, channels=1) as stream:
        async for chunk in stream.chunks(CHUNK, frames=frames):
            yield chunk


async def tone(frames: int | None) -> AsyncIterator[Any]:
    """Give a tone, a chunk at a time, as a device would."""
    start, n = time.monotonic(), 0
    while frames is None or n < frames:
        t = (n + np.arange(CHUNK)) / RATE
        yield (0.5 * np.sin(2 * np.pi * 440 * t)).astype("float32")[:, None]
        n += CHUNK
        await asyncio.sleep(max(0, start + n / RATE - time.monotonic()))


def page(connection: ServerConnection, request: Request) -> Response | None:
    """Answer a browser that asks for the page, and leave all others to `Radio.welcome`."""
    if "Upgrade" in request.headers:
        return None
    text = Path(__file__).with_name("websocket_radio.html").read_text(encoding="utf-8")
    found = request.path == "/"
    response = connection.respond(200 if found else 404, text if found else "There is only /.\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "text/html; charset=utf-8" if found else "text/plain"
    return response


async def main() -> None:
    """Broadcast for the time that was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("seconds", nargs="?", type=float)
    arguments.add_argument("--port", type=int, default=0, help="0: any that is free")
    arguments.add_argument("--tone", action="store_true", help="instead of the microphone")
    told = arguments.parse_args()
    frames = None if told.seconds is None else round(told.seconds * RATE)
    radio = Radio()
    async with serve(
        radio.welcome, "127.0.0.1", told.port, process_request=page, compression=None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"http://127.0.0.1:{port}/", flush=True)
        await radio.run(tone(frames) if told.tone else microphone(frames))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
