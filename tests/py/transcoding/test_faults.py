# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Full, broken and strange disks, pipes that break, files that change while they are read."""

import errno
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from servers.programs import compiled
from servers.scenario import run

import pastream_ng as ps

from .ends import BUILT, RATE, listing, over_ends, sound

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a preloaded library")


def noise(path, seconds=1.0, **options):
    data = np.random.default_rng(3).normal(0, 0.1, (int(seconds * RATE), 2))
    ps.write(path, data, RATE, **options)
    return path


# ---- Disks ---------------------------------------------------------------------------------------


def case(fault, target="x.flac", code="EIO", allowed=0, **more):
    return {
        "fault": fault,
        "target": target,
        "code": code,
        "allowed": allowed,
        "overwrite": False,
        "nameless": True,
        **more,
    }


def with_every_way(made):
    """With and without an old file there, on file systems with nameless files and without."""
    return [
        {**made, "overwrite": overwrite, "nameless": nameless}
        for overwrite in (False, True)
        for nameless in (False, True)
    ]


def failing_cases():
    """What must fail and leave all as it was."""
    cases = [case("write", end.name, "ENOSPC", 5000, options=end.options) for end in BUILT.values()]
    for code in ("ENOSPC", "EIO", "EDQUOT", "EFBIG"):
        for allowed in (0, 1, 50, 80_000):
            cases += with_every_way(case("write", "x.wav", code, allowed))
    cases += with_every_way(case("write", "x.flac", "EIO", 30_000))
    for threads in (2, 3):
        options = {"threads": threads, "sample_rate": 44100}
        cases += with_every_way(case("write", "x.flac", "ENOSPC", 30_000, options=options))
        cases.append(case("read", "x.flac", allowed=30_000, options=options))
    for allowed in (0, 40, 100, 50_000):
        cases += with_every_way(case("read", "x.flac", "EIO", allowed))
    return cases


def last_moment_cases():
    """What fails when the file is complete, if that call is made at all."""
    return [
        *with_every_way(case("rename", code="EIO")),
        *with_every_way(case("link", code="EIO")),
        *with_every_way(case("link", code="ENOSPC")),
        case("sync", overwrite=True),
        case("sync", overwrite=True, nameless=False),
        case("sync", overwrite=True, code="ENOSPC"),
    ]


def harmless_cases():
    """What is no failure: short transfers, and what some file systems do not have."""
    return [
        *[case("chop", end.name, options=end.options) for end in BUILT.values()],
        *with_every_way(case("none")),
        *[case("link", code=code, nameless=False) for code in ("EPERM", "EOPNOTSUPP")],
    ]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What came of each case, all in one process with a disk that fails."""
    cases = {each.__name__: each() for each in (failing_cases, last_moment_cases, harmless_cases)}
    flat = [each for some in cases.values() for each in some]
    env = {**os.environ, "LD_PRELOAD": compiled("io_fail.c", library=True)}
    folder = str(tmp_path_factory.mktemp("disk"))
    found = run("transcodes.py", "broken_disk", folder=folder, cases=flat, seconds=0.5, env=env)
    assert not any(told["leaked"] for told in found)
    told = iter(zip(flat, found, strict=True))
    return {name: [next(told) for _ in some] for name, some in cases.items()}


@linux
def test_F13_a_disk_that_fails_leaves_all_as_it_was(broken):
    for each, told in broken["failing_cases"]:
        assert told["failed"] > 0, each
        assert told["is_os_error"], (each, told)
        assert told["errno"] == getattr(errno, each["code"]), (each, told)
        assert told["unchanged"], (each, told)
        named = "a.wav" if each["fault"] == "read" else each["target"]
        assert named in told["text"], told["text"]


@linux
def test_F13_a_file_that_cannot_be_completed_is_none(broken):
    failures = 0
    for each, told in broken["last_moment_cases"]:
        # Which calls there are depends on the way.
        if told["error"] is None:
            assert told["failed"] == 0, (each, told)
            assert told["frames"] == RATE // 2
            continue
        failures += 1
        assert told["failed"] > 0
        assert told["errno"] == getattr(errno, each["code"]), (each, told)
        assert told["unchanged"], (each, told)
    assert failures >= 8


@linux
def test_F5_short_and_interrupted_transfers_lose_nothing(broken):
    """A disk may take less than it is given, or have neither links nor files without names."""
    for each, told in broken["harmless_cases"]:
        assert told["error"] is None, (each, told)
        assert told["failed"] > 5 or each["fault"] != "chop", each
        assert told["frames"] == RATE // 2, each
        new = [] if each["overwrite"] else [f"out/{each['target']}"]
        assert told["extra"] == new, (each, told)


def test_F4_files_that_may_not_grow(tmp_path):
    report = run("transcodes.py", "small_files", folder=str(tmp_path), n_bytes=6000)
    assert "x.wav" in report
    for name, told in report.items():
        assert told["errno"] == errno.EFBIG, (name, told)
        assert told["unchanged"], name


IN_A_SMALL_PLACE = """
import errno, os, subprocess, sys
import pastream_ng as ps
source, place = sys.argv[1:]
def write(path):
    with open(path, "wb") as file:
        file.write(b"old")
