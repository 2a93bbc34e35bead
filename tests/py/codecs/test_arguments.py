# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Whatever an argument is: it works, or the error names it; and nothing is left behind."""

import io
import os

import numpy as np
import pytest

import pastream_ng as ps

ODD = [
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63 - 1,
    2**64,
    -(2**63),
    1.5,
    float("nan"),
    float("inf"),
    np.int64(3),
    np.float32(3),
    "",
    "WAV",
    b"WAV",
    "x" * 1000,
    "\0",
    "\udc80",
    [],
    (1, 2),
    {},
    object(),
    np.zeros(3),
    lambda: None,
]
READ = {
    "frames": 10,
    "start": 0,
    "stop": None,
    "dtype": "float32",
    "always_2d": False,
    "fill_value": None,
    "out": None,
    "samplerate": None,
    "channels": None,
    "format": None,
    "subtype": None,
    "endian": None,
    "on_damage": "warn",
    "max_frames": None,
}
WRITE = {
    "samplerate": 8000,
    "subtype": None,
    "endian": None,
    "format": None,
    "compression_level": None,
    "bitrate_mode": None,
    "bitrate": None,
    "quality": None,
    "compression": None,
    "dither": None,
    "tags": None,
    "resample": "auto",
    "overwrite": True,
}
ALLOWED = (ps.ArgumentError, ps.ArgumentTypeError, ps.LimitError, ps.StateError)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sound.wav"
    ps.write(path, np.arange(100, dtype="int16"), 8000)
    return path


def attempt(name, value, call):
    """Call; what is refused is named, or is about a limit of the kind of file."""
    try:
        call()
    except ALLOWED as error:
        assert name in str(error) or "data" in str(error), (name, value, error)  # noqa: PT017
    except (ValueError, TypeError) as error:
        raise AssertionError(f"{name}={value!r}: {error!r}") from error


@pytest.mark.parametrize("name", READ)
def test_arguments_of_read(name, path):
    for value in ODD:
        if name == "out" and isinstance(value, np.ndarray):
            continue
        attempt(name, value, lambda value=value: ps.read(path, **{**READ, name: value}))
        if name not in ("on_damage", "max_frames"):
            told = {key: each for key, each in READ.items() if key != "max_frames"}
            attempt(
                name,
                value,
                lambda value=value, told=told: list(ps.blocks(path, 10, **{**told, name: value})),
            )


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3", "opus", "ogg", "aac", "m4a", "raw"])
@pytest.mark.parametrize("name", WRITE)
def test_arguments_of_write(name, extension, tmp_path):
    path = tmp_path / f"a.{extension}"
    told = {**WRITE, "subtype": "PCM_16"} if extension == "raw" else WRITE
    data = np.zeros(10)
    for value in ODD:
        try:
            attempt(name, value, lambda value=value: ps.write(path, data, **{**told, name: value}))
        except FileExistsError:
            assert name == "overwrite"
        except ps.CodecMissingError:
            pytest.skip("this build has no such codec")
    assert set(os.listdir(tmp_path)) <= {path.name}


@pytest.mark.parametrize("value", ODD)
def test_files_that_are_none(value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if isinstance(value, (int, bool)) and value in (0, 1, 2, 3):
        pytest.skip("a descriptor of this process")
    for call in (ps.read, ps.info, ps.SoundFile, ps.AudioFileReader):
        with pytest.raises((*ALLOWED, OSError)):
            call(value)
    if not isinstance(value, (str, bytes)):
        with pytest.raises((*ALLOWED, OSError)):
            ps.write(value, np.zeros(10), 8000, format="WAV")


@pytest.mark.parametrize("value", [3.5, None, ["a.wav"], object()])
def test_what_is_no_file_is_told_as_such_when_the_format_is_left_out(value):
    with pytest.raises(ps.ArgumentTypeError, match="it must be a path, a file descriptor"):
        ps.write(value, np.zeros(10), 8000)
    with pytest.raises(ps.ArgumentError, match="the file's name does not tell it"):
        ps.write(io.BytesIO(), np.zeros(10), 8000)


def read_all(path, **told):
    with ps.AudioFileReader(path, **told) as reader:
        return list(reader)


@pytest.mark.parametrize("name", ["format", "chunk_samples", "dtype", "always_2d"])
def test_arguments_of_the_reader(name, path):
    for value in ODD:
        try:
            attempt(name, value, lambda value=value: read_all(path, **{name: value}))
        except ps.FileFormatError as error:
            assert "format" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("name", "values"),
    [("frames", ODD), ("dtype", ODD), ("fill_value", ODD), ("always_2d", ODD)],
)
def test_arguments_of_reads_of_a_file(name, values, path):
    with ps.SoundFile(path) as file:
        for value in values:
            attempt(name, value, lambda value=value: file.read(**{"frames": 5, name: value}))
        for value in ODD:
            attempt("frame", value, lambda value=value: file.seek(value))
        file.seek(0)
        assert len(file.read()) == 100
