# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Other programs and libraries read what we transcode, and find the same sound in it."""

import json
import shutil
import subprocess

import mutagen
import numpy as np
import pytest
import soundfile

import pastream_ng as ps

from ..codecs.kinds import snr_db
from .ends import ENDS, RATE, TAGS, WITHOUT_TAGS, over_ends, sound, store

FRAMES = 14401
WANTED = sound(FRAMES)
_FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", "{}"]
_FLAC_OUT = ["-s", "-d", "-c", "--force-raw-format", "--endian=little", "--sign=signed"]
_RAW = {"s16": "<i2", "f32": "<f4"}

#: Kind -> the program of its own codec, what it prints, and how many frames more than ours.
PROGRAMS = {
    "MP3-MP3": (["mpg123", "-q", "-s", "-e", "f32", "{}"], "f32", 0),
    "OGG-OPUS": (["opusdec", "--quiet", "--rate", "48000", "--float", "{}", "-"], "f32", 0),
    "OGG-VORBIS": (["oggdec", "-Q", "-R", "-o", "-", "{}"], "s16", 0),
    "ADTS-AAC": (["faad", "-q", "-f", "2", "-b", "4", "-w", "{}"], "f32", 3072),
    "FLAC-FLAC": (["flac", *_FLAC_OUT, "{}"], "s16", 0),
    "OGG-FLAC": (["flac", "--ogg", *_FLAC_OUT, "{}"], "s16", 0),
    **{
        f"{name}-PCM": (
            ["sox", "-V1", "{}", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-"],
            "s16",
            0,
        )
        for name in ("WAV", "WAVEX", "AIFF", "AU", "W64")
    },
}


def output_of(command, path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    whole = [str(path) if part == "{}" else part for part in command]
    done = subprocess.run(whole, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return done.stdout


def floats(output, samples):
    data = np.frombuffer(output, _RAW[samples]).reshape(-1, 2)
    return data / 32768 if samples == "s16" else data


def judge(end, got, extra=0):
    """Hold what another program has read against what was to be written."""
    assert FRAMES <= len(got) <= FRAMES + extra
    first = len(got) - FRAMES
    best = max(snr_db(got[at : at + FRAMES], WANTED / 32768) for at in {0, min(1024, first), first})
    if end.lossless:
        assert np.array_equal(got * 32768, WANTED)
    assert best > end.kind.snr_db


@pytest.fixture
def made(target, tmp_path):
    ps.write(tmp_path / "a.wav", WANTED, RATE, tags=TAGS)
    ps.transcode(tmp_path / "a.wav", tmp_path / target.name, **target.options)
    return tmp_path / target.name


def packets(path):
    """Return how many packets ffprobe counts."""
    probe = ["ffprobe", "-v", "error", "-count_packets", "-of", "csv=p=0"]
    return int(output_of([*probe, "-show_entries", "stream=nb_read_packets", "{}"], path))


@over_ends("target", {k: v for k, v in ENDS.items() if v.kind.encoding != "PCM"})
def test_ffprobe_counts_the_same_packets(target, tmp_path):
    ps.write(tmp_path / "a.wav", sound(100_003), RATE, tags=TAGS)
    out = tmp_path / target.name
    stats = ps.transcode(tmp_path / "a.wav", out, **target.options)
    assert stats.packets_processed == packets(out)


@over_ends("target", {name: end for name, end in ENDS.items() if name in PROGRAMS})
def test_its_own_program_reads_it(target, made):
    command, samples, extra = PROGRAMS[f"{target.kind.format}-{target.kind.encoding}"]
    judge(target, floats(output_of(command, made), samples), extra)


@over_ends("target")
def test_ffmpeg_reads_it(target, made):
    samples = "s16" if target.lossless else "f32"
    output = output_of([*_FFMPEG, "-f", f"{samples}le", "-"], made)
    # It leaves what pads the end of AAC and of MP3, though the file tells.
    extra = {"AAC": 3072, "MP3": 1152, "OPUS": 0}.get(target.kind.encoding, 0)
    judge(target, floats(output, samples), extra)
    probe = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", "{}"]
    told = json.loads(output_of(probe, made))
    (stream,) = told["streams"]
    assert (stream["sample_rate"], stream["channels"]) == (str(RATE), 2)
    if target.kind.format not in WITHOUT_TAGS:
        tags = told["format"].get("tags") or stream["tags"]
        found = {key.lower(): text for key, text in tags.items()}
        assert found["title"] == TAGS["title"]
        # Of several texts it shows the first one, or the last one, or all.
        assert any(name in found["artist"] for name in TAGS["artist"])


# What its wheels hold reads none of the FLAC in Ogg.
_FOREIGN = {"ADTS-AAC", "MP4-AAC", "OGG-FLAC"}


@over_ends("target", {name: end for name, end in ENDS.items() if name not in _FOREIGN})
def test_soundfile_reads_it(target, made):
    data, rate = soundfile.read(made, dtype="float64")
    assert rate == RATE
    judge(target, data, 1152 if target.kind.format == "MP3" else 0)


@over_ends("target", {k: v for k, v in ENDS.items() if v.kind.format in ("FLAC", "OGG", "MP3")})
def test_mutagen_finds_the_tags(target, made):
    tags = mutagen.File(made, easy=True)
    assert tags["title"] == [TAGS["title"]]
    assert tags["artist"] == TAGS["artist"]


def test_flac_files_stand_the_test_of_flac(tmp_path):
    for name in ("FLAC-FLAC", "OGG-FLAC"):
        source = store(ENDS["WAV-PCM"], tmp_path, WANTED)
        end = ENDS[name]
        ps.transcode(source, tmp_path / end.name, **end.options)
        output_of(
            ["flac", "-t", "-s", "-w", *(["--ogg"] if "OGG" in name else []), "{}"],
            tmp_path / end.name,
        )
