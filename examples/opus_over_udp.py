# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Send sound over a network that loses packets: Opus in RTP over UDP.

Without options, what the microphone hears goes to this machine itself over a network that loses a
tenth of all packets and delays the others at random, and is played. Takes the seconds to run as an
argument. ``--listen`` and ``--send`` are the two ends on two machines.
"""

import argparse
import heapq
import math
import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

import pastream_ng as ps

RATE = 48000  # Timestamps of Opus in RTP always count at this rate (RFC 7587).
PACKET_MS = 20
PACKET_SAMPLES = RATE * PACKET_MS // 1000
LONGEST_GAP = RATE  # After a longer one it is another stream.
N_ENDS = 8
PAUSE_BYTES = 2  # So short is a packet that says: silence goes on. It need not be sent.
# Version 2 and the payload type 111; number, timestamp, and who sends (RFC 3550). The last
# datagrams have the marker bit set, and nothing in them but the time of the end.
RTP = struct.Struct(">BBHII")
MARKER = 0x80
PAYLOAD_TYPE = 111


@dataclass
class Datagram:
    """A packet of the stream, with numbers that do not wrap around."""

    number: int
    timestamp: int
    payload: bytes
    is_end: bool


def unwrapped(value: int, near: int, bits: int) -> int:
    """Return the number whose lowest bits are value, and that is closest to another one."""
    half = 1 << (bits - 1)
    return near + ((value - near + half) & (2 * half - 1)) - half


class Sender:
    """Encodes sound and makes datagrams of it."""

    def __init__(self, send: Callable[[bytes], object], expected_loss: int = 10) -> None:
        self._send = send
        self._source = random.getrandbits(32)
        self._number = 0
        self._encoder = ps.Encoder(
            "opus",
            ps.OpusEncoderConfig(
                ps.AudioFormat(RATE, 1, "f32", planar=False),
                chunk_samples=PACKET_SAMPLES,
                bitrate=32_000,
                packet_ms=PACKET_MS,
                application="voip",
                fec=True,  # Each packet says a little of the one before it.
                expected_loss=expected_loss,
                dtx=True,  # Silence takes next to no packets.
            ),
        )
        self.samples = 0  # That were sent, with the encoder's delay.

    def put(self, sound: np.ndarray) -> None:
        """Send sound, (samples, 1), as soon as it fills packets."""
        for packet in self._encoder.encode(sound):
            self._put_packet(packet)

    def finish(self) -> None:
        """Send what the encoder still holds."""
        for packet in self._encoder.flush():
            self._put_packet(packet)

    def tell_end(self) -> None:
        """Send that it is the end: in the place of packets, and often, as it may get lost."""
        self._put_datagram(b"", MARKER)

    def _put_packet(self, packet: ps.Packet) -> None:
        if len(packet.data) > PAUSE_BYTES:
            self._put_datagram(packet.data, 0)
        self.samples += packet.duration or 0

    def _put_datagram(self, payload: bytes, marker: int) -> None:
        number, timestamp = self._number & 0xFFFF, self.samples & 0xFFFFFFFF
        self._send(RTP.pack(0x80, marker | PAYLOAD_TYPE, number, timestamp, self._source) + payload)
        self._number += 1


class BadNetwork:
    """Loses, doubles and delays datagrams; the same seed does the same again."""

    def __init__(
        self,
        send: Callable[[bytes], object],
        loss: float = 0.0,
        jitter: float = 0.0,
        doubles: float = 0.0,
        seed: int = 1,
    ) -> None:
        self._send = send
        self._loss, self._jitter, self._doubles = loss, jitter, doubles
        self._random = random.Random(seed)
        self._waiting: list[tuple[float, int, bytes]] = []
        self._n_taken = 0
        self.lost = 0

    def put(self, datagram: bytes, now: float) -> None:
        """Take a datagram at a time in seconds."""
        if self._random.random() < self._loss:
            self.lost += 1
            return
        for _ in range(2 if self._random.random() < self._doubles else 1):
            due = now + self._random.random() * self._jitter
            heapq.heappush(self._waiting, (due, self._n_taken, datagram))
            self._n_taken += 1

    def deliver(self, now: float) -> None:
        """Send what is due by now."""
        while self._waiting and self._waiting[0][0] <= now:
            self._send(heapq.heappop(self._waiting)[2])


class JitterBuffer:
    """Puts datagrams in order.

    A missing one is waited for until another one that is `depth` later has come. So many have to be
    there before the first one goes out: it may not be the first that was sent.
    """

    def __init__(self, depth: int = 4) -> None:
        self._depth = depth
        self._waiting: dict[int, Datagram] = {}
        self._next: int | None = None
        self._given: deque[int] = deque(maxlen=256)
        self._source: int | None = None
        self._newest = Datagram(0, 0, b"", False)
        self.late = 0
        self.doubled = 0
        self.has_ended = False

    def put(self, data: bytes) -> Iterator[Datagram]:
        """Take a datagram as it came, and give those whose turn it is."""
        datagram = self._parsed(data)
        if datagram is None:
            return
        if datagram.number in self._waiting or datagram.number in self._given:
            self.doubled += 1
        elif self._next is not None and datagram.number < self._next:
            self.late += 1
        else:
            self._waiting[datagram.number] = datagram
        yield from self._taken()

    def drain(self) -> Iterator[Datagram]:
        """Give all that is left: nothing more will come."""
        self._depth = 0
        yield from self._taken()

    def _parsed(self, data: bytes) -> Datagram | None:
        if len(data) < RTP.size:
            return None
        version, kind, number, timestamp, source = RTP.unpack_from(data)
        self._source = source if self._source is None else self._source
        if version != 0x80 or kind & ~MARKER != PAYLOAD_TYPE or source != self._source:
            return None
        datagram = Datagram(
            unwrapped(number, self._newest.number, 16),
            unwrapped(timestamp, self._newest.timestamp, 32),
            data[RTP.size :],
            bool(kind & MARKER),
        )
        if datagram.number > self._newest.number:
            self._newest = datagram
        return datagram

    def _taken(self) -> Iterator[Datagram]:
        has_end = any(datagram.is_end for datagram in self._waiting.values())
        if self._next is None:
            if not self._waiting or (len(self._waiting) < self._depth and not has_end):
                return
            self._next = min(self._waiting)
        while self._waiting:
            if self._next not in self._waiting:
                if max(self._waiting) - self._next < self._depth:
                    return
                self._next = min(self._waiting)  # What is missing is given up.
            datagram = self._waiting.pop(self._next)
            self.has_ended = self.has_ended or datagram.is_end
            self._next += 1
            self._given.append(datagram.number)
            yield datagram


class Receiver:
    """Makes sound of datagrams, as long as what was sent, whatever was lost."""

    def __init__(self, play: Callable[[np.ndarray], object], depth: int = 4) -> None:
        self._play = play
        self._buffer = JitterBuffer(depth)
        self._decoder = ps.Decoder("opus", ps.OpusDecoderConfig(chunk_samples=None, channels=1))
        self._due: int | None = None  # Timestamp of the next sample.
        self._last: int | None = None  # Number of the datagram before.
        self.received = 0  # Samples that were decoded,
        self.concealed = 0  # made up for datagrams that were lost,
        self.paused = 0  # or for those that were not sent, as there was silence,
        self.missed = 0  # and sent before the first that came.
        self.broken = 0  # Datagrams that made no sense.

    @property
    def buffer(self) -> JitterBuffer:
        """Where datagrams wait for their turn."""
        return self._buffer

    def put(self, data: bytes) -> None:
        """Take a datagram as it came."""
        for datagram in self._buffer.put(data):
            self._take(datagram)

    def finish(self) -> None:
        """Play what still waits for something that did not come."""
        for datagram in self._buffer.drain():
            self._take(datagram)

    def _take(self, datagram: Datagram) -> None:
        if self._due is None:
            self._due = self.missed = datagram.timestamp
        gap = datagram.timestamp - self._due
        follows = datagram.number - 1 == self._last
        self._last = datagram.number
        if not 0 <= gap <= LONGEST_GAP:
            self._decoder.reset()
            self._due = datagram.timestamp
        elif gap > 0 and follows:
            self.paused += self._conceal(gap, None)
        elif gap > 0:
            self.concealed += self._conceal(gap, datagram.payload or None)
        if not datagram.payload:
            return
        try:
            self._decoder.put_frame(datagram.payload)
        except ps.FileFormatError:  # As if it had not come.
            self.broken += 1
            self._last = None
            return
        self.received += self._give()

    def _conceal(self, samples: int, following: bytes | None) -> int:
        try:
            self._decoder.conceal(samples, following)
        except ps.FileFormatError:  # What follows is broken, too.
            self._decoder.conceal(samples)
        return self._give()

    def _give(self) -> int:
        sound = self._decoder.get_frame(layout="interleaved")
        assert sound is not None
        assert self._due is not None
        self._due += len(sound)
        self._play(sound)
        return len(sound)


# ---- The two ends ------------------------------------------------------------------------------


def blocks(file: str | None, seconds: float) -> Iterator[np.ndarray]:
    """Give sound as fast as it lasts: of a file, or of the microphone."""
    if file is None:
        frames = round(seconds * RATE)
        yield from ps.chunks(
            PACKET_SAMPLES, frames=frames, channels=1, samplerate=RATE, always_2d=True
        )
        return
    sound, rate = ps.read(file, dtype="float32", always_2d=True)
    mono = ps.resample(sound.mean(axis=1, keepdims=True), rate, RATE)[: round(seconds * RATE)]
    start = time.monotonic()
    for at in range(0, len(mono), PACKET_SAMPLES):
        yield mono[at : at + PACKET_SAMPLES]
        time.sleep(max(0.0, start + (at + PACKET_SAMPLES) / RATE - time.monotonic()))


def send(address: tuple[str, int], options: argparse.Namespace) -> None:
    """Send until the sound ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        network = BadNetwork(
            lambda data: sock.sendto(data, address),
            options.loss,
            options.jitter,
            doubles=0.02 if options.loss > 0 else 0.0,
            seed=options.seed,
        )
        sender = Sender(lambda data: network.put(data, time.monotonic()))
        for block in blocks(options.input, options.seconds):
            sender.put(block)
            network.deliver(time.monotonic())
        sender.finish()
        for _ in range(N_ENDS):
            sender.tell_end()
            time.sleep(PACKET_MS / 1000)
            network.deliver(time.monotonic())
        network.deliver(math.inf)
    print(f"sent {sender.samples} samples; {network.lost} datagrams were lost on the way")


