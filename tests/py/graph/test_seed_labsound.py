# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The examples that LabSound's readers know, with only their imports changed."""

import numpy as np
import pytest

import pastream_ng

from ..conftest import run_python

TONE = """
import pastream_ng as ls

# Context creation with context manager
with ls.AudioContext() as ctx:
    # Node creation - factory methods on the context
    osc = ctx.create_oscillator()
    gain = ctx.create_gain()

    # Pythonic parameter setting
    osc.type = "sine"  # Instead of enum, use strings
    osc.frequency.value = 440
    gain.gain.value = 0.5

    # Simplified connections (source -> destination)
    osc >> gain >> ctx.destination

    # Scheduling with timeline in seconds
    osc.start(0)
    osc.stop(2)

    # Wait for completion (blocking in this example)
    ctx.wait(2.5)
"""

FUNCTION = """
import pastream_ng as ls
import numpy as np

with ls.AudioContext() as ctx:
    # Create a function node for custom processing
    func = ctx.create_function(channels=1)

    # Using NumPy for signal processing
    def process_audio(channel, buffer):
        # Convert buffer to numpy array
        samples = np.array(buffer)
        # Apply some processing
        processed = np.sin(samples * np.pi * 2)
        # Update the buffer
        buffer[:] = processed

    # Assign the processing function
    func.set_process_function(process_audio)

    # Connect to output
    func >> ctx.destination

    # Start processing
    func.start()

    # Let it run for 5 seconds
    ctx.wait(5)
"""

FILE = """
import pastream_ng as ls
import matplotlib.pyplot as plt

with ls.AudioContext() as ctx:
    # Load audio file
    source = ctx.create_buffer_source("path/to/audio.wav")

    # Create processing chain
    filter = ctx.create_biquad_filter()
    filter.type = "lowpass"
    filter.frequency.value = 1000

    # Create analyzer for visualization
    analyzer = ctx.create_analyzer()

    # Connect the chain
    source >> filter >> analyzer >> ctx.destination

    # Start playback
    source.start(0)

    # Visualize while playing
    while source.is_playing:
        # Get frequency data
        freq_data = analyzer.get_frequency_data()

        # Plot using matplotlib
        plt.clf()
        plt.plot(freq_data)
        plt.pause(0.05)
"""

# Seconds that nobody needs to wait for.
FAST = """
import pastream_ng
pastream_ng.default.device = pastream_ng.VirtualDevice("loopback", clock="free")
"""


def test_the_tone_example_runs():
    code = FAST + TONE + "print(osc.has_ended, ctx.state, ctx.current_time >= 2.5)"
    assert run_python(code).stdout == "True closed True\n"


@pytest.mark.skipif(
    not hasattr(pastream_ng.OfflineAudioContext, "create_function"), reason="no such nodes yet"
)
def test_the_function_example_runs():
    code = FAST + FUNCTION + "print(ctx.state, ctx.current_time >= 5)"
    assert run_python(code).stdout == "closed True\n"


def test_the_file_example_runs(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "path" / "to").mkdir(parents=True)
    sound = np.sin(np.arange(14400) * 0.1).astype("float32")
    pastream_ng.write(tmp_path / "path" / "to" / "audio.wav", sound, 48000)
    code = (
        "import os, sys; os.chdir(sys.argv[1])"
        + FILE
        + "print(source.has_ended, len(freq_data), max(freq_data) > min(freq_data), ctx.state)"
    )
    env = {"PASTREAM_DEVICE": "loopback", "MPLBACKEND": "agg"}
    # Another library's warnings are its own business.
    done = run_python(code, tmp_path, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True 1024 True closed\n"