for target in ("x.flac", "x.wav", "x.aiff"):
    for overwrite in (False, True):
        path = os.path.join(place, target)
        if overwrite:
            write(path)
        before = os.listdir(place)
        try:
            ps.transcode(source, path, overwrite=overwrite)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
        else:
            raise AssertionError(target)
        assert os.listdir(place) == before
        if overwrite:
            assert os.path.getsize(path) == 3
            os.unlink(path)
        free = os.statvfs(place)
        assert free.f_bfree >= free.f_blocks - 2, "the room came back"
write(os.path.join(place, "old.flac"))
subprocess.run(["mount", "-o", "remount,ro", place], check=True)
for target in ("new.flac", "old.flac"):
    began = []
    try:
        ps.transcode(source, os.path.join(place, target), overwrite=True,
                     progress_callback=began.append)
    except OSError as error:
        assert error.errno == errno.EROFS, error
        assert isinstance(error, ps.PastreamError) or not began
    else:
        raise AssertionError(target)
    assert not began
assert os.listdir(place) == ["old.flac"]
"""


def test_F13_a_full_and_a_read_only_file_system(tmp_path):
    """A real one, of 256 KiB, which only its own process sees."""
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mount = 'mount -t tmpfs -o size=256k none "$1"'
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    place = tmp_path / "place"
    place.mkdir()
    if subprocess.run([*inside, mount, "sh", place], capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    source = noise(tmp_path / "a.wav", 3.0)
    script = f'{mount} && place="$1" && shift && exec "$@"'
    command = [*inside, script, "sh", place, sys.executable, "-W", "error", "-c"]
    done = subprocess.run(
        [*command, IN_A_SMALL_PLACE, source, place], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_F4_a_device_that_is_full(tmp_path):
    source = noise(tmp_path / "a.wav")
    with pytest.raises(OSError, match="No space") as raised:
        ps.transcode(source, "/dev/full", format="FLAC", overwrite=True)
    assert raised.value.errno == errno.ENOSPC
    assert os.path.exists("/dev/full")


class Acting(io.RawIOBase):
    """A file to read that does something once so many bytes are read."""

    def __init__(self, path, at, act):
        self._file = open(path, "rb")  # noqa: SIM115
        self._at, self._act, self._n = at, act, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        return self._file.seek(offset, whence)

    def tell(self):
        return self._file.tell()

    def readinto(self, buffer):
        got = self._file.read(min(len(buffer), 4096))
        self._n += len(got)
        if self._act is not None and self._n > self._at:
            act, self._act = self._act, None
            act()
        buffer[: len(got)] = got
        return len(got)

    def close(self):
        self._file.close()
        super().close()


@pytest.mark.sanitize
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("way", ["removed", "moved", "another"])
def test_F13_a_folder_that_vanishes(tmp_path, way, overwrite):
    """The file goes where its folder is by then; what has the folder's name now is left alone."""
    source = noise(tmp_path / "a.wav")
    place, moved = tmp_path / "place", tmp_path / "moved"
    place.mkdir()
    if overwrite:
        (place / "x.flac").write_bytes(b"old")

    def act():
        if way == "removed":
            shutil.rmtree(place)
            return
        place.rename(moved)
        if way == "another":
            place.mkdir()
            (place / "x.flac").write_bytes(b"mine")

    with Acting(source, 100_000, act) as given:
        if way == "removed":
            with pytest.raises(OSError, match="No such file") as raised:
                ps.transcode(given, place / "x.flac", overwrite=overwrite)
            assert raised.value.errno == errno.ENOENT
            assert list(listing(tmp_path)) == ["a.wav"]
            return
        ps.transcode(given, place / "x.flac", overwrite=overwrite)
    assert os.listdir(moved) == ["x.flac"]
    assert ps.info(moved / "x.flac").frames == RATE
    if way == "another":
        assert listing(place) == {"x.flac": b"mine"}