def receive(sock: socket.socket, options: argparse.Namespace) -> None:
    """Play, or write to a file, until the end was sent or nothing has come for a while."""
    if options.output is not None:
        with ps.SoundFile(options.output, "w", RATE, 1, "PCM_16") as file:
            receiver = Receiver(file.write, options.depth)
            listen(sock, receiver)
    else:
        with ps.OutputStream(samplerate=RATE, channels=1, buffersize=RATE) as stream:
            ring = stream.output_ring

            def play(sound: np.ndarray) -> None:
                # The sender's clock may be faster than this one: what does not fit is left out.
                ring.write(sound[: ring.write_available])
                if not stream.active and RATE - ring.write_available >= 3 * PACKET_SAMPLES:
                    stream.start()

            receiver = Receiver(play, options.depth)
            listen(sock, receiver)
            ring.end()
            if not stream.active:
                stream.start()
            stream.wait(timeout=10)
    print(
        f"received {receiver.received} samples, concealed {receiver.concealed}, "
        f"paused {receiver.paused}, missed {receiver.missed} at the start; "
        f"{receiver.buffer.late} late and {receiver.buffer.doubled} double datagrams"
    )


def listen(sock: socket.socket, receiver: Receiver) -> None:
    """Give datagrams to a receiver."""
    sock.settimeout(2.0)
    try:
        while not receiver.buffer.has_ended:
            receiver.put(sock.recv(65536))
    except TimeoutError:
        receiver.finish()


