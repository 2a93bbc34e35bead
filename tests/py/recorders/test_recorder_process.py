# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Recorders in processes that are killed, interrupted, forked or end: the files stay whole."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from servers.scenario import Scenario, run

import pastream_ng as ps

from ..conftest import counted
from ..scenarios.recorders import kinds

RATE = 48000
# What a kill may cost: the time between two updates, and what a codec or page holds back.
MOST_LOST = RATE

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def series(path):
    """Return what the files of a series hold, one after another."""
    parts = []
    for file in sorted(Path(path).parent.glob("*.wav")):
        with ps.SoundFile(file) as opened:
            parts.append(opened.read(dtype="int32"))
    return np.concatenate(parts)


# ---- Kills ---------------------------------------------------------------------------------------


def killed(folder, rotates, after):
    """Kill a process that records into files of all kinds; return how far each file was told."""
    with Scenario(
        "recorders.py", "all_kinds_until_killed", folder=str(folder), rotates=rotates
    ) as scenario:
        end = time.monotonic() + 60
        while scenario.output.count("told: frames") < 10:
            assert time.monotonic() < end, scenario.output
            time.sleep(0.02)
        time.sleep(after)
        os.kill(scenario.pid, signal.SIGKILL)
        scenario.program.wait_end(10)
        lines = [line for line in scenario.output.splitlines() if line.startswith("told: ")]
    names = next(line for line in lines if line.startswith("told: names")).split()[2:]
    whole = [line.split()[2:] for line in lines if line.startswith("told: frames")]
    counts = next(counts for counts in reversed(whole) if len(counts) == len(names))
    return dict(zip(names, map(int, counts), strict=True))


