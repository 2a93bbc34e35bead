# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Files of every kind at the ends of streams, recorders and players."""

import numpy as np
import pytest
from servers.gil_hold import GilHog

import pastream_ng as ps

from ..conftest import until

RATE = 48000
# Name -> arguments, and how far a sample may be off (of a sine of half of full scale).
KINDS = {
    "a.wav": ({}, 0),
    "a.w64": ({}, 0),
    "a.flac": ({"subtype": "PCM_24"}, 2**-24),
    "b.oga": ({"subtype": "PCM_16"}, 2**-16),
    "a.opus": ({}, 0.05),
    "a.ogg": ({"subtype": "VORBIS"}, 0.05),
    "a.mp3": ({}, 0.05),
    "a.aac": ({"bitrate": 160_000}, 0.05),
    "a.m4a": ({"bitrate": 160_000}, 0.05),
}
SINE = ps.VirtualDevice(clock="free", input="sine")


@pytest.fixture(params=KINDS)
def kind(request, tmp_path):
    """A path that no file has yet, the arguments for it, and the tolerance."""
    options, most = KINDS[request.param]
    path = tmp_path / request.param
    try:
        ps.Recorder(path, device="null", samplerate=RATE, channels=1, **options).close()
    except ps.CodecMissingError as missing:
        pytest.skip(str(missing))
    return path, options, most


def sine(frames, rate=RATE):
    """Return what the device captures."""
    with ps.InputStream(SINE, rate, channels=1) as stream:
        stream.start()
        return stream.read(frames, timeout=30)


def read(path):
    with ps.SoundFile(path) as file:
        return file.read()


def assert_near(got, wanted, most):
    """Assert that samples are those, but for the codec's first and last moment."""
    assert len(got) == len(wanted)
    inner = slice(3000, -3000) if most >= 0.01 else slice(None)
    assert np.abs(got[inner] - wanted[inner]).max() <= most


def test_a_recorder(kind):
    path, options, most = kind
    with ps.Recorder(
        path, device=SINE, samplerate=RATE, channels=1, frames=60_000, **options
    ) as rec:
        rec.start()
        assert rec.wait(30)
    assert rec.stats.bytes == path.stat().st_size
    assert_near(read(path), sine(60_000), most)


def test_F18_a_recording_of_nothing(kind):
    path, options, _ = kind
    with ps.InputStream(SINE, RATE, channels=1) as stream:
        rec = ps.Recorder(path, stream=stream, **options)
        rec.start()
        assert rec.stop().frames == 0
    with ps.SoundFile(path) as file:
        assert (len(file.read()), file.samplerate, file.channels) == (0, RATE, 1)


def test_rotation_of_every_kind_leaves_nothing_out(kind):
    path, options, most = kind
    with ps.Recorder(
        path,
        device=SINE,
        samplerate=RATE,
        channels=1,
        frames=60_000,
        rotate_frames=20_001,
        **options,
    ) as rec:
        rec.start()
        assert rec.wait(30)
    parts = [read(file.path) for file in rec.files]
    assert [len(part) for part in parts] == [20_001, 20_001, 19_998]
    wanted = sine(60_000)
    for k, part in enumerate(parts):
        assert_near(part, wanted[20_001 * k :][: len(part)], most)


@pytest.mark.parametrize("name", ["a.opus", "a.mp3"])
def test_a_rate_that_the_codec_lacks_is_changed(tmp_path, name):
    """Opus has 48 kHz; MP3 none between 48 and 44.1."""
    rate, stored = (44100, 48000) if name == "a.opus" else (46000, 48000)
    try:
        rec = ps.Recorder(
            tmp_path / name, device=SINE, samplerate=rate, channels=1, rotate="500ms", frames=rate
        )
    except ps.CodecMissingError as missing:
        pytest.skip(str(missing))
    with rec:
        rec.start()
        assert rec.wait(30)
    stats = rec.stats
    assert (stats.samplerate, stats.frames, stats.seconds) == (stored, stored, 1.0)
    assert [file.frames for file in rec.files] == [stored // 2] * 2
    assert rec.files[1].first_frame == rate // 2
    got = np.concatenate([read(file.path) for file in rec.files])
    spectrum = np.abs(np.fft.rfft(got * np.hanning(len(got))))
    with ps.InputStream(SINE, rate, channels=1) as stream:
        stream.start()
        original = stream.read(rate, timeout=30)
    peak = np.abs(np.fft.rfft(original * np.hanning(rate))).argmax()
    assert abs(int(spectrum.argmax()) - int(peak)) <= 1  # The same tone: bins are 1 Hz in both.


def test_file_streams(kind):
    path, options, most = kind
    with ps.SoundFileInputStream(
        path, device=SINE, samplerate=RATE, channels=1, frames=50_000, **options
    ) as stream:
        stream.start()
        assert stream.wait(30)
    assert_near(read(path), sine(50_000), most)
    device = ps.VirtualDevice("loopback", clock="free")
    take = path.with_name("take.wav")
    with ps.SoundFileDuplexStream(
        take, path, device=device, channels=(1, None), blocksize=64, pad=128
    ) as stream:
        stream.start()
        assert stream.wait(30)
    assert np.array_equal(read(take)[64:50_064], read(path))


def test_players_seek_to_the_frame(kind, monkeypatch):
    path, options, _ = kind
    rng = np.random.default_rng(3)
    noise = np.cumsum(rng.uniform(-1, 1, 120_000))
    noise = (0.5 * noise / np.abs(noise).max()).astype("float32")
    with ps.SoundFile(path, "w", RATE, 1, **options) as file:
        file.write(noise)
    whole = read(path)
    device = ps.VirtualDevice("loopback", clock="free")

    def open_stream(device, rate, channels, dtype, **more):
        del more["device_samplerate"]
        size = more.pop("buffersize")
        return ps.DuplexStream(
            device, rate, channels, dtype, blocksize=64, buffersize=(1 << 18, size), pad=128, **more
        )

    monkeypatch.setattr("pastream_ng.players.player.OutputStream", open_stream)
    with ps.Player(path, device=device) as player:
        for frame in (0, 77_777, 12_345, 119_999, 60_000):
            player.seek(frame / RATE)
            player.start()
            assert player.wait(30)
            got = player.stream.read(player.stream.input_ring.read_available, timeout=10)
            wanted = whole[frame:]
            assert player.stats.played_frames == len(wanted)
            # Lossy decoders begin anew at a seek, and may be off by a little for a moment.
            most = 0 if path.suffix in (".wav", ".w64", ".flac", ".oga") else 5e-3
            assert np.abs(got[64 : 64 + len(wanted)] - wanted).max() <= most


def test_rings_survive_a_lock_that_is_held(tmp_path):
    """All kinds at once, on a device in real time; two streams with files of their own."""
    device = ps.VirtualDevice(input="sine")
    paths = [tmp_path / name for name in ("a.flac", "a.wav")]
    with (
        ps.SoundFileInputStream(paths[0], device=device, samplerate=8000, channels=1) as first,
        ps.SoundFileInputStream(paths[1], device=device, samplerate=8000, channels=1) as second,
    ):
        first.start()
        second.start()
        with GilHog(1.0):
            until(lambda: first.stats.frames > 16_000)
        for stream in (first, second):
            stream.stop()
            assert stream.stats.lost_frames == stream.stats.dropped_frames == 0
    for path, stream in zip(paths, (first, second), strict=True):
        assert len(read(path)) == stream.stats.captured_frames > 16_000
