# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a JACK server, while Python is kept busy."""

import dataclasses
import time

import numpy as np
from servers.counting import continuity, ramp
from servers.gil_hold import GilHog
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000


def _report(samples, stream, **more):
    stats = stream.stats
    return {
        **dataclasses.asdict(continuity(samples)),
        "stats": {name: getattr(stats, name) for name in _COUNTS},
        "latency": stream.latency,
        **more,
    }


_COUNTS = (
    "frames",
    "captured_frames",
    "dropped_frames",
    "lost_frames",
    "inserted_frames",
    "xruns",
    "min_block",
    "max_block",
)


def other_rate(device, rate):
    """Capture a second at a rate that the server does not have."""
    try:
        ps.InputStream(device, samplerate=rate, channels=1).close()
        refusal = ""
    except ps.UnsupportedSettingsError as error:
        refusal = str(error)
    with ps.InputStream(device, rate, 1, device_samplerate="auto") as stream:
        captured = sum(len(chunk) for chunk in stream.chunks(441, frames=rate, timeout=20))
        return {"refusal": refusal, "captured": captured, "rate": stream.samplerate}


def priority(device):
    """Capture a moment; tell the priority of the audio thread."""
    with ps.InputStream(device, RATE, 1) as stream:
        captured = sum(map(len, stream.chunks(441, frames=4410, timeout=20)))
        return {"captured": captured, "priority": stream.stats.thread_priority}


def named(device, name):
    """Capture under a name of our own until told to end."""
    ps.set_application_name(name)
    with ps.InputStream(device, RATE, 1) as stream:
        stream.start()
        tell("running")
        wait_for_word()
        return {}


def chunks_while_held(device, seconds, hold, blocksize):
    """Collect a chunk loop's frames while one C call after another holds the GIL."""
    kept, infos = [], []
    hog = GilHog(hold)
    with ps.InputStream(device, samplerate=RATE, channels=1, blocksize=blocksize) as stream:
        for chunk, info in stream.chunks(128, with_info=True):
            kept.append(chunk)
            infos.append((info.frame, info.lost))
            if len(kept) == 10:
                hog.start()
            if len(kept) * 128 >= seconds * RATE:
                # Control calls are many calls into C: each would wait for Python once more.
                hog.stop()
                break
        report = _report(np.concatenate(kept), stream, holds=hog.n_holds, longest=hog.longest)
    steps = np.diff([frame for frame, _ in infos])
    report["frames_between_chunks"] = sorted({int(step) for step in steps})
    report["lost_by_chunks"] = sum(lost for _, lost in infos)
    return report


def default_loop_while_held(device, seconds, hold):
    """The plainest loop there is, with nothing but defaults."""
    kept, n = [], 0
    hog = GilHog(hold)
    for chunk in ps.chunks(device=device, channels=1):
        kept.append(chunk)
        if n == 0:
            hog.start()
        n += len(chunk)
        if n >= seconds * RATE:
            hog.stop()
            break
    return {**dataclasses.asdict(continuity(np.concatenate(kept))), "longest": hog.longest}


def rec_while_held(device, seconds, hold):
    """Record into an array while the GIL is held."""
    frames = int(seconds * RATE)
    take = ps.rec(frames, RATE, channels=1, device=device, blocksize=128, blocking=False)
    with GilHog(hold) as hog:
        time.sleep(seconds + 0.5)
    ps.wait()
    return _report(take[:, 0], ps.get_stream(), longest=hog.longest)


def readers_and_reads(device):
    """Capture by a reader, twice, with a finished-callback; then by blocking reads."""
    runs, ends = [], []

    def reader(stream, ring):
        parts = []
        while len(part := ring.read(480, timeout=10)):
            parts.append(part)
        runs.append(dataclasses.asdict(continuity(np.concatenate(parts))))

    with ps.InputStream(
        device,
        RATE,
        1,
        blocksize=128,
        frames=RATE // 2,
        reader=reader,
        finished_callback=lambda stream: ends.append(str(stream.state.name)),
    ) as stream:
        for _ in range(2):
            stream.start()
            stream.wait(20)
        stream.set_sink(None)
        stream.frames = -1
        stream.start()
        read = np.concatenate([stream.read(1000, timeout=10) for _ in range(20)])
        stream.stop()
        return _report(read, stream, runs=runs, ends=ends)


