# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Round trips through a loop on a JACK server, and through a sink of PulseAudio."""

import time

import numpy as np
from servers.scenario import tell, wait_for_word

import pastream_ng as ps

RATE = 48000


def _measured(device, blocksize):
    """Measure, again if the machine was too busy for it."""
    for _ in range(6):
        found = ps.measure_latency(device, RATE, blocksize=blocksize, repeats=3, longest=0.3)
        if found.spread == found.xruns == 0:
            break
    return {
        "frames": found.frames,
        "spread": found.spread,
        "snr_db": found.snr_db,
        "reported": found.reported * RATE,
        "xruns": found.xruns,
    }


def round_trip(device, blocksize):
    """Measure twice, then play and record aligned; tell by how many frames that is off."""
    first = _measured(device, blocksize)
    second = _measured(device, blocksize)
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, RATE // 4).astype("float32")
    got = ps.playrec(noise, RATE, 1, device=device, blocksize=blocksize, align=True)[:, 0]
    match = np.fft.irfft(np.fft.rfft(got) * np.conj(np.fft.rfft(noise)))
    shift = int(np.argmax(np.abs(match)))
    return {
        "first": first,
        "second": second,
        "shift": shift,
        "equal": int(np.count_nonzero(got == noise)),
        "frames": len(noise),
        "xruns": ps.get_stream().xruns,
    }


def joined_with_a_virtual_device(device):
    """Try to open a stream over two hosts."""
    refusals = []
    for pair in ((device, "loopback"), ("loopback", device)):
        try:
            ps.DuplexStream(pair, RATE, 1).close()
        except ps.UnsupportedSettingsError as error:
            refusals.append(str(error))
    return refusals


def _told(stream):
    clock = stream.clock
    return (clock.input_age + clock.output_delay) * RATE


def over_a_stop(device, blocksize):
    """Measure, let the process be stopped in the middle of a stream, and measure again."""
    before = _measured(device, blocksize)
    with ps.DuplexStream(device, RATE, 1, blocksize=blocksize, overflow="drop-oldest") as stream:
        stream.start()
        while stream.frame_count < RATE // 2:
            time.sleep(0.01)
        told_before = _told(stream)
        tell("running")
        wait_for_word()
        end = stream.frame_count + RATE
        while stream.frame_count < end:
            time.sleep(0.01)
        told_after, lost = _told(stream), stream.stats.lost_frames
    return {
        "before": before,
        "told_before": told_before,
        "told_after": told_after,
        "lost": lost,
        "after": _measured(device, blocksize),
    }


def through_a_sink(sink, longest, **options):
    """Measure from a sink of PulseAudio to its monitor."""
    pair = (f"{sink}_monitor", f"{sink}_play")
    found = ps.measure_latency(pair, RATE, longest=longest, timeout=30, **options)
    return {
        "frames": found.frames,
        "delays": found.delays,
        "spread": found.spread,
        "snr_db": found.snr_db,
        "reported": found.reported * RATE,
        "xruns": found.xruns,
    }
