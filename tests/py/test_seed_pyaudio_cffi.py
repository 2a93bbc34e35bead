# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The four programs that PyAudio-CFFI's document shows, written for it, with another import."""

import os
import subprocess
import sys
import wave

import numpy as np
import pytest

# Record a block and play it at once, for a while.
LOOPBACK_BLOCKING = """
from pyaudio_cffi import Stream

fs = 44100
block_length = 16
s = Stream(sample_rate=fs, block_length=block_length)
s.start()
for n in range(int(fs * 0.5 / block_length)):
    s.write(s.read(block_length))
s.stop()
"""

# Read a wave file and play it.
PLAYBACK_BLOCKING = """
import sys
import wave
import numpy as np
from pyaudio_cffi import Stream

with wave.open(sys.argv[1]) as file:
    fs = file.getframerate()
    data = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    sound = data.reshape(-1, file.getnchannels()) / 2**15

block_length = 16
s = Stream(sample_rate=fs, block_length=block_length)
s.start()
for position in range(0, len(sound), block_length):
    s.write(sound[position:position + block_length])
s.stop()
"""

# The first program again; the control flow goes on while the callback runs.
LOOPBACK_CALLBACK = """
import time
from pyaudio_cffi import Stream, continue_flag

calls = 0

def callback(in_data, frame_count, time_info, status):
    global calls
    calls += 1
    return (in_data, continue_flag)

s = Stream(sample_rate=44100, block_length=16, callback=callback)
s.start()
time.sleep(0.5)
s.stop()
"""

# The second program again: the callback splits the sound up, and stops the stream after it.
PLAYBACK_CALLBACK = """
import sys
import time
import wave
import numpy as np
from pyaudio_cffi import Stream, complete_flag, continue_flag

with wave.open(sys.argv[1]) as file:
    fs = file.getframerate()
    data = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    sound = data.reshape(-1, file.getnchannels()) / 2**15
position = 0

def callback(in_data, frame_count, time_info, status):
    global position
    out_data = sound[position:position + block_length]
    position += block_length
    if position < len(sound):
        return (out_data, continue_flag)
    else:
        return (out_data, complete_flag)

block_length = 16
s = Stream(sample_rate=fs, block_length=block_length, callback=callback)
s.start()
while s.is_active():
    time.sleep(0.1)
"""

# What each program has done is seen from behind its stream.
SEEN = "\nstats = s._stream.stats\nprint(stats.played_frames, stats.captured_frames)\n"


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "tone.wav"
    tone = np.sin(np.arange(11025) * 0.05)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.repeat(tone * 2**14, 2).astype("<i2").tobytes())
    return path


def run(program, *arguments):
    assert program.count("from pyaudio_cffi import ") == 1
    code = program.replace("from pyaudio_cffi import ", "from pastream_ng import ") + SEEN
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PASTREAM_DEVICE": "loopback"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # A busy machine may be late; that is a warning, and nothing else may be told.
    assert not [line for line in done.stderr.splitlines() if "Error" in line]
    return [int(word) for word in done.stdout.split()]


def test_loopback_blocking():
    played, captured = run(LOOPBACK_BLOCKING)
    # All blocks, and the silence that it begins with.
    assert played >= 1378 * 16
    assert captured >= 1378 * 16


def test_playback_blocking(sound_file):
    played, _ = run(PLAYBACK_BLOCKING, sound_file)
    assert played >= 11025


def test_loopback_callback():
    played, captured = run(LOOPBACK_CALLBACK + "\nassert calls > 100")
    assert played > 1000
    assert captured > 1000


def test_playback_callback(sound_file):
    played, captured = run(PLAYBACK_CALLBACK, sound_file)
    assert played >= 11025
    assert captured >= 11025
