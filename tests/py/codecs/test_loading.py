# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Libraries that bring a hundred others along are loaded when they are needed, if at all."""

import sys

import pytest
from servers.programs import compiled

import pastream_ng as ps

from ..conftest import run_python
from .kinds import can

aac = pytest.mark.skipif(not can("ADTS", "AAC"), reason="this build has no AAC")
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks at Linux' own files")


@aac
@linux
def test_the_libraries_of_ffmpeg_come_with_the_first_file_of_aac(tmp_path):
    run_python(
        "import sys, numpy as np, pastream_ng as ps\n"
        "def is_there():\n"
        "    with open('/proc/self/maps') as maps:\n"
        "        return 'libavformat' in maps.read()\n"
        "ps.write(sys.argv[1] + '/a.wav', np.zeros(10), 48000)\n"
        "assert not is_there()\n"
        "ps.write(sys.argv[1] + '/a.aac', np.zeros(10), 48000)\n"
        "assert is_there()\n",
        tmp_path,
    )


@aac
@linux
@pytest.mark.parametrize("name", ["a.aac", "a.m4a"])
def test_libraries_that_are_missing_are_told(name, tmp_path):
    ps.write(tmp_path / name, [0.0] * 5000, 48000)
    found = run_python(
        "import os, sys, pastream_ng as ps\n"
        "os.chdir(sys.argv[1])\n"
        "for act in (lambda: ps.read(sys.argv[2]), lambda: ps.write('b.aac', [0.0], 48000)):\n"
        "    try:\n"
        "        act()\n"
        "    except ps.CodecMissingError as error:\n"
        "        print(error)\n"
        "print(os.listdir())\n"
        "print([codec.libraries for codec in ps.available_codecs() if codec.name == 'aac'])\n",
        tmp_path,
        name,
        env={
            "LD_PRELOAD": str(compiled("no_library.c", library=True)),
            "NO_LIBRARY": "libavformat",
        },
    )
    reading, writing, names, libraries = found.stdout.splitlines()
    assert reading.startswith(f"'{name}': AAC needs libavformat")
    assert writing.startswith("AAC needs libavformat")
    assert names == f"['{name}']"
    assert "cannot be loaded" in libraries
