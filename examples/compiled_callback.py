# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Compile a callback in C, and let it process audio on the audio thread: python FILE [seconds]."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cffi import FFI

import pastream_ng as ps

SOURCE = Path(__file__).parent / "c" / "gain.c"

ffi = FFI()
ffi.cdef("""
    typedef struct { int32_t n_channels; float target; float now; } gain_settings;
    int32_t gain(const void *, void *, int64_t, const void *, uint32_t, void *);
""")

with tempfile.TemporaryDirectory() as folder:
    library = Path(folder) / "gain.so"
    compiler = os.environ.get("CC", "cc").split()
    options = ["-O2", "-shared", "-fPIC", "-I", ps.get_include(), "-o", str(library)]
    subprocess.run([*compiler, *options, str(SOURCE)], check=True)
    lib = ffi.dlopen(str(library))

settings = ffi.new("gain_settings *", {"n_channels": 2, "target": 1.0, "now": 0.0})
with ps.DuplexStream(
    channels=2, blocksize=128, latency="low", callback=lib.gain, userdata=settings
) as stream:
    stream.start()
    time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0)
    settings.target = 0.0
    print(f"{stream.stats.frames} frames, load {stream.cpu_load:.2%}, gain {settings.now:g}")
