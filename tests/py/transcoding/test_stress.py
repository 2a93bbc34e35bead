# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Many at once, bombs, and hours of sound: the same results, in bounded memory and size."""

import os
import threading

import numpy as np
import pytest
from corpus import FOLDER
from servers.scenario import run

import pastream_ng as ps

from .ends import BUILT, RATE, listing, sound

MB = 150  # A process with NumPy in it has some 60 before it begins.


def together(work, count):
    """Run work(i) on as many threads at once; raise what any of them raised."""
    errors = []
    gate = threading.Barrier(count)

    def one(i):
        gate.wait()
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.sanitize
@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_A5_sixteen_at_once_are_as_one_after_another(tmp_path, rounds):
    source = tmp_path / "a.wav"
    rng = np.random.default_rng(8)
    data = sound(RATE) + np.round(rng.normal(0, 500, (RATE, 2))).astype("int16")
    ps.write(source, data, RATE, tags={"title": "A"})
    ends = list(BUILT.values())
    jobs = [
        (ends[i % len(ends)], {"sample_rate": 44100} if i % 3 == 2 and i >= len(ends) else {})
        for i in range(16)
    ]

    def one(folder, i):
        end, more = jobs[i]
        place = folder / f"{i}"
        place.mkdir()
        if end.kind.encoding == "OPUS":
            more = {}
        ps.transcode(source, place / end.name, **{**end.options, **more})

    serial = tmp_path / "serial"
    serial.mkdir()
    for i in range(len(jobs)):
        one(serial, i)
    wanted = {name: seen(serial / name) for name, data in listing(serial).items() if data}
    for turn in range(rounds):
        folder = tmp_path / f"at once {turn}"
        folder.mkdir()
        together(lambda i, folder=folder: one(folder, i), len(jobs))
        found = {name: seen(folder / name) for name, data in listing(folder).items() if data}
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert found[name] == wanted[name], name


def seen(path):
    """Return what two files of the same sound have in common: Ogg numbers its streams at random."""
    data = path.read_bytes()
    if data[:4] != b"OggS":
        return data
    samples, rate = ps.read(path)
    return len(data), rate, samples.tobytes()


def bomb(name):
    path = FOLDER / "hostile" / name
    if not path.exists():
        pytest.skip(f"there is no corpus in {FOLDER}")
    return str(path)


def test_H12_bombs_end_at_the_limit(tmp_path):
    limits = [{"max_duration": 20.0}, {"max_size": 2_000_000}]
    names = ["bomb_flac_silence_1h.flac", "bomb_opus_silence_20min.opus"]
    jobs = [([bomb(name), str(tmp_path / "x.wav")], limit) for name in names for limit in limits]
    told = run("transcodes.py", "peak_of", jobs=jobs)
    for (_, limit), each in zip(jobs, told["jobs"], strict=True):
        assert each["error"] == "LimitError"
        assert next(iter(limit)) in each["text"]
    assert listing(tmp_path) == {}
    assert told["peak_mb"] < MB


@pytest.mark.soak
def test_H12_bombs_without_a_limit_take_little_memory(tmp_path):
    hour, some = "bomb_flac_silence_1h.flac", "bomb_opus_silence_20min.opus"
    jobs = [([bomb(name), str(tmp_path / f"{name}.flac")], {}) for name in (hour, some)]
    told = run("transcodes.py", "peak_of", jobs=jobs, timeout=300)
    assert [each["error"] for each in told["jobs"]] == [None, None]
    assert told["jobs"][1]["frames"] == 20 * 60 * RATE
    assert told["peak_mb"] < MB


@pytest.mark.parametrize("limit", [{"max_duration": 0.5}, {"max_size": 3000}])
@pytest.mark.parametrize("name", ["x.flac", "x.wav", "x.mp3", "x.opus"])
def test_limits_are_of_the_result(name, limit, tmp_path):
    ps.write(tmp_path / "a.wav", sound(2 * RATE), RATE)
    with pytest.raises(ps.LimitError, match=next(iter(limit))):
        ps.transcode(tmp_path / "a.wav", tmp_path / name, **limit)
    assert list(listing(tmp_path)) == ["a.wav"]
    # What just fits is no failure.
    stats = ps.transcode(tmp_path / "a.wav", tmp_path / name, max_duration=2.0, max_size=10**6)
    assert stats.frames_encoded == 2 * RATE
    size = os.path.getsize(tmp_path / name)
    ps.transcode(tmp_path / "a.wav", tmp_path / name, overwrite=True, max_size=size)


@pytest.mark.parametrize("hours", [pytest.param(10, marks=pytest.mark.soak)])
def test_hours_of_a_sparse_file(hours, tmp_path):
    """More than 4 GiB of zeros, of which the disk has none."""
    path = tmp_path / "a.rf64"
    frames = hours * 3600 * RATE
    ps.write(path, np.zeros((1, 2), "int16"), RATE, format="RF64", subtype="PCM_16")
    with open(path, "r+b") as file:
        head = file.read(200)
        at = head.index(b"ds64") + 8
        begin = head.index(b"data") + 8
        file.truncate(begin + frames * 4)
        file.seek(at)
        for value in (begin + frames * 4 - 8, frames * 4, frames):
            file.write(value.to_bytes(8, "little"))
    jobs = [([str(path), str(tmp_path / "x.flac")], {})]
    told = run("transcodes.py", "peak_of", jobs=jobs, timeout=900)
    assert told["jobs"] == [{"error": None, "frames": frames}]
    assert told["peak_mb"] < MB
    assert ps.info(tmp_path / "x.flac").frames == frames
