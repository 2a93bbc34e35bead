# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Streams that play files of another rate or other channels, and record into them."""

import io

import numpy as np
import pytest

import pastream_ng as ps

from .test_file_streams import make, read


def sine(rate, frames, channels=1, hz=441.0):
    """Return a tone that begins with 0."""
    tone = 0.5 * np.sin(2 * np.pi * hz / rate * np.arange(frames))
    return np.repeat(tone[:, None], channels, axis=1).astype("float32")


def write(place, data, rate, **kw):
    with ps.SoundFile(place, "w", rate, data.shape[1], **kw) as file:
        file.write(data)


def played(loopback, place, rate, channels, dtype="float32", **kw):
    """Play a file over a loopback; return what comes back, from the first sound on."""
    with ps.SoundFileDuplexStream(
        None,
        place,
        device=loopback,
        samplerate=rate,
        channels=(channels, channels),
        dtype=dtype,
        overflow="raise",
        **kw,
    ) as stream:
        stream.start()
        assert stream.wait(20)
        got = stream.input_ring.read().reshape(-1, channels)
        return got[np.flatnonzero(np.any(got, axis=1))[0] :]


def error_db(got, wanted):
    """Return how loud the difference is, away from the ends. The first frame may be silent."""
    inner = slice(1000, len(wanted) - 1000)
    errors = []
    for late in (0, 1):
        shifted = wanted[late:]
        errors.append(np.max(np.abs(got[: len(shifted)][inner] - shifted[inner])))
    return 20 * np.log10(min(errors))


@pytest.mark.parametrize(("file_rate", "rate"), [(44100, 48000), (48000, 44100), (8000, 48000)])
@pytest.mark.parametrize("dtype", ["float32", "int16", "int32"])
def test_a_file_of_another_rate_sounds_the_same(loopback, tmp_path, file_rate, rate, dtype):
    path = tmp_path / "sound.wav"
    write(path, sine(file_rate, file_rate // 2), file_rate, subtype="FLOAT")
    got = played(loopback, path, rate, 1, dtype, pad=1000)
    scale = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max) + 1
    assert error_db(got / scale, sine(rate, rate // 2)) < (-85 if dtype == "int16" else -100)


@pytest.mark.parametrize(("file_rate", "rate", "n"), [(44100, 48000, 1001), (48000, 8000, 777)])
def test_a_file_of_another_rate_has_its_length(loopback, tmp_path, file_rate, rate, n):
    path = tmp_path / "sound.wav"
    write(path, sine(file_rate, n), file_rate)
    with ps.OutputStream(loopback, rate, channels=1) as stream:
        stream.play(path)
        assert stream.wait(20)
        assert stream.stats.played_frames == int(n * rate / file_rate + 0.5)


def test_other_channels(loopback, tmp_path):
    path = tmp_path / "sound.wav"
    mono = make(path, 3000, 1, "int16").astype("int32")
    got = played(loopback, path, 48000, 2, "int16", pad=1000)
    assert np.array_equal(got[:2999], np.repeat(mono[1:], 2, axis=1))
    stereo = np.stack([np.arange(3000) * 4, np.arange(3000) * -2], axis=1).astype("int16")
    write(path, stereo, 48000, subtype="PCM_16")
    got = played(loopback, path, 48000, 1, "int16", pad=1000)
    assert np.array_equal(got[:2999, 0], np.arange(1, 3000))  # The half sum.


def test_the_next_run_goes_on_in_a_file_of_another_rate(loopback, tmp_path):
    path = tmp_path / "sound.wav"
    write(path, sine(44100, 44100), 44100)
    with ps.SoundFileOutputStream(path, device=loopback, samplerate=48000) as stream:
        stream.frames = 16000
        for position in (14700, 29400):
            stream.start()
            assert stream.wait(20)
            assert (stream.stats.played_frames, stream.out_fh.tell()) == (16000, position)
        stream.frames = -1
        stream.start()
        assert stream.wait(20)
        assert (stream.stats.played_frames, stream.out_fh.tell()) == (16000, 44100)


def test_a_loop_of_another_rate_has_no_seam(loopback, tmp_path):
    path = tmp_path / "sound.wav"
    write(path, sine(44100, 700), 44100, subtype="FLOAT")  # Seven periods.
    with ps.SoundFileDuplexStream(
        None, path, loop=True, device=loopback, samplerate=48000, channels=(1, 1)
    ) as stream:
        stream.frames = 30000
        stream.start()
        assert stream.wait(20)
        got = stream.input_ring.read().reshape(-1, 1)
    got = got[np.flatnonzero(got)[0] :]
    assert error_db(got[:20000], sine(48000, 20000)) < -100


# ---- Recording ----


@pytest.mark.parametrize(("rate", "file_rate"), [(44100, 48000), (48000, 44100)])
@pytest.mark.parametrize("channels", [1, 2])
def test_recording_into_an_open_file_that_is_otherwise(tmp_path, rate, file_rate, channels):
    device = ps.VirtualDevice(clock="free", input="sine")
    place = io.BytesIO()
    with (
        ps.SoundFile(place, "w", file_rate, channels, "FLOAT", format="WAV") as file,
        ps.InputStream(device, rate, channels=1) as stream,
    ):
        stream.set_sink(file)
        stream.frames = 10001
        for _ in range(2):  # Each run is whole.
            stream.start()
            assert stream.wait(20)
    place.seek(0)
    n = int(10001 * file_rate / rate + 0.5)
    got = read(place)
    assert got.shape == (2 * n, channels)
    assert error_db(got[:n], sine(file_rate, n, channels, 440.0)) < -100


@pytest.mark.parametrize("how", ["sink", "to_file", "stream"])
def test_recording_into_a_kind_of_file_that_has_no_such_rate(tmp_path, how):
    if not any(codec.name == "opus" and codec.encodes for codec in ps.available_codecs()):
        pytest.skip("this build cannot write Opus")
    path = tmp_path / "sound.opus"
    device = ps.VirtualDevice(clock="free", input="sine")
    if how == "stream":
        with ps.SoundFileInputStream(path, device=device, samplerate=44100, channels=1) as stream:
            stream.frames = 44100
            stream.start()
            assert stream.wait(20)
    else:
        with ps.InputStream(device, 44100, channels=1) as stream:
            file = stream.to_file(path) if how == "to_file" else None
            stream.set_sink(path if file is None else file)
            stream.frames = 44100
            stream.start()
            assert stream.wait(20)
            if file is not None:
                file.close()
    info = ps.info(path)
    assert (info.samplerate, info.frames) == (48000, 48000)


def test_rates_that_are_too_far_apart_are_refused(loopback, tmp_path):
    path = tmp_path / "sound.wav"
    write(path, np.zeros((10, 1)), 100)
    with ps.OutputStream(loopback, 48000, channels=1) as stream:
        with pytest.raises(ps.ArgumentError, match=r"a factor of 256 at most.*samplerate=100"):
            stream.play(path)
        assert not stream.active
