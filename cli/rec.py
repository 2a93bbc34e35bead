# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream rec``: a device into sound files."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

import pastream_ng as ps

from .conversion import in_options
from .exits import Code, code_of
from .options import COUNT, DURATION, TAG, Word, counted, size
from .output import Talk, print_json, talking
from .progress import View, shown
from .running import SLICE_S, place_of
from .shared_options import capture_options, device_option, file_options

__all__ = ["rec"]

#: Arguments of the library, and the options that they are.
NAMES = {
    "file": "FILE",
    "subtype": "--encoding",
    "bitrate": "--bitrate",
    "bitrate_mode": "--bitrate-mode",
    "rotate": "--rotate",
    "pre_roll": "--pre-roll",
    "trigger": "--trigger",
    "release": "--release",
    "samplerate": "--rate",
    "device": "--device",
    "mapping": "--map",
    "frames": "--frames",
}


class RotationWord(Word):
    """A time or a size, as the library has it, or a clock's time."""

    name = "length"

    def parse(self, text: str) -> float | str:
        """Return what the library takes."""
        try:
            return DURATION.parse(text)
        except ValueError:
            return text  # The library knows what is right.


ROTATION = RotationWord()
OF_DEVICE = ("device", "samplerate", "channels", "mapping", "blocksize")


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@device_option
@click.option("-d", "--duration", type=DURATION, help="How long, as 1:30; else till Ctrl-C.")
@click.option("-n", "--frames", type=COUNT, help="The same in frames.")
@capture_options
@file_options
@click.option("--quality", type=float, help="0 (smallest) to 1 (best), of MP3 and Vorbis.")
@click.option("--compression", type=int, help="The codec's effort.")
@click.option("--tag", "tags", type=TAG, multiple=True, help="As title=Song; may be repeated.")
@click.option(
    "--rotate",
    type=ROTATION,
    metavar="LENGTH",
    help="Go on in a new file: 1h, 10min, 500MB, segment.",
)
@click.option("--pre-roll", type=DURATION, help="With --trigger: record what was before it, too.")
@click.option("--trigger", metavar="LEVEL", help="Begin when it is that loud, as -40dB.")
@click.option("--silence", type=DURATION, help="With --trigger: end after so long a silence.")
@click.option("--again", is_flag=True, help="With --silence: wait for the next sound then.")
@click.option("-b", "--blocksize", type=COUNT, help="Frames in a block of the device.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--fatal-xruns", is_flag=True, help="Stop at the first xrun; the exit code is 3.")
@talking("Print one JSON document about what was recorded.")
def rec(
    file: str,
    duration: float | None,
    frames: int | None,
    tags: tuple[tuple[str, str], ...],
    trigger: str | None,
    pre_roll: float | None,
    silence: float | None,
    again: bool,
    fatal_xruns: bool,
    talk: Talk,
    **options: Any,
) -> None:
    """Record into a sound file, or into many, one after another.

    The kind is told by the extension of FILE, or by --format; '-' is standard output. {index} and
    {time} in its name stand for the number of the file and the time at which it begins. Ctrl-C
    completes the file.
    """
    if duration is not None and frames is not None:
        raise click.UsageError("--duration and --frames say the same; give one of them.")
    for option, value, needs, what in (
        ("--silence", silence, "--trigger", trigger),
        ("--pre-roll", pre_roll, "--trigger", trigger),
        ("--again", again or None, "--silence", silence),
    ):
        if value is not None and what is None:
            raise click.UsageError(f"{option} is for {needs}.")
    if file == "-" and talk.as_json:
        raise click.UsageError("--json prints to standard output, which is to be the sound.")
    if file == "-" and options["format"] is None:
        options["format"] = "AU"  # Its header needs no length.
    if tags:
        options["tags"] = {key: [v for k, v in tags if k == key] for key, _ in tags}
    given = {name: value for name, value in options.items() if value is not None}
    device = {name: given.pop(name) for name in OF_DEVICE if name in given}
    with in_options(**NAMES), ps.InputStream(**device) as stream:
        rate = stream.samplerate
        if duration is not None:
            frames = max(1, round(duration * rate))
        if silence is not None:
            given["release"] = max(1, round(silence * rate))
        recorder = ps.Recorder(
            place_of(file, writes=True),
            stream=stream,
            frames=frames,
            pre_roll=round((pre_roll or 0) * rate),
            trigger=trigger,
            retrigger=again,
            **given,
        )
        total = None if frames is None or again else frames / rate
        code = watch(recorder, stream, file, total, talk, fatal_xruns)
    stats = recorder.stats
    if talk.as_json:
        print_json(stats.to_dict())
    names = ", ".join(each.path if each.path else file for each in stats.files) or "nothing"
    parts = [f"{stats.seconds:.3f} s", size(stats.bytes), counted(stats.xruns, "xrun")]
    if stats.lost_frames:
        parts.append(f"{counted(stats.lost_frames, 'frame')} lost")
    if stats.clipped:
        parts.append(f"{counted(stats.clipped, 'sample')} clipped")
    talk.say(f"recorded {names}: {', '.join(parts)}")
    sys.exit(code)


def watch(
    recorder: ps.Recorder,
    stream: ps.InputStream,
    name: str,
    total: float | None,
    talk: Talk,
    fatal_xruns: bool,
) -> int:
    """Record to the end, and return the exit code. Ctrl-C is an end like any other."""
    code: int = Code.DONE
    with recorder:
        try:
            with shown(talk, os.path.basename(name)) as display:
                recorder.start()
                stream.start()
                while not recorder.wait(SLICE_S):
                    xruns = stream.stats.xruns
                    if fatal_xruns and xruns:
                        break
                    display.show(view_of(recorder, stream, total, xruns))
        except KeyboardInterrupt as asked:
            code = code_of(asked)
    if fatal_xruns and stream.stats.xruns and code == Code.DONE:
        code = Code.XRUNS
    return code


def view_of(recorder: ps.Recorder, stream: ps.InputStream, total: float | None, xruns: int) -> View:
    """Return how far a recording is."""
    notes = []
    if recorder.state == ps.RecordingState.WAITING:
        notes.append("waiting for the trigger")
    notes.append(f"{max(float(stream.input_meters.peak_db.max()), -99.0):.0f} dB")
    if xruns:
        notes.append(counted(xruns, "xrun"))
    done = recorder.seconds
    left = None if total is None else max(total - done, 0)
    size = sum(each.bytes for each in recorder.files)
    return View(done, total, eta=left, size=size, note=", ".join(notes))