def address_of(text: str) -> tuple[str, int]:
    """Take HOST:PORT apart."""
    host, _, port = text.rpartition(":")
    return host or "127.0.0.1", int(port)


def main() -> None:
    """Be one of the ends, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=10.0)
    parser.add_argument("--send", type=address_of, metavar="HOST:PORT")
    parser.add_argument("--listen", type=address_of, metavar="HOST:PORT")
    parser.add_argument("--input", metavar="FILE", help="instead of the microphone")
    parser.add_argument("--output", metavar="FILE", help="instead of playing")
    parser.add_argument("--loss", type=float, default=None, help="share of datagrams, 0 to 1")
    parser.add_argument("--jitter", type=float, default=None, help="seconds of random delay")
    parser.add_argument("--seed", type=int, default=1, help="of what the network does")
    parser.add_argument("--depth", type=int, default=4, help="packets to wait for a missing one")
    options = parser.parse_args()
    is_demo = options.send is None and options.listen is None
    options.loss = (0.1 if is_demo else 0.0) if options.loss is None else options.loss
    options.jitter = (0.05 if is_demo else 0.0) if options.jitter is None else options.jitter
    if options.send is not None:
        send(options.send, options)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(options.listen or ("127.0.0.1", 0))
        if not is_demo:
            receive(sock, options)
            return
        listener = threading.Thread(target=receive, args=(sock, options))
        listener.start()
        send(sock.getsockname(), options)
        listener.join()


if __name__ == "__main__":
    main()
