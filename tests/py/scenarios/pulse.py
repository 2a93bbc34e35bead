# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams on a PulseAudio server, through ALSA."""

import logging
import os
import tempfile

import numpy as np
from servers.programs import wait_until
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000
CHANNELS = 2


def numbered(dtype, frames):
    """Return frames that are all different as far as the format allows, and never silent."""
    n = np.arange(1, frames + 1)[:, None] * CHANNELS + np.arange(CHANNELS)
    if dtype == "float32":
        return (n / 2**24).astype("float32")
    return (n % 32767 + 1).astype("int16")


def loop(sink, dtype, seconds):
    """Play to a sink and record its monitor; say how the recording compares with what played."""
    data = numbered(dtype, int(seconds * RATE))
    # The sink has to be awake before the first frame that counts, and the last has to come back.
    pause = np.zeros((RATE, CHANNELS), data.dtype)
    kept, quiet, began = [], 0, False
    with ps.InputStream(f"{sink}_monitor", RATE, CHANNELS, dtype) as stream:
        for chunk in stream.chunks(1024, frames=(seconds + 20) * RATE, timeout=20):
            if not kept:
                played = np.concatenate([pause, data, pause])
                ps.play(played, RATE, device=f"{sink}_play")
            kept.append(chunk)
            began = began or chunk.any()
            quiet = 0 if chunk.any() else quiet + len(chunk)
            if began and quiet > RATE // 4:
                break
        stats = stream.stats
    ps.wait(20)
    recorded = np.concatenate(kept)
    start = int(np.flatnonzero(recorded.any(axis=1))[0])
    found = recorded[start : start + len(data)]
    return {
        "is_equal": bool(np.array_equal(found, data)),
        "n_different": int((found != data[: len(found)]).any(axis=1).sum()),
        "first": found[:4].tolist(),
        "rest_is_silent": not recorded[start + len(data) :].any(),
        "dropped": stats.dropped_frames,
        "lost": stats.lost_frames,
        "frames": stats.frames,
        "captured": stats.captured_frames,
    }


def look_around():
    """List the devices; return their names, and all that was printed meanwhile."""
    with tempfile.TemporaryFile() as printed:
        kept = os.dup(2)
        os.dup2(printed.fileno(), 2)
        names = [device.name for device in ps.query_devices()]
        os.dup2(kept, 2)
        os.close(kept)
        printed.seek(0)
        return {"names": names, "printed": printed.read().decode(errors="replace")}


def other_pcm(pcm, name):
    """Play to a PCM that is not in the list, under a name of our own, until told to end."""
    ps.set_application_name(name)
    settings = ps.AlsaSettings(pcm=pcm, periods=3, realtime=True)
    ps.check_output_settings("pst_f32_play", 2, "float32", RATE, extra_settings=settings)
    with ps.OutputStream("pst_f32_play", RATE, 2, extra_settings=settings) as stream:
        stream.start()
        tell("running")
        wait_for_word()
        played = stream.stats.frames
    try:
        ps.OutputStream(
            "pst_f32_play", RATE, 2, extra_settings=ps.AlsaSettings(pcm="nothing of this name")
        )
        refusal = ""
    except ps.DeviceError as error:
        refusal = str(error)
    return {"played": played, "refusal": refusal}


def suspended(device):
    """Play silence; tell what becomes of the stream while its sink is suspended and afterwards."""
    with ps.OutputStream(device, RATE, 2, lost_after=60) as stream:
        stream.start()
        stall = ps.StreamState.STALLED
        begun = wait_until(lambda: stream.frame_count > RATE // 10, 20)
        tell("running")
        stalled = wait_until(lambda: stream.state == stall, 20)
        stalled_at = stream.frame_count
        tell("stalled")
        back = wait_until(lambda: stream.frame_count > stalled_at + RATE // 10, 20)
        return {"states": [begun, stalled, back], "state": stream.state.name}


def broken_driver(device):
    """Play silence until the driver breaks for good; tell what becomes of the stream."""
    lines = []
    logging.getLogger("pastream_ng.host").addHandler(Listener(lines))
    stream = ps.OutputStream(device, RATE, 2)
    stream.start()
    begun = wait_until(lambda: stream.frame_count > RATE // 2, 20)
    tell("running")
    lost = wait_until(lambda: stream.state == ps.StreamState.LOST, 30)
    try:
        stream.close()
        error = ""
    except ps.DeviceLostError as reason:
        error = type(reason).__name__
    return {
        "begun": begun,
        "lost": lost,
        "error": error,
        "closed": stream.closed,
        "n_lines": len(lines),
    }


class Listener(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def emit(self, record):
        self.lines.append(record.getMessage())