def recordings_while_held(device, seconds, hold):
    """Record two takes at once, with a ring that is much shorter than the GIL is held."""
    with ps.InputStream(device, RATE, 1, blocksize=128, buffersize=RATE // 4) as stream:
        whole = stream.recording()
        second = stream.recording(at=RATE)
        stream.start()
        with GilHog(hold) as hog:
            time.sleep(seconds)
        stream.stop()
        return _report(
            whole.array(10),
            stream,
            longest=hog.longest,
            lost=whole.lost,
            second=dataclasses.asdict(continuity(second.array(10))),
            offset=int(second.data[0] - whole.data[0]),
        )


def duplex_while_held(device, seconds, hold, blocksize):
    """Play numbered frames and record others at once, with Python held up."""
    data = ramp(int(seconds * RATE), first=1)
    with ps.DuplexStream(device, RATE, channels=1, blocksize=blocksize) as stream:
        # Silence keeps the host busy until the connections are there.
        stream.start()
        tell("running")
        assert wait_for_word() == "connected"
        kept, n, hog = [], 0, GilHog(hold)
        stream.output_ring.write(data)
        for chunk in stream.chunks(128):
            kept.append(chunk)
            if n == 0:
                hog.start()
            n += len(chunk)
            if n >= (seconds + 1) * RATE:
                hog.stop()
                break
        losses = [e.frame for e in stream.events() if e.kind == ps.EventKind.DEVICE_LOSS]
        return _report(np.concatenate(kept), stream, longest=hog.longest, losses=losses)


def mapped(device):
    """Play on the second port and hear the second port first."""
    data = ramp(4800, first=1)
    with ps.DuplexStream(device, RATE, blocksize=128, mapping=([2, 1], [2])) as stream:
        stream.start()
        tell("running")
        assert wait_for_word() == "connected"
        stream.output_ring.write(data)
        chosen, other = [], 0
        for chunk in stream.chunks(128, frames=20 * RATE):
            chosen.append(chunk[:, 0])
            other += np.count_nonzero(chunk[:, 1])
            if chunk[:, 0].max() == data[-1]:
                break
        heard = np.concatenate(chosen)
        first = int(heard.argmax()) - (len(data) - 1)
        return {
            "heard": np.array_equal(heard[first : first + len(data)], data),
            "other": int(other),
            "channels": stream.channels,
        }


def count_losses(device, seconds):
    """Compare what the counter shows with what the stream says; the server waits for nobody."""
    kept, gaps, at = [], [], 0
    with ps.InputStream(device, samplerate=RATE, channels=1, blocksize=128) as stream:
        tell("running")
        for chunk, info in stream.chunks(128, with_info=True):
            if info.lost:
                gaps.append([at, info.lost])
            kept.append(chunk)
            at += len(chunk)
            if info.frame >= seconds * RATE:
                break
        return _report(np.concatenate(kept), stream, gaps=gaps)


def play_odd_numbers(keep_nonfinite):
    """Play NaN and infinities between numbers that are fine, to whatever is connected."""
    odd = np.array([0.5, np.nan, np.inf, -np.inf, 0.25], "float32")
    with ps.OutputStream("system", RATE, channels=1, keep_nonfinite=keep_nonfinite) as stream:
        stream.start()
        tell("running")
        assert wait_for_word() == "connected"
        with stream.output_ring.write_view(len(odd)) as frames:
            frames[:] = odd
        stream.output_ring.end()
        assert stream.wait(20)
        return stream.stats.nonfinite_samples


def rhythm(beats, distance, hold):
    """Schedule beats ahead, and hold the GIL while they are played."""
    with ps.Mixer("system", RATE, channels=1, blocksize=128) as mixer:
        mixer.start()
        tell("running")
        assert wait_for_word() == "connected"
        began = mixer.frame_count + RATE // 4
        click = np.full(10, 0.5, "float32")
        voices = [mixer.play(click, at=began + distance * beat) for beat in range(beats)]
        with GilHog(hold) as hog:
            assert mixer.wait(30)
        return {
            "started": [voice.status.started - began for voice in voices],
            "late": max(voice.status.late_frames for voice in voices),
            "lost": mixer.stats.lost_frames,
            "longest": hog.longest,
        }
