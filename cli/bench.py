# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream bench``: how fast this build is on this machine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import click

import pastream_ng as ps

from .options import DURATION
from .output import Talk, print_json, talking
from .progress import View, shown
from .sounds import Sound, blocks

__all__ = ["bench"]

RATE = 44100
CODECS = {"pcm": "wav", "flac": "flac", "mp3": "mp3", "aac": "aac", "vorbis": "ogg", "opus": "opus"}


@dataclass(frozen=True)
class Figure:
    """One figure: seconds of sound in a second of work, on one thread."""

    what: str
    speed: float


def material(path: str, seconds: float) -> None:
    """Write a file that is no more easily coded than music: a tone over noise, stereo."""
    frames = max(1, round(seconds * RATE))
    noise = Sound("pink", RATE, 2, frames, 0.05, seed=1)
    tone = Sound("sawtooth", RATE, 2, frames, 0.2, 220.0)
    with ps.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for one, other in zip(blocks(noise), blocks(tone), strict=True):
            file.write(one + other)


def writable() -> list[str]:
    """Return the codecs that this build can write and read."""
    both = {codec.encoding.lower() for codec in ps.available_codecs() if codec.encodes}
    reads = {codec.encoding.lower() for codec in ps.available_codecs() if codec.decodes}
    return [name for name in CODECS if name in both & reads]


def figures(folder: str, seconds: float) -> Iterator[Figure]:
    """Yield each figure as it is there."""
    source = os.path.join(folder, "source.wav")
    material(source, seconds)
    for codec in writable():
        coded = os.path.join(folder, f"coded.{CODECS[codec]}")
        stats = ps.transcode(source, coded, audio_codec=codec)
        yield Figure(f"encode {codec}", stats.speed)
        back = os.path.join(folder, "back.wav")
        stats = ps.transcode(coded, back, audio_codec="pcm", overwrite=True)
        yield Figure(f"decode {codec}", stats.speed)
    sound, _ = ps.read(source)
    for quality in ps.ResampleQuality:
        begun = time.perf_counter()
        ps.resample(sound.astype("float32"), RATE, 48000, quality=quality)
        yield Figure(f"resample {quality.name.lower()}", seconds / (time.perf_counter() - begun))


@click.command()
@click.option(
    "-d", "--duration", type=DURATION, default="20", help="Of the sound that is used; else 20 s."
)
@talking()
def bench(duration: float, talk: Talk) -> None:
    """Measure how fast this build codes and resamples on this machine.

    Each figure is how many seconds of stereo at 44.1 kHz are done in one second, on one thread.
    """
    if not 0.1 <= duration <= 3600:
        raise click.UsageError("--duration is to be from 100ms to 1:00:00.")
    total = 2 * len(writable()) + len(ps.ResampleQuality)
    made: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, shown(talk, "bench") as display:
        for figure in figures(folder, duration):
            made.append(figure)
            note = f"{figure.what}, {len(made)} of {total}"
            display.show(View(0.0, note=note, share=len(made) / total))
    level = ps.kernel_level()
    if talk.as_json:
        print_json({"version": ps.__version__, "kernels": level, "figures": made})
        return
    for figure in made:
        click.echo(f"{figure.what:<18} {figure.speed:7.0f}x")
    click.echo(f"{'kernels':<18} {level:>8}")