def test_a_file_that_comes_meanwhile_is_kept(tmp_path):
    source, target = noise(tmp_path / "a.wav"), tmp_path / "x.flac"
    with (
        Acting(source, 100_000, lambda: target.write_bytes(b"theirs")) as given,
        pytest.raises(FileExistsError, match=r"x\.flac"),
    ):
        ps.transcode(given, target)
    assert target.read_bytes() == b"theirs"
    assert sorted(listing(tmp_path)) == ["a.wav", "x.flac"]


# ---- Inputs --------------------------------------------------------------------------------------


@pytest.mark.sanitize
@over_ends("source")
def test_inputs_that_are_cut_or_changed_in_the_middle(source, tmp_path):
    """An error and no file, or a whole file and what is damaged is told; nothing between."""
    whole = io.BytesIO()
    kind = source.kind
    ps.write(whole, sound(24000), RATE, kind.subtype, format=kind.format)
    good = whole.getvalue()
    rng = np.random.default_rng(5)
    place = tmp_path / "place"
    place.mkdir()
    path, out = tmp_path / source.name, place / "y.flac"
    middle = len(good) // 2
    bad = {
        "cut": good[:middle],
        "hole": good[:middle] + good[middle + 100 :],
        "zeros": good[:middle] + bytes(len(good) - middle),
        "noise": good[:middle] + rng.bytes(len(good) - middle),
        "head": good[:30],
        "nothing": b"",
        **{f"flip{i}": flipped(good, rng) for i in range(6)},
    }
    for name, data in bad.items():
        path.write_bytes(data)
        for on_damage in ("ignore", "raise"):
            try:
                stats = ps.transcode(path, out, on_damage=on_damage)
            except (ps.FileFormatError, ps.LimitError, ps.ArgumentError, OSError):
                stats = None
            if stats is None:
                assert listing(place) == {}, name
                continue
            assert list(listing(place)) == ["y.flac"]
            with ps.SoundFile(out) as file:
                assert file.frames == stats.frames_encoded, name
                file.read()
                assert not file.damage
            assert on_damage == "ignore" or not stats.damage, name
            out.unlink()
        assert path.read_bytes() == data


def flipped(good, rng):
    bad = bytearray(good)
    for at in rng.integers(0, len(bad), 4):
        bad[at] ^= 1 << int(rng.integers(8))
    return bytes(bad)


