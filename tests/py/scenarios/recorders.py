# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders in a process that is held up, killed, interrupted or simply ends."""

import dataclasses
import gc
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
from servers.counting import continuity
from servers.gil_hold import GilHog
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000
# One of each kind: name -> arguments.
KINDS = {
    "a.wav": {},
    "a.rf64": {},
    "a.aiff": {},
    "a.au": {},
    "a.caf": {},
    "a.w64": {},
    "a.flac": {},
    "b.oga": {"subtype": "FLAC"},
    "a.opus": {},
    "a.ogg": {"subtype": "VORBIS"},
    "a.mp3": {},
    "a.aac": {},
    "a.m4a": {},
}


def kinds():
    """Return those that this build can write; 14 recorders fit on one stream."""
    made = {}
    for name, options in KINDS.items():
        try:
            ps.Recorder(name, device="null", samplerate=RATE, channels=1, **options).close()
        except ps.CodecMissingError:
            continue
        made[name] = options
    return made


def _all(stream, folder, names, **more):
    return {
        name: ps.Recorder(Path(folder, name), stream=stream, **options, **more)
        for name, options in names.items()
    }


def all_kinds_while_held(device, folder, seconds, hold):
    """Record a counter into a file of each kind, while one C call after another holds the GIL."""
    names = kinds()
    with ps.InputStream(device, RATE, channels=1, blocksize=128) as stream:
        recs = _all(stream, folder, names)
        for rec in recs.values():
            rec.start()
        stream.start()
        with GilHog(hold) as hog:
            time.sleep(seconds)
        # Each of the calls that follow would have waited for Python once more.
        stream.stop()
        for rec in recs.values():
            rec.wait(60)
        stats = dataclasses.asdict(stream.stats)
    report, samples = {}, {}
    for name, rec in recs.items():
        told = rec.stats
        with ps.SoundFile(Path(folder, name)) as file:
            frames = file.read(dtype="float64")
            samples[file.subtype] = frames
        report[name] = {
            "frames": told.frames,
            "lost": told.lost_frames,
            "in_file": len(frames),
            "rounded": None,
            "counter": None,
        }
        if file.subtype == "FLOAT":
            report[name]["counter"] = dataclasses.asdict(continuity(frames))
        elif file.subtype == "PCM_24":
            # In steps of 24 bits with a sign: every second number lies between two of them.
            report[name]["rounded"] = float(np.abs(frames - samples["FLOAT"]).max() * 2**24)
    return {
        "files": report,
        "longest": hog.longest,
        "holds": hog.n_holds,
        "stats": {
            name: stats[name]
            for name in ("frames", "captured_frames", "lost_frames", "dropped_frames", "xruns")
        },
    }


def all_kinds_until_killed(folder, rotates):
    """Record a sine into a file of each kind; tell how far each is until somebody ends this."""
    names = kinds()
    device = ps.VirtualDevice(input="sine")
    more = {"rotate": 0.4} if rotates else {}
    with ps.InputStream(device, RATE, channels=1) as stream:
        recs = _all(stream, folder, names, **more)
        for rec in recs.values():
            rec.start()
        stream.start()
        tell("names " + " ".join(names))
        while True:
            time.sleep(0.02)
            counts = [rec.frames for rec in recs.values()]
            tell("frames " + " ".join(map(str, counts)))


# ---- Ends ----------------------------------------------------------------------------------------

COUNTER = ps.VirtualDevice(input="counter")


def _counting(path, **options):
    return ps.Recorder(path, device=COUNTER, samplerate=RATE, channels=1, dtype="int32", **options)


