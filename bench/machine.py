# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a reader of the figures needs to know of the machine, and no more."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

PEERS = [
    "sounddevice",
    "pastream",
    "rtmixer",
    "soundfile",
    "av",
    "pedalboard",
    "soxr",
    "samplerate",
]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def description() -> list[tuple[str, str]]:
    """Return (what, text) pairs; nothing in them names the machine or its user."""
    import pastream_ng

    return [
        ("processor", f"{_processor()}, {os.cpu_count()} logical"),
        ("system", f"{platform.system()} {platform.release().split('-')[0]}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("NumPy", _version("numpy")),
        ("pastream_ng", pastream_ng.__version__),
        *[(name, _version(name)) for name in PEERS],
    ]