@pytest.mark.sanitize
@pytest.mark.parametrize("source", ["a.wav", "a.flac", "a.mp3", "a.ogg"])
def test_H17_an_input_that_grows_or_shrinks(source, tmp_path):
    good = noise(tmp_path / source).read_bytes()
    for change in (1, -1):
        path = tmp_path / source
        path.write_bytes(good)

        def act(path=path, change=change):
            if change < 0:
                os.truncate(path, len(good) * 2 // 3)
                return
            with open(path, "ab") as file:
                file.write(good[len(good) // 2 :])

        with Acting(path, len(good) // 3, act) as given:
            try:
                stats = ps.transcode(given, tmp_path / "x.flac", on_damage="ignore")
            except (ps.FileFormatError, OSError):
                assert not (tmp_path / "x.flac").exists()
                continue
        data, _ = ps.read(tmp_path / "x.flac")
        assert len(data) == stats.frames_encoded
        assert stats.frames_encoded <= 2 * RATE
        (tmp_path / "x.flac").unlink()
        if change < 0:
            assert stats.damage or stats.frames_encoded < RATE


def fed(fd, data, piece=5000):
    """Write into a pipe from a thread, and close it."""

    def work():
        with open(fd, "wb", buffering=0) as file:
            try:
                for at in range(0, len(data), piece):
                    file.write(data[at : at + piece])
            except BrokenPipeError:
                pass

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.opus"])
@pytest.mark.parametrize("part", [1.0, 0.5, 0.001, 0.0])
def test_H18_pipes_that_end_too_early(tmp_path, name, part):
    good = noise(tmp_path / name).read_bytes()
    reading, writing = os.pipe()
    thread = fed(writing, good[: int(part * len(good))])
    try:
        stats = ps.transcode(reading, tmp_path / "x.wav", on_damage="ignore")
    except (ps.FileFormatError, OSError):
        assert part < 1
        assert sorted(listing(tmp_path)) == [name]
    else:
        assert ps.info(tmp_path / "x.wav").frames == stats.frames_encoded
        assert stats.frames_encoded >= part * RATE - RATE // 5
        assert part == 1 or stats.damage or name == "a.mp3"
    finally:
        thread.join()


@pytest.mark.parametrize("format", ["FLAC", "OPUS", "MP3", "WAV"])
def test_F9_a_pipe_that_nobody_reads_any_more(tmp_path, format):
    source = noise(tmp_path / "a.wav", 3.0)
    reading, writing = os.pipe()

    def leave():
        os.read(reading, 1000)
        os.close(reading)

    thread = threading.Thread(target=leave)
    thread.start()
    with pytest.raises(BrokenPipeError) as raised:
        ps.transcode(source, writing, format=format)
    thread.join()
    assert raised.value.errno == errno.EPIPE


# ---- The same file -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["same", "spelling", "symlink", "hard link", "proc", "descriptor"])
def test_F14_input_and_output_are_one_file(tmp_path, way, monkeypatch):
    source = noise(tmp_path / "a.flac", 0.1)
    good = source.read_bytes()
    monkeypatch.chdir(tmp_path)
    target = {
        "same": source,
        "spelling": f"../{tmp_path.name}//./a.flac",
        "symlink": Path("b.flac"),
        "hard link": Path("c.flac"),
        "proc": None,
        "descriptor": None,
    }[way]
    if way == "symlink":
        target.symlink_to(source)
    elif way == "hard link":
        target.hardlink_to(source)
    with open(source, "r+b") as opened:
        if way == "proc":
            target = f"/proc/self/fd/{opened.fileno()}"
            if not os.path.exists(target):
                pytest.skip("there is no /proc")
        elif way == "descriptor":
            target = opened
        before = sorted(os.listdir(tmp_path))
        with pytest.raises((ps.ArgumentError, FileExistsError)):
            ps.transcode(source, target, format="FLAC")
        assert source.read_bytes() == good
        try:
            ps.transcode(source, target, format="WAV", overwrite=True)
        except ps.ArgumentError:
            assert source.read_bytes() == good
        else:
            # Through another file: whole.
            assert len(ps.read(target if way != "descriptor" else source)[0]) == RATE // 10
        assert sorted(os.listdir(tmp_path)) == before