def decoded_frames(path):
    """Return how many frames another program finds in a file; None if there is no such program."""
    if path.suffix == ".opus" and shutil.which("opusdec"):
        command = ["opusdec", "--quiet", "--force-wav", str(path), "-"]
        done = subprocess.run(command, capture_output=True, check=True)
        return (len(done.stdout) - 44) // 2
    if path.suffix == ".flac" and shutil.which("flac"):
        # What is behind the last frame of a file that was cut off is no flaw.
        command = ["flac", "--silent", "--decode", "--decode-through-errors", "--stdout"]
        command += ["--force-raw-format", "--endian=little", "--sign=signed", str(path)]
        done = subprocess.run(command, capture_output=True, check=False)
        return len(done.stdout) // 3
    if not shutil.which("ffmpeg"):
        return None
    command = [
        "ffmpeg",
        "-v",
        "fatal",
        "-i",
        str(path),
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        str(RATE),
        "-",
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    return len(done.stdout) // 2


@pytest.mark.parametrize("turns", [1, pytest.param(60, marks=pytest.mark.soak)])
def test_F1_files_of_a_killed_process_hold_all_but_the_last_moment(tmp_path, turns):
    rng = random.Random(7)
    for turn in range(turns):
        folder = tmp_path / str(turn)
        folder.mkdir()
        told = killed(folder, False, 1.2 + rng.random())
        for name, frames in told.items():
            if name.endswith(".m4a"):
                continue
            assert frames > RATE, name
            with ps.SoundFile(folder / name) as file:
                got = file.read(dtype="float32")
            assert len(got) >= frames - MOST_LOST, name
            # A sine: every window of it has its level, as well as the codec keeps that.
            whole = got[2400 : len(got) // 480 * 480].reshape(-1, 480)
            levels = np.sqrt(np.mean(whole**2, axis=1))[:-12]
            most = 0.25 if name.endswith(".aac") else 0.02
            assert np.abs(levels - 0.3535).max() < most, name
            found = decoded_frames(folder / name)
            assert found is None or found >= frames - MOST_LOST, name


def test_F1_the_files_before_the_last_one_are_complete(tmp_path):
    told = killed(tmp_path, True, 0.9)
    for name in told:
        root, extension = os.path.splitext(name)
        files = sorted(tmp_path.glob(f"{root}-*{extension}"))
        assert len(files) >= 2, name
        for path in files[:-1]:
            with ps.SoundFile(path) as file:
                assert len(file.read()) == round(0.4 * RATE), path


# ---- Ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["exit", "exception", "thread", "cycle", "handler", "end"])
def test_P3_the_end_of_the_program_completes_the_files(tmp_path, how):
    path = tmp_path / "a.wav"
    with Scenario("recorders.py", "ends", path=str(path), how=how) as scenario:
        code = scenario.program.finish(60)
        output = scenario.output
    assert code == 0, output
    frames = int(output.split("frames ")[1].split()[0])
    got = series(path)
    assert len(got) >= frames
    assert np.array_equal(got, counted("int32", len(got))[:, 0])


def test_P5_a_signal_without_a_handler_is_like_a_kill(tmp_path):
    path = tmp_path / "a.wav"
    with Scenario("recorders.py", "ends", path=str(path), how="default") as scenario:
        assert scenario.program.finish(60) == -signal.SIGTERM
        frames = int(scenario.output.split("frames ")[1].split()[0])
    got = series(path)
    assert len(got) >= frames - MOST_LOST
    assert np.array_equal(got, counted("int32", len(got))[:, 0])


@pytest.mark.parametrize("rounds", [30, pytest.param(500, marks=pytest.mark.soak)])
def test_P6_interrupts_at_any_time(tmp_path, rounds):
    report = run("recorders.py", "interrupted", path=str(tmp_path / "a.wav"), rounds=rounds)
    assert report["interrupts"] >= rounds // 2
    assert report["lost"] == 0
    got = series(tmp_path / "a.wav")
    assert np.array_equal(got, counted("int32", report["frames"])[:, 0])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_D1_a_jack_server_that_ends_leaves_a_whole_file(mortal_jack, tmp_path, number):
    arguments = {"device": "system", "path": str(tmp_path / "a.wav")}
    with Scenario("recorders.py", "until_lost", env=mortal_jack.env, **arguments) as scenario:
        scenario.wait_for("running")
        mortal_jack.program.send(number)
        report = scenario.result()
    assert "device" in report["error"]
    assert report["frames"] == report["captured"] > RATE // 4


def test_F7_a_slow_reader_of_a_pipe_costs_nothing(tmp_path):
    report = run("recorders.py", "slow_pipe", path=str(tmp_path / "pipe.raw"), seconds=1.5)
    assert report["lost"] == 0
    assert report["frames"] == report["got"] > RATE
    assert report["breaks"] == []


@needs_fork
def test_P1_a_fork_leaves_the_recording_to_the_parent(tmp_path):
    report = run("recorders.py", "forked", path=str(tmp_path / "a.wav"))
    assert report["refused"] == 4
    got = series(tmp_path / "a.wav")
    assert np.array_equal(got, counted("int32", report["frames"])[:, 0])


# ---- Disks ---------------------------------------------------------------------------------------


def test_F4_files_that_may_not_grow_any_more_are_whole(tmp_path):
    report = run("recorders.py", "limited", folder=str(tmp_path), n_bytes=200_000)
    assert report.pop("active")
    for name, told in report.items():
        assert told["errno"] == 27, name  # EFBIG
        with ps.SoundFile(tmp_path / name) as file:
            got = file.read(dtype="int16", always_2d=True)
        assert told["frames"] - 8192 <= len(got) <= told["frames"], name
        assert len(got) > 20_000
        assert np.array_equal(got, counted("int16", len(got), 2)), name


@pytest.fixture
def small_disk(tmp_path):
    """A disk of an eighth of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_F4_a_full_disk(small_disk):
    report = run("recorders.py", "disk_full", folder=str(small_disk), wants_more=False)
    assert report["errno"] == 28
    assert report["active"]
    with ps.SoundFile(small_disk / "a1.wav") as file:
        got = file.read(dtype="int16")
    assert report["frames"] - 16384 <= len(got) <= report["frames"]
    assert np.array_equal(got, counted("int16", len(got))[:, 0])


def test_F4_a_full_disk_leaves_a_whole_file_of_every_kind(small_disk):
    device = ps.VirtualDevice(clock="free", input="sine")
    for name, options in kinds().items():
        if name.endswith(".m4a"):
            continue  # Its index is written at the end.
        path = small_disk / name
        rec = ps.Recorder(
            path, device=device, samplerate=RATE, channels=1, frames=200 * RATE, **options
        )
        rec.start()
        with pytest.raises(ps.SystemCallError) as caught:
            rec.wait(60)
        assert caught.value.errno == errno.ENOSPC, name
        with ps.SoundFile(path) as file:
            got = file.read()
        # What a codec or a page holds back is not there.
        assert rec.frames - RATE // 2 <= len(got) <= rec.frames, name
        found = decoded_frames(path)
        assert found is None or found >= rec.frames - RATE // 2, name
        path.unlink()


def test_F4_a_disk_that_is_full_for_a_while(small_disk):
    filler = small_disk / "filler"
    filler.write_bytes(bytes(80_000))
    with Scenario("recorders.py", "disk_full", folder=str(small_disk), wants_more=True) as scenario:
        scenario.wait_for("full")
        subprocess.run(["mount", "-o", "remount,size=16M", str(small_disk)], check=True)
        filler.unlink()
        scenario.say("go on")
        report = scenario.result()
    first, *_, last = report["files"]
    assert first["error"] == 28
    assert report["error"] is None
    assert report["unwritten_frames"] > 0
    for file in (first, last):
        with ps.SoundFile(file["path"]) as opened:
            got = opened.read(dtype="int16")
        assert np.array_equal(got, counted("int16", len(got), first=file["first_frame"])[:, 0])


# ---- Hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [24, pytest.param(480, marks=pytest.mark.soak)])
def test_P8_hours_of_frames_grow_nothing(hours):
    report = run("recorders.py", "long_run", hours=hours)
    assert report["frames"] == report["wanted"] == report["bytes"]
    assert report["lost"] == 0
    sizes = report["sizes"][1:]
    assert not sizes or max(sizes) - sizes[0] < 4 << 20
