# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The examples that pastream's readers know, with only their imports changed."""

import pastream_ng

from .conftest import run_python

# Grab (real) frequency transformed live audio stream with 50% overlap.
EXAMPLE = """
import pastream_ng as ps, numpy as np

chunksize = 1024
window = np.hanning(chunksize)
for x_l in ps.chunks(chunksize, overlap=chunksize//2, channels=1):
    X_l = np.fft.rfft(x_l * window)
"""

# Record 1000 frames to file, then play it back.
FILES = """
import pastream_ng as ps

# Use *with* statements to auto-close the stream
with ps.SoundFileInputStream('recording.wav') as stream:
    stream.frames = 1000
    stream.start()
    stream.wait() # Block until recording is done

with ps.SoundFileOutputStream('recording.wav') as stream:
    stream.frames = 1000
    stream.start()
    stream.wait()
"""

SHORT = """
import pastream_ng as ps
def process(chunk):
    pass
for chunk in ps.chunks():
    process(chunk)
"""

# An endless loop, left after so many chunks.
BOUNDED = """
    n = globals().get("n", 0) + 1
    if n == {count}: break
print(n)
"""


def test_the_spectrum_example_runs():
    code = EXAMPLE + BOUNDED.format(count=20) + "assert X_l.shape == (513,)"
    assert run_python(code, env={"PASTREAM_DEVICE": "loopback"}).stdout == "20\n"


def test_the_file_example_runs(tmp_path):
    code = "import os, sys; os.chdir(sys.argv[1])" + FILES + "print(stream.stats.played_frames)"
    env = {"PASTREAM_DEVICE": "loopback"}
    assert run_python(code, tmp_path, env=env).stdout == "1000\n"
    with pastream_ng.SoundFile(tmp_path / "recording.wav") as file:
        assert (file.frames, file.subtype) == (1000, "FLOAT")


def test_the_shortest_example_runs():
    code = SHORT + BOUNDED.format(count=3)
    assert run_python(code, env={"PASTREAM_DEVICE": "loopback"}).stdout == "3\n"


def test_without_a_sound_card_it_says_what_to_do():
    import pastream_ng as ps

    if ps.query_devices().defaults[0] >= 0:
        return
    done = run_python(SHORT, env={"PASTREAM_DEVICE": ""}, check=False)
    assert done.returncode == 1
    assert 'device="loopback"' in done.stderr
