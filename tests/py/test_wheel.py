# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The wheel: one file for many Pythons that brings its libraries along.

``./dev test wheel`` builds it, installs it into an environment of its own, and names that by
PASTREAM_WHEEL_PYTHON.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

PYTHON = os.environ.get("PASTREAM_WHEEL_PYTHON", "")

pytestmark = pytest.mark.skipif(not PYTHON, reason="no wheel was built: run ./dev test wheel")

LOOK = """
import json, pathlib, importlib.metadata
import numpy as np
import pastream_ng as ps
from pastream_ng import _core

data = np.linspace(-1, 1, 4800, dtype="float32")
device = ps.VirtualDevice("loopback", clock="free")
back = ps.playrec(data, 48000, channels=1, device=device, blocksize=64)[:, 0]
maps = pathlib.Path("/proc/self/maps").read_text().split()
print(json.dumps({
    "same": bool(np.array_equal(back[64:], data[:-64])),
    "module": pathlib.Path(_core.__file__).name,
    "package": str(pathlib.Path(ps.__file__).parent),
    "libraries": sorted({path for path in maps if ".so" in path}),
    "tag": importlib.metadata.distribution("pastream_ng").read_text("WHEEL"),
    "typed": (pathlib.Path(ps.__file__).parent / "py.typed").exists(),
    "devices": [device.hostapi for device in ps.query_devices()],
}))
"""


def look(env=None):
    command = [PYTHON, "-I", "-W", "error", "-c", LOOK]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_wheel_brings_its_libraries_along():
    report = look()
    assert report["same"]
    own = f"{report['package']}.libs/"
    # Others of the same name may come in with the system's own ALSA plugins.
    for name in ("libportaudio", "libsamplerate"):
        found = [path for path in report["libraries"] if Path(path).name.startswith(name)]
        assert any(path.startswith(own) for path in found), found


def test_one_wheel_serves_all_pythons_from_3_10_on():
    report = look()
    assert report["module"] == "_core.abi3.so"
    assert "Tag: cp310-abi3-manylinux_" in report["tag"]
    assert report["typed"]


def test_the_wheel_finds_a_sound_server(jack):
    assert "JACK Audio Connection Kit" in look(jack.env)["devices"]
