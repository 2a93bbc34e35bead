# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream [OPTIONS] INPUT [OUTPUT]``: play a file, record into another, as pastream has it."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any

import click

import pastream_ng as ps

from .group import LazyGroup
from .options import COUNT, RATE, SPAN, Span, SpanWord, counted
from .output import Talk, print_json, talking
from .pairs import CHANNELS, DEVICES, MAPPING, NOTHING, WORDS, Pair, both
from .running import open_stream, run

if TYPE_CHECKING:
    from .running import FileStream

__all__ = ["stream"]


class PadWord(SpanWord):
    """A length, or -1 for no end."""

    def parse(self, text: str) -> Span:
        """Return the length."""
        return Span(frames=-1) if text == "-1" else super().parse(text)


def list_devices(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the devices and leave."""
    if value and not ctx.resilient_parsing:
        click.echo(str(ps.query_devices()))
        ctx.exit()


@click.command()
@click.argument("input", required=False, type=click.Path(allow_dash=True))
@click.argument("output", required=False, type=click.Path(allow_dash=True))
@click.option(
    "-l",
    "--list",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=list_devices,
    help="List the devices.",
)
@click.option(
    "-o", "played", type=click.Path(), metavar="FILE", help="The file to play, in place of INPUT."
)
@click.option("-d", "--duration", type=SPAN, help="How long to play and record.")
@click.option("-n", "--frames", type=COUNT, help="The same in frames: 480k are 480000.")
@click.option("--offset", type=SPAN, help="Leave out that much at the start of the recording.")
@click.option(
    "-p",
    "--pad",
    type=PadWord(),
    is_flag=False,
    flag_value="-1",
    help="Silence to play after the file; without a value: up to --duration, or for ever.",
)
@click.option("--loop", is_flag=True, help="Play the file again and again, without a gap.")
@click.option("--fatal-xruns", is_flag=True, help="Stop at the first xrun; the exit code is 3.")
@click.option("--buffersize", type=COUNT, help="Frames that are read ahead of the device.")
@click.option("-b", "--blocksize", type=COUNT, help="Frames in a block of the device.")
@click.option("-c", "--channels", type=CHANNELS, metavar="N[,M]", help="How many channels.")
@click.option("-D", "--device", type=DEVICES, metavar="D[,E]", help="Index or part of a name.")
@click.option("-f", "--format", "dtype", type=WORDS, metavar="T[,T]", help="As float32, int16.")
@click.option("-r", "--rate", type=RATE, help="Frames a second.")
@click.option(
    "-m",
    "--map",
    "maps",
    type=MAPPING,
    multiple=True,
    metavar="IN[:OUT],...",
    help="Channels, from 1 on. Given twice: of the playback, then of the recording.",
)
@click.option("-t", "--file-type", "--file_type", "kind", type=WORDS, metavar="T[,T]", help="WAV.")
@click.option("-e", "--encoding", type=WORDS, metavar="E[,E]", help="As pcm_16, float.")
@click.option("--endian", type=WORDS, metavar="E[,E]", help="file, big, little or cpu.")
@talking("Print one JSON document about the run at its end.")
def stream(
    input: str | None,
    output: str | None,
    played: str | None,
    duration: Span | None,
    frames: int | None,
    offset: Span | None,
    pad: Span | None,
    loop: bool,
    fatal_xruns: bool,
    channels: Pair | None,
    device: Pair | None,
    dtype: Pair | None,
    rate: int | None,
    maps: tuple[Any, ...],
    kind: Pair | None,
    encoding: Pair | None,
    endian: Pair | None,
    talk: Talk,
    **sizes: int | None,
) -> None:
    """Play a file, record into one, or both at once.

    The word 'stream' may be left out. INPUT is played, OUTPUT is recorded into, and replaced if it
    is there. '-' is standard input or output; 'null', '^' or '' stand for nothing. Without an end
    of its own, a recording ends with Ctrl-C, which completes the file.

    Lengths are seconds (90), times (1:30, 1:02:03.5), or samples with an s (48000s, 480ks). Values
    may differ between playback and recording, with a comma between: -c 2,1.

    Where the two generations of pastream contradict each other, the long option decides: -d is the
    duration and -D the device; -o is the file to play and only --offset the offset. What was -s is
    'asio_channels' of the library's AsioSettings.
    """
    group = click.get_current_context().find_root().command
    if isinstance(group, LazyGroup) and input in group.entries and not os.path.lexists(input):
        raise click.UsageError(f"options come after the command: pastream {input} ...")
    source, target = files_of(input, output, played)
    if len(maps) > 2:
        raise click.UsageError("--map is for the playback and, a second time, for the recording.")
    if duration is not None and frames is not None:
        raise click.UsageError("--duration and --frames say the same; give one of them.")
    mapping = (maps[0], maps[-1]) if maps else (None, None)
    # The library has the sides in the other order: (input, output).
    options = {
        "device": both(device)[::-1],
        "channels": both(channels)[::-1],
        "dtype": both(dtype)[::-1],
        "mapping": mapping[::-1],
        "format": both(kind)[::-1],
        "subtype": both(encoding)[::-1],
        "endian": both(endian)[::-1],
        "samplerate": rate,
        "loop": loop,
        **{name: value for name, value in sizes.items() if value is not None},
    }
    with open_stream(source, target, options) as running:
        samplerate = running.samplerate
        length = played_frames(running, loop)
        if duration is not None:
            frames = duration.in_frames(samplerate)
        if offset is not None:
            running.offset = offset.in_frames(samplerate)
        if pad is not None:
            running.pad = pad.in_frames(samplerate)
        # A duration is a limit: a shorter file ends before it, unless silence is to follow.
        ends_itself = frames is None or (pad is None and 0 <= length <= frames)
        if not ends_itself:
            assert frames is not None
            running.frames = length = frames
        total = (
            -1 if length < 0 or (running.pad < 0 and ends_itself) else length + max(running.pad, 0)
        )
        label = f"{source or ''} > {target or ''}".strip(" >")
        code, stats = run(running, talk, label, total, fatal_xruns=fatal_xruns)
    tell(talk, source, target, samplerate, stats)
    sys.exit(code)


def files_of(
    first: str | None, second: str | None, played: str | None
) -> tuple[str | None, str | None]:
    """Return the file to play and the one to record into, or tell what is wrong with them."""
    if played is not None:
        if second is not None:
            raise click.UsageError("-o is the file to play; with it, name only the one to record.")
        first, second = played.removeprefix("="), first
    source = None if first is None or first in NOTHING else first
    target = None if second is None or second in NOTHING else second
    if source is None and target is None:
        raise click.UsageError("name a file to play, or one to record into: pastream null out.wav")
    return source, target


def played_frames(stream: FileStream, loops: bool) -> int:
    """Return how many frames the file that is played makes, -1 if that is endless or unknown."""
    if loops or isinstance(stream, ps.SoundFileInputStream):
        return -1
    file = stream.out_fh
    if file is None or file.frames < 0:
        return -1
    return math.ceil(file.frames * stream.samplerate / file.samplerate)


def tell(
    talk: Talk, source: str | None, target: str | None, rate: float, stats: ps.StreamStats
) -> None:
    """Say what was done."""
    counts = {
        "played_frames": stats.played_frames,
        "recorded_frames": stats.captured_frames,
        "xruns": stats.xruns,
        "input_underflows": stats.input_underflows,
        "input_overflows": stats.input_overflows,
        "output_underflows": stats.output_underflows,
        "output_overflows": stats.output_overflows,
        "lost_frames": stats.lost_frames,
        "dropped_frames": stats.dropped_frames,
        "missing_frames": stats.missing_frames,
    }
    if talk.as_json:
        print_json({"input": source, "output": target, "samplerate": rate, **counts})
        return
    parts = []
    for name, did, n in (
        (source, "played", stats.played_frames),
        (target, "recorded", stats.captured_frames),
    ):
        if name is not None:
            parts.append(f"{did} {name}: {n} frames, {n / rate:.3f} s")
    parts.append(counted(stats.xruns, "xrun"))
    talk.say("; ".join(parts))
