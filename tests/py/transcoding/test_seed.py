# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The examples of transcode_py's design, with only the import and the names of files changed."""

import asyncio

import pytest

import pastream_ng as transcode_py

from ..codecs.kinds import can
from .sounds import write

pytestmark = pytest.mark.skipif(not can("MP4", "AAC"), reason="this build has no AAC")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("input.wav")
    return tmp_path


def test_simple_synchronous_usage():
    with pytest.raises(transcode_py.UnsupportedOptionError, match="audio_codec"):
        transcode_py.transcode(
            "input.wav",
            "output.mp4",
            video_codec="h264",
            video_bitrate=2_000_000,
        )
    stats = transcode_py.transcode(
        "input.wav",
        "output.mp4",
        audio_codec="aac",
        audio_bitrate=128_000,
    )
    print(stats)
    assert transcode_py.info("output.mp4").frames == 4800


def test_builder_pattern():
    with pytest.raises(transcode_py.UnsupportedOptionError, match="audio_codec"):
        (
            transcode_py.TranscodeOptions()
            .input("input.wav")
            .output("output.mp4")
            .video_codec("h264")
            .video_bitrate(2_000_000)
            .resolution(1920, 1080)
        )
    with pytest.raises(transcode_py.UnsupportedOptionError, match="sample_rate"):
        transcode_py.TranscodeOptions().resolution(1920, 1080)
    options = (
        transcode_py.TranscodeOptions()
        .input("input.wav")
        .output("output.mp4")
        .audio_codec("aac")
        .audio_bitrate(128_000)
        .sample_rate(44100)
    )

    transcoder = transcode_py.Transcoder(options)
    stats = transcoder.run()
    assert stats.output_format.samplerate == 44100


def test_async_with_progress(capsys):
    async def main():
        def on_progress(progress):
            print(f"Progress: {progress.percent:.1f}%")

        stats = await transcode_py.transcode_async(
            "input.wav",
            "output.mp4",
            progress_callback=on_progress,
        )
        print(f"Done! {stats}")

    asyncio.run(main())
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "Progress: 100.0%"
    assert lines[-1].startswith("Done! TranscodeStats(packets=")


def test_hardware_capabilities(capsys):
    caps = transcode_py.detect_simd()
    print(f"SIMD: {caps.best_level()}")
    assert capsys.readouterr().out.startswith("SIMD: ")


def test_the_six_names_of_the_seed():
    names = "percent frames speed eta size bitrate"
    assert names.split() == [
        name
        for name in transcode_py.Progress.__dataclass_fields__
        if name not in ("seconds", "duration", "elapsed")
    ]
    stats = transcode_py.transcode("input.wav", "output.wav")
    fields = "packets_processed frames_decoded frames_encoded input_size output_size"
    assert all(isinstance(getattr(stats, name), int) for name in fields.split())
    assert isinstance(stats.compression_ratio, float)
    assert transcode_py.version() == transcode_py.__version__


def test_errors_of_the_seed():
    with pytest.raises(ValueError, match="output is None"):
        transcode_py.Transcoder(transcode_py.TranscodeOptions().input("input.wav"))
    with pytest.raises(OSError, match="No such file"):
        transcode_py.transcode("missing.wav", "output.mp4")
    transcode_py.transcode("input.wav", "output.wav")
    with pytest.raises(OSError, match="File exists"):
        transcode_py.transcode("input.wav", "output.wav")
