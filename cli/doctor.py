# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream doctor``: what the library found on this machine, and what would help."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
import textwrap
import threading
from dataclasses import dataclass, field
from typing import Literal

import click
import numpy as np

import pastream_ng as ps

from .output import Talk, print_json, talking

__all__ = ["doctor"]

LOCKED_BYTES = 4096


@dataclass(frozen=True)
class Report:
    """What ``pastream doctor`` tells; the names are those of its JSON."""

    version: str
    portaudio: str
    libsndfile: str
    codecs: list[ps.CodecInfo]  # Those that are missing say what would bring them.
    hrtf: str | None  # The file with the head that panners hear by.
    python: str
    numpy: str
    system: str
    hostapis: list[str]
    n_devices: int  # Those of sound cards and servers; the virtual ones are always there.
    default_input: str | None
    default_output: str | None
    named_device: str | None  # PASTREAM_DEVICE.
    realtime_priority: bool
    locked_memory: bool
    ring_memory: str
    kernel_level: str  # Of the inner loops, by the vector instructions that there are.
    hints: list[str] = field(default_factory=list)


def may_run_in_realtime() -> bool:
    """Try the lowest realtime priority, on a thread that ends right after."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    allowed = []

    def attempt() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            return
        allowed.append(True)

    thread = threading.Thread(target=attempt, name="realtime probe")
    thread.start()
    thread.join()
    return bool(allowed)


def may_lock_memory() -> bool:
    """Try to lock one page of memory."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        mlock, munlock = libc.mlock, libc.munlock
    except (OSError, AttributeError, TypeError):
        return False
    page = ctypes.create_string_buffer(LOCKED_BYTES)
    for function in (mlock, munlock):
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    if mlock(ctypes.addressof(page), LOCKED_BYTES) != 0:
        return False
    munlock(ctypes.addressof(page), LOCKED_BYTES)
    return True


def default_uid(kind: Literal["input", "output"]) -> str | None:
    """Return the stable name of the sound device that PortAudio takes by default, if any."""
    try:
        return ps.default_device(kind).uid
    except ps.DeviceNotFoundError:
        return None


def is_old(libsndfile: str) -> bool:
    """Whether libsndfile, which says "libsndfile-1.2.0", is older than it should be."""
    numbers = re.findall(r"\d+", libsndfile)
    return len(numbers) >= 2 and (int(numbers[0]), int(numbers[1])) < (1, 2)


def codec_names(codecs: list[ps.CodecInfo]) -> str:
    """Return what can be decoded and encoded, in a line."""
    names = []
    for encoding in dict.fromkeys(codec.encoding for codec in codecs):
        reads = any(codec.decodes for codec in codecs if codec.encoding == encoding)
        writes = any(codec.encodes for codec in codecs if codec.encoding == encoding)
        if reads or writes:
            one_way = "" if reads and writes else " (reads)" if reads else " (writes)"
            names.append(encoding + one_way)
    return ", ".join(names)


def hints(report: Report) -> list[str]:
    """Return a sentence for everything that is missing and can be helped."""
    found = []
    if not report.n_devices:
        found.append(
            "No sound device was found. device='loopback', or PASTREAM_DEVICE=loopback, works"
            " without one. On a desktop the bridge from ALSA to the sound server may be missing:"
            " Debian's package is pipewire-alsa, or libasound2-plugins for PulseAudio."
        )
    elif report.default_input is None or report.default_output is None:
        side = "input" if report.default_input is None else "output"
        found.append(f"There is no default {side} device. Name one: 'pastream devices' lists them.")
    if not any("JACK" in name for name in report.hostapis):
        found.append(
            "PortAudio found no JACK server. For the smallest delays run one: package jackd2, or"
            " pipewire-jack."
        )
    if sys.platform == "linux" and not report.realtime_priority:
        found.append(
            "Realtime priority is not allowed, so a busy machine may cause xruns. Install rtkit, or"
            " put your user into the group audio and the line '@audio - rtprio 95' into"
            " /etc/security/limits.d/audio.conf; Debian's package jackd2 offers to do that."
        )
    if sys.platform == "linux" and not report.locked_memory:
        found.append(
            "Locking memory is not allowed. Put '@audio - memlock unlimited' into the same file."
        )
    if is_old(report.libsndfile):
        found.append(
            f"{report.libsndfile} is older than 1.2, and has known faults. Debian's packages are"
            " libsndfile1, and libsndfile1-dev to build with."
        )
    found.extend(
        f"There is no codec for {codec.encoding}, or half of one. Install {codec.missing} and build"
        " pastream_ng anew."
        for codec in report.codecs
        if codec.missing
    )
    if report.hrtf is None:
        found.append(
            "Panners cannot do panning_model='HRTF'. Install libmysofa-dev and build pastream_ng"
            " anew."
        )
    elif not os.access(report.hrtf, os.R_OK):
        found.append(
            f"Panners cannot do panning_model='HRTF': {report.hrtf} cannot be read. Install"
            " libmysofa1, or name another file in PASTREAM_SOFA."
        )
    if report.ring_memory != "mirrored":
        found.append(
            "Ring memory cannot be mapped twice here, so rings copy each frame. Chunks stay right"
            " and cost a little more; in a container, check that memfd_create is allowed."
        )
    return found


def examine() -> Report:
    """Collect everything."""
    devices = ps.query_devices()
    report = Report(
        version=ps.__version__,
        portaudio=ps.portaudio_version(),
        libsndfile=ps.libsndfile_version(),
        codecs=ps.available_codecs(),
        hrtf=ps.hrtf_file(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        numpy=np.__version__,
        system=platform.platform(),
        hostapis=[api.name for api in ps.query_hostapis()],
        n_devices=sum(not device.is_virtual for device in devices),
        default_input=default_uid("input"),
        default_output=default_uid("output"),
        named_device=os.environ.get("PASTREAM_DEVICE"),
        realtime_priority=may_run_in_realtime(),
        locked_memory=may_lock_memory(),
        ring_memory=ps.RingBuffer(4, 4096).memory,
        kernel_level=ps.kernel_level(),
    )
    report.hints.extend(hints(report))
    return report


@click.command()
@talking("Print JSON in place of text.")
def doctor(talk: Talk) -> None:
    """Tell what the library found on this machine, and what would help."""
    report = examine()
    if talk.as_json:
        print_json(report)
        return
    rows = {
        "pastream_ng": report.version,
        "PortAudio": report.portaudio,
        "libsndfile": report.libsndfile,
        "codecs": codec_names(report.codecs),
        "HRTF": report.hrtf or "none",
        "Python": report.python,
        "NumPy": report.numpy,
        "system": report.system,
        "host APIs": ", ".join(report.hostapis),
        "sound devices": str(report.n_devices),
        "default input": report.default_input or "none",
        "default output": report.default_output or "none",
        "PASTREAM_DEVICE": report.named_device or "not set",
        "realtime priority": "allowed" if report.realtime_priority else "not allowed",
        "locked memory": "allowed" if report.locked_memory else "not allowed",
        "ring memory": report.ring_memory,
        "vector code": report.kernel_level,
    }
    for label, text in rows.items():
        click.echo(f"{label:<18} {text}")
    for hint in report.hints:
        click.echo("\n" + textwrap.fill(hint, 78, initial_indent="- ", subsequent_indent="  "))
