# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcoding as the manual shows it."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pastream_ng as ps


def on_progress(progress: ps.Progress) -> None:
    if progress.percent is not None and progress.eta is not None:
        print(f"{progress.percent:.0f} % {progress.eta:.1f} s")


async def on_progress_async(progress: ps.Progress) -> None:
    print(progress.to_dict())


def calls() -> None:
    stats = ps.transcode("in.wav", Path("out.opus"), audio_bitrate=96_000, overwrite=True)
    ratio: float = stats.compression_ratio
    print(ratio, stats.output_format.codec, bool(stats.damage))
    ps.transcode(
        io.BytesIO(),
        io.BytesIO(),
        video_codec=None,
        format="flac",
        channel_map=[2, 1],
        dither=ps.Dither.TPDF,
        resample_quality="fast",
        on_damage="raise",
        progress_callback=on_progress,
    )


def builder() -> ps.Transcoder:
    options = (
        ps.TranscodeOptions()
        .input("in.flac")
        .output("out.mp3")
        .audio_codec("mp3")
        .bitrate_mode("average")
        .channel_map([[0.5, 0.5]])
    )
    job = ps.Transcoder(options.copy().threads(2))
    job.run(progress_callback=on_progress)
    return job


async def coroutines() -> ps.TranscodeStats:
    await builder().run_async(on_progress)
    return await ps.transcode_async("a.wav", "b.wav", progress_callback=on_progress_async)


def on_batch(progress: ps.BatchProgress) -> None:
    print(f"{progress.percent:.0f} % of {progress.total}")


def many() -> list[ps.BatchResult]:
    with ps.transcode_many("album", Path("opus"), to="opus", audio_bitrate=96_000) as batch:
        for result in batch:
            if result.error is None and result.stats is not None:
                print(result.stats.seconds)
    jobs = [("a.wav", "b.wav"), ("c.wav", "d.flac")]
    ps.transcode_many(jobs, workers=2, existing="error", progress_callback=on_batch).wait()
    with ThreadPoolExecutor() as pool:
        return ps.transcode_many(["a.wav", Path("b.wav")], to="mp3", executor=pool).failures


async def many_async() -> None:
    async with ps.transcode_many([ps.TranscodeOptions("a", "b")], overwrite=True) as batch:
        async for result in batch:
            print(result.to_dict(), await batch.wait_async(1.0))
