# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcodings on broken disks, in processes that are killed, and of files that mean harm."""

import ctypes
import errno
import json
import os
import random
import resource
import signal
import time
import traceback
import warnings
from pathlib import Path

import numpy as np

import pastream_ng as ps

# As io_fail.c counts them.
FAULTS = {
    "none": 0,
    "read": 1,
    "write": 2,
    "sync": 3,
    "truncate": 4,
    "link": 5,
    "rename": 6,
    "chop": 7,
}
NO_TMPFILE = 64


def _broken(kind, path, allowed, code):
    """Let calls fail from here on; return how many failed before."""
    call = ctypes.CDLL(None).io_fail
    call.restype = ctypes.c_longlong
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_longlong, ctypes.c_int]
    return int(call(kind, os.fsencode(path), allowed, code))


def _tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"a folder"
        for path in sorted(Path(folder).rglob("*"))
    }


def _noise(path, seconds, **options):
    rng = np.random.default_rng(3)
    data = rng.normal(0, 0.1, (int(seconds * 48000), 2))
    ps.write(path, data, 48000, **options)


def _told(error):
    """Return what an exception says, as JSON."""
    return {
        "error": type(error).__name__,
        "is_os_error": isinstance(error, OSError),
        "errno": getattr(error, "errno", None),
        "text": str(error),
        "names": sorted({c.__name__ for c in type(error).__mro__}),
    }


def broken_disk(folder, cases, seconds):
    """Transcode with one fault after another; return what each told and left behind."""
    source, place = Path(folder, "in"), Path(folder, "out")
    source.mkdir()
    place.mkdir()
    reports = []
    open_files = None
    given = source / "a.wav"
    _noise(given, seconds)
    for case in cases:
        target = place / case["target"]
        if case["overwrite"]:
            target.write_bytes(b"what was there")
        before = _tree(folder)
        kind = FAULTS[case["fault"]] | (0 if case["nameless"] else NO_TMPFILE)
        watched = source if case["fault"] == "read" else place
        told = {"error": None}
        _broken(kind, watched, case["allowed"], getattr(errno, case["code"]))
        try:
            ps.transcode(given, target, overwrite=case["overwrite"], **case.get("options", {}))
        except Exception as error:
            told = _told(error)
        told["failed"] = _broken(0, "", 0, 0)
        after = _tree(folder)
        told["unchanged"] = before == after
        told["extra"] = sorted(set(after) - set(before))
        if told["error"] is None:
            told["frames"] = ps.info(target).frames
        reports.append(told)
        for path in place.iterdir():
            path.unlink()
        # The first one may open what stays open.
        now = len(os.listdir("/proc/self/fd"))
        open_files = open_files or now
        told["leaked"] = now - open_files
    return reports


def small_files(folder, n_bytes):
    """Transcode where no file may have more bytes than that."""
    _noise(Path(folder, "a.wav"), 1.0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    reports = {}
    for name in ("x.flac", "x.mp3", "x.opus", "x.ogg", "x.aac", "x.m4a", "x.wav", "x.aiff"):
        before = _tree(folder)
        try:
            ps.transcode(Path(folder, "a.wav"), Path(folder, name))
        except ps.CodecMissingError:
            continue
        except Exception as error:
            reports[name] = _told(error)
        else:
            reports[name] = {"error": None}
        reports[name]["unchanged"] = before == _tree(folder)
    return reports


def killed(folder, turns, names, seed, overwrites=True):
    """Kill processes that transcode, at any moment; return what each left behind.

    The children are forked from this process, which has used nothing of the library before.
    """
    rng = random.Random(seed)
    source, place = Path(folder, "in.wav"), Path(folder, "out")
    if not source.exists():
        child = os.fork()
        if child == 0:
            _noise(source, 2.0)
            os._exit(0)
        os.waitpid(child, 0)
    place.mkdir(exist_ok=True)
    longest: dict[str, float] = {}
    reports = []
    for turn in range(turns):
        name = names[turn % len(names)]
        target = place / name
        old = b"what was there" if overwrites else None
        if old is not None:
            target.write_bytes(old)
        ready, begun = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.write(begun, b"1")
                ps.transcode(source, target, overwrite=overwrites)
                code = 0
            except BaseException:
                traceback.print_exc()
            os._exit(code)
        os.close(begun)
        os.read(ready, 1)
        os.close(ready)
        began = time.monotonic()
        ended = 0
        if name in longest:
            # The end is where most can go wrong, so look at it more often.
            part = rng.random() ** (1 if turn % 2 else 0.3)
            time.sleep(1.05 * longest[name] * part)
            os.kill(child, signal.SIGKILL)
        ended, status = os.waitpid(child, 0)
        assert ended == child
        if name not in longest:
            longest[name] = time.monotonic() - began
        files = _tree(place)
        report = {
            "name": name,
            "killed": os.WIFSIGNALED(status),
            "code": None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            "names": sorted(files),
            "is_old": files.get(name) == old if old is not None else name not in files,
            "frames": None,
        }
        if not report["is_old"]:
            # Read elsewhere: this process must go on having used nothing.
            reading, writing = os.pipe()
            reader = os.fork()
            if reader == 0:
                data, _ = ps.read(target)
                os.write(writing, str(len(data)).encode())
                os._exit(0)
            os.close(writing)
            report["frames"] = int(os.read(reading, 100) or b"-1")
            os.close(reading)
            os.waitpid(reader, 0)
        reports.append(report)
        for path in place.iterdir():
            path.unlink()
    return reports


def hostile(folder, paths, target, limit_s):
    """Transcode files that mean harm; tell each before it is begun."""
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    warnings.simplefilter("ignore")
    out = Path(folder, target)
    reports = {}
    for path in json.loads(Path(paths).read_text()):
        print(path, flush=True)
        began = time.monotonic()
        told = {"error": None}
        try:
            stats = ps.transcode(path, out, max_duration=600.0)
            told["frames"] = stats.frames_encoded
        except (ps.PastreamError, OSError) as error:
            told = _told(error)
        told["late"] = time.monotonic() - began > limit_s
        told["left"] = sorted(_tree(folder))
        if told["error"] is None and out.exists():
            told["found"] = ps.info(out).frames
            out.unlink()
        reports[path] = told
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    return {"files": reports, "peak_mb": int(peak.split()[1]) // 1024}


def peak_of(jobs):
    """Transcode one after another; tell the most memory that it ever took, in MB."""
    reports = []
    for arguments, options in jobs:
        try:
            stats = ps.transcode(*arguments, **options)
            reports.append({"error": None, "frames": stats.frames_encoded})
        except (ps.PastreamError, OSError) as error:
            reports.append(_told(error))
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    return {"jobs": reports, "peak_mb": int(peak.split()[1]) // 1024}