def _until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def ends(path, how):
    """Leave a recorder to the end of the program, in one of several ways."""
    rec = _counting(path, rotate=0.05)
    rec.start()
    _until(lambda: rec.frames > RATE // 5)
    print("frames", rec.frames, flush=True)
    if how == "exit":
        sys.exit(0)
    if how == "exception":
        raise SystemExit(0) from ValueError("the program has failed")
    if how == "thread":
        threading.Thread(target=lambda: time.sleep(0.1)).start()
    if how == "cycle":
        rec.self = rec
        del rec
        gc.collect()
    if how == "handler":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    if how == "default":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    return {}


def interrupted(path, rounds):
    """Let SIGINT come at any time in waits, stops and properties; all must go on as it should."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    rng = np.random.default_rng(5)
    n_interrupts = 0
    with _counting(path, rotate=0.1) as rec:
        rec.start()
        for k in range(rounds):
            signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.004 * rng.random())
            try:
                if k % 3 == 0:
                    rec.wait(0.02)
                elif k % 3 == 1:
                    for _ in range(200):
                        _ = rec.stats
                else:
                    rec.split()
                    rec.wait(0.02)
                time.sleep(0.02)
            except KeyboardInterrupt:
                n_interrupts += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
        while True:
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
            try:
                stats = rec.stop()
                signal.setitimer(signal.ITIMER_REAL, 0)
                break
            except KeyboardInterrupt:
                n_interrupts += 1
    return {"interrupts": n_interrupts, "frames": stats.frames, "lost": stats.lost_frames}


def forked(path):
    """Fork while recording: the child may do nothing, and the file is the parent's."""
    with _counting(path, rotate=0.05) as rec:
        rec.start()
        _until(lambda: rec.frames > 1000)
        refused = []
        child = os.fork()
        if child == 0:
            for call in (rec.stop, rec.split, rec.pause, lambda: rec.wait(1)):
                try:
                    call()
                except ps.ForkedError:
                    refused.append(1)
            del rec
            gc.collect()
            os._exit(len(refused))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        frames = rec.frames
        _until(lambda: rec.frames > frames + 5000)
        stats = rec.stop()
    return {"refused": code, "frames": stats.frames, "files": len(stats.files)}


# ---- Disks ---------------------------------------------------------------------------------------


def limited(folder, n_bytes):
    """Record beyond the largest size that the system allows files to have."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    report = {}
    with ps.InputStream(COUNTER, RATE, channels=2, dtype="int16") as stream:
        recs = {}
        for name in ("a.wav", "a.w64", "a.au"):
            recs[name] = ps.Recorder(Path(folder, name), stream=stream)
            recs[name].start()
        stream.start()
        for name, rec in recs.items():
            try:
                rec.wait(30)
            except OSError as error:
                report[name] = {"errno": error.errno, "frames": rec.frames}
        report["active"] = stream.active
    return report


def disk_full(folder, wants_more):
    """Record onto a small disk until it is full; then, if wanted, until there is room again."""
    path = Path(folder, "a{index}.wav")
    with ps.InputStream(COUNTER, RATE, channels=1, dtype="int16") as stream:
        rec = ps.Recorder(path, stream=stream, on_disk_full="continue" if wants_more else "stop")
        rec.start()
        stream.start()
        if not wants_more:
            try:
                rec.wait(30)
            except OSError as error:
                return {"errno": error.errno, "frames": rec.frames, "active": stream.active}
        _until(lambda: rec.stats.unwritten_frames > 0)
        tell("full")
        wait_for_word()
        _until(lambda: len(rec.files) > 1 and rec.files[-1].frames > 1000)
        return rec.stop().to_dict()


def long_run(hours):
    """Record hours of frames from a device without a clock into nothing; watch the memory."""
    rate = 8000
    device = ps.VirtualDevice(clock="free", input="counter")
    frames = round(hours * 3600 * rate)
    sizes = []
    with ps.Recorder(
        os.devnull,
        device=device,
        samplerate=rate,
        channels=1,
        dtype="int8",
        format="RAW",
        frames=frames,
        blocksize=4096,
    ) as rec:
        rec.start()
        while not rec.wait(0.2):
            sizes.append(_resident())
        stats = rec.stats
    return {
        "frames": stats.frames,
        "wanted": frames,
        "lost": stats.lost_frames,
        "bytes": stats.bytes,
        "sizes": sizes,
    }


def _resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# ---- Devices and players -------------------------------------------------------------------------


def until_lost(device, path):
    """Record until the server is gone; the file has all that was captured."""
    with ps.Recorder(path, device=device, samplerate=RATE, channels=1) as rec:
        rec.start()
        _until(lambda: rec.frames > RATE // 4)
        tell("running")
        try:
            rec.wait(30)
            error = ""
        except ps.DeviceLostError as lost:
            error = str(lost)
        with ps.SoundFile(path) as file:
            frames = len(file.read())
    captured = rec.stream.stats.captured_frames
    return {"error": error, "frames": frames, "captured": captured}


def slow_pipe(path, seconds):
    """Record into a named pipe that is read late, and then slowly."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with ps.Recorder(
        path, device=COUNTER, samplerate=RATE, channels=1, dtype="int32", format="RAW"
    ) as rec:
        rec.start()
        time.sleep(seconds)
        os.set_blocking(reader, True)
        parts = [os.read(reader, 1 << 16)]
        stopper = threading.Thread(target=rec.stop)
        stopper.start()
        while part := os.read(reader, 1 << 16):
            parts.append(part)
        stopper.join()
        stats = rec.stats
    got = np.frombuffer(b"".join(parts), "int32")
    return {
        "frames": stats.frames,
        "lost": stats.lost_frames,
        "got": len(got),
        "breaks": np.flatnonzero(np.diff(got) != 1)[:5].tolist(),
    }


def player_ends(path, how):
    """Leave a player to the end of the program."""
    player = ps.Player(path, device=ps.VirtualDevice("null"), loop=True)
    player.start()
    _until(lambda: player.stats.played_frames > 1000)
    if how == "exit":
        sys.exit(0)
    if how == "paused":
        player.pause()
    if how == "cycle":
        player.self = player
        del player
        gc.collect()
    return {}


def player_interrupted(path, rounds):
    """Let SIGINT come at any time while a player is waited for, and sought in."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    rng = np.random.default_rng(5)
    n_interrupts = 0
    with ps.Player(path, device=ps.VirtualDevice("null"), loop=True) as player:
        player.start()
        for k in range(rounds):
            signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.004 * rng.random())
            try:
                if k % 2:
                    player.wait(0.02)
                for step in range(100):
                    player.seek(step / 1000)
            except KeyboardInterrupt:
                n_interrupts += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
        player.seek(0.05)
        position = player.position
        state = player.state.value
    return {"interrupts": n_interrupts, "position": position, "state": state}


def player_forked(path):
    """Fork while playing: the child may do nothing, and the parent goes on."""
    with ps.Player(path, device=ps.VirtualDevice("null"), loop=True) as player:
        player.start()
        child = os.fork()
        if child == 0:
            refused = 0
            for call in (player.start, player.stop, lambda: player.seek(0.1), player.wait):
                try:
                    call()
                except ps.ForkedError:
                    refused += 1
            del player
            gc.collect()
            os._exit(refused)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        played = player.stats.played_frames
        _until(lambda: player.stats.played_frames > played + 5000)
        missing = player.stats.missing_frames
    return {"refused": code, "missing": missing}


def player_while_held(device, path, hold):
    """Play a file of another rate than the server's, while C calls hold the GIL."""
    with ps.Player(path, device=device, loop=2) as player:
        player.start()
        rate = player.stream.samplerate
        with GilHog(hold) as hog:
            player.wait(30)
        stats = player.stats
    return {
        "rate": rate,
        "longest": hog.longest,
        "played": stats.played_frames,
        "missing": stats.missing_frames,
        "state": stats.state,
    }
